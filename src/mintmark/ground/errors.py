"""The errors of the house: one base, one class for each room, a dotted code that never changes.

```
MintmarkError
├── GroundError  DefineError  PlanError  LogError  EngineError  RegistryError
├── TrainError   ServeError   MonitorError  GovernError  FlowError  ProjectError
└── Faults       several errors that are reported at once
```

An error is about what was given, never about who gave it. Exit codes and HTTP status are mapped at
the doors, from `kind`. Every text of an error passes through `mask`, so that an account number
that reaches an error by mistake leaves it masked.
"""

from collections.abc import Iterable
from typing import Any, Literal, NotRequired, Required, TypedDict, Unpack

from mintmark.ground.pan import mask

Kind = Literal["input", "refused", "world"]


class Parts(TypedDict):
    """The parts of an error beside its first line."""

    code: Required[str]  # dotted, begins with a room: "define.window.beyond_keep"
    at: NotRequired[str]  # where: file:line, JSON path, row
    got: NotRequired[object]  # what was found
    want: NotRequired[object]  # what would have done
    hint: NotRequired[str]  # the next thing to try
    kind: NotRequired[Kind]  # "input" (the default), "refused" by a gate, or "world"


class MintmarkError(Exception):
    """Something that Mintmark cannot do, told as what, where, got, want, hint and code.

    Parameters
    ----------
    what : str
        One line in lower case, without blame and without a full stop.
    **parts : Parts
        `code` is required; `at`, `got`, `want`, `hint` and `kind` where they help.

    Examples
    --------
    >>> error = DefineError("a span must be longer than nothing", got="0s", want="1us or more",
    ...                     code="define.span.empty")
    >>> print(error.render())
    DefineError: a span must be longer than nothing
      got   0s      want  1us or more
      code  define.span.empty
    """

    def __init__(self, what: str, **parts: Unpack[Parts]) -> None:
        self.what = mask(what)
        self.code = parts["code"]
        self.at = mask(parts.get("at", ""))
        self.got = _text(parts.get("got"))
        self.want = _text(parts.get("want"))
        self.hint = mask(parts.get("hint", ""))
        self.kind: Kind = parts.get("kind", "input")
        super().__init__(self.what)

    def __str__(self) -> str:
        return self.render()

    def render(self) -> str:
        """Return the error as the block that people read."""
        lines = [f"{type(self).__name__}: {self.what}"]
        if self.at:
            lines.append(f"  at    {self.at}")
        pair = (("got", self.got), ("want", self.want))
        told = [f"{name:<4}  {text}" for name, text in pair if text is not None]
        if told:
            lines.append("  " + "      ".join(told))
        if self.hint:
            lines.append(f"  hint  {self.hint}")
        lines.append(f"  code  {self.code}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return the error as plain values, absent parts left out."""
        parts = {
            "error": type(self).__name__,
            "what": self.what,
            "at": self.at or None,
            "got": self.got,
            "want": self.want,
            "hint": self.hint or None,
            "code": self.code,
            "kind": self.kind,
        }
        return {name: value for name, value in parts.items() if value is not None}


class GroundError(MintmarkError):
    """Time, money, a digest, a key, a setting or a file is not what it should be."""


class DefineError(MintmarkError):
    """A definition says something that cannot be meant."""


class PlanError(MintmarkError):
    """Definitions that are right one by one do not make a plan together."""


class LogError(MintmarkError):
    """An event, a source or a file of the log is not what it should be."""


class EngineError(MintmarkError):
    """A plan, a model or a policy cannot be run on what it was handed."""


class RegistryError(MintmarkError):
    """A record, a bundle or an alias is missing, altered or out of order."""


class TrainError(MintmarkError):
    """A dataset, a split or a fit cannot be made."""


class ServeError(MintmarkError):
    """A request cannot be answered, or a server cannot start."""


class MonitorError(MintmarkError):
    """Decisions and labels do not allow the figure that was asked for."""


class GovernError(MintmarkError):
    """A gate, a waiver or an approval is missing or says no."""


class FlowError(MintmarkError):
    """The steps of a run do not fit together."""


class ProjectError(MintmarkError):
    """A project folder is missing, taken or not what it should be."""


class Faults(MintmarkError):
    """Several errors, reported at once.

    Parameters
    ----------
    errors : iterable of MintmarkError
        In the order in which they should be read; never empty.
    """

    def __init__(self, errors: Iterable[MintmarkError]) -> None:
        self.errors = tuple(errors)
        assert self.errors, "Faults without an error"
        kinds = {error.kind for error in self.errors}
        kind: Kind = "world" if "world" in kinds else "refused" if kinds == {"refused"} else "input"
        count = len(self.errors)
        super().__init__(
            f"{count} fault{'s' if count > 1 else ''}", code="ground.faults", kind=kind
        )

    def render(self) -> str:
        """Return every error as its block, a blank line between them."""
        return "\n\n".join(error.render() for error in self.errors)

    def to_json(self) -> dict[str, Any]:
        """Return the errors as plain values under `errors`."""
        return super().to_json() | {"errors": [error.to_json() for error in self.errors]}


def _text(value: object) -> str | None:
    # Numbers, paths and values of all kinds come in; one masked text goes out.
    return None if value is None else mask(str(value))
