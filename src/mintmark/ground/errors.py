"""Errors that teach: what, where, got, want, hint, code.

    MintmarkError
    ├── GroundError    ├── DefineError   ├── PlanError     ├── LogError
    ├── EngineError    ├── RegistryError ├── TrainError    ├── ServeError
    ├── MonitorError   ├── GovernError   ├── FlowError     ├── ProjectError
    └── Faults         several at once

An error says what kind of trouble it is, and nothing of HTTP or exit codes: those are mapped at the
doors.
"""

from collections.abc import Sequence
from typing import Any, Literal

Kind = Literal["input", "refused", "world"]


class MintmarkError(Exception):
    """Something that Mintmark refuses, said so that its reader can put it right.

    Parameters
    ----------
    what : str
        One sentence, lower case, without blame and without a full stop.
    at : str
        File and line, or a JSON path.
    got, want : object, optional
        What was found and what was wanted.
    hint : str
        What to do about it.
    code : str
        Dotted; begins with the room.
    kind : {"input", "refused", "world"}
        The user's input, a gate's no, or a failure of the world outside.
    """

    def __init__(
        self,
        what: str,
        *,
        at: str = "",
        got: object = None,
        want: object = None,
        hint: str = "",
        code: str,
        kind: Kind = "input",
    ) -> None:
        super().__init__(what)
        self.what, self.at, self.got, self.want = what, at, got, want
        self.hint, self.code = hint, code
        self.kind: Kind = kind

    def __str__(self) -> str:
        return self.render()

    def render(self) -> str:
        """Return the error as a block of lines for people."""
        lines = [f"{type(self).__name__}: {self.what}"]
        if self.at:
            lines.append(f"  at    {self.at}")
        if self.got is not None or self.want is not None:
            got = "" if self.got is None else f"got   {self.got}"
            want = "" if self.want is None else f"want  {self.want}"
            lines.append("  " + "      ".join(part for part in (got, want) if part))
        if self.hint:
            lines.append(f"  hint  {self.hint}")
        lines.append(f"  code  {self.code}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return the error as JSON values."""
        form: dict[str, Any] = {"error": type(self).__name__, "what": self.what, "code": self.code}
        for name in ("at", "got", "want", "hint"):
            value = getattr(self, name)
            if value is not None and value != "":
                form[name] = value if isinstance(value, (int, float, bool)) else str(value)
        form["kind"] = self.kind
        return form


class GroundError(MintmarkError):
    """Raised by `ground`: times, money, keys, settings and files."""


class DefineError(MintmarkError):
    """Raised by `define`: what a user wrote cannot mean anything."""


class PlanError(MintmarkError):
    """Raised by `plan`: definitions that cannot be compiled together."""


class LogError(MintmarkError):
    """Raised by `log`: sources, tables and the durable tail."""


class EngineError(MintmarkError):
    """Raised by `engine`: plans, snapshots, model files and metrics."""


class RegistryError(MintmarkError):
    """Raised by `registry`: the ledger, its database and releases."""


class TrainError(MintmarkError):
    """Raised by `train`: datasets, splits and fits."""


class ServeError(MintmarkError):
    """Raised by `serve`: the cell and its faces."""


class MonitorError(MintmarkError):
    """Raised by `monitor`: decisions that cannot be compared or explained."""


class GovernError(MintmarkError):
    """Raised by `govern`: gates and waivers that cannot be judged by."""


class FlowError(MintmarkError):
    """Raised by `flow`: step graphs."""


class ProjectError(MintmarkError):
    """Raised by `project`: folders and verbs out of order."""


class Faults(MintmarkError):
    """Several errors at once, each whole.

    Attributes
    ----------
    faults : tuple of MintmarkError
    """

    def __init__(self, faults: Sequence[MintmarkError]) -> None:
        self.faults = tuple(faults)
        kinds = {fault.kind for fault in self.faults}
        kind: Kind = "world" if "world" in kinds else "refused" if kinds == {"refused"} else "input"
        what = f"{len(self.faults)} faults" if len(self.faults) != 1 else "1 fault"
        super().__init__(what, code="ground.faults", kind=kind)

    def render(self) -> str:
        """Return every fault as its own block."""
        return "\n\n".join(fault.render() for fault in self.faults)

    def to_json(self) -> dict[str, Any]:
        """Return the faults as JSON values."""
        return super().to_json() | {"faults": [fault.to_json() for fault in self.faults]}
