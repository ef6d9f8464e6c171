"""A verdict: what the gates say of one model, as a tree of labelled results.

    REJECT  over  HOLD  over  PROMOTE      the worst gate is the verdict

REJECT: a figure is missing or says no. HOLD: what is there does not suffice to say. PROMOTE: every
gate is met, or a named person answers for the one that could not be judged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from mintmark.govern.figures import Figure
from mintmark.ground import digest, short

Result = Literal["PROMOTE", "HOLD", "REJECT"]

_ORDER: tuple[Result, ...] = ("PROMOTE", "HOLD", "REJECT")


def worst(results: Iterable[Result]) -> Result:
    """Return the gravest of some results, PROMOTE for none.

    Examples
    --------
    >>> worst(["PROMOTE", "REJECT", "HOLD"])
    'REJECT'
    """
    return max(results, key=_ORDER.index, default="PROMOTE")


@dataclass(frozen=True)
class Waived:
    """The waiver that lifted a gate: whose word stands in place of the figure.

    Attributes
    ----------
    owner, reason : str
        Who answers for it, and why.
    date : str
        When it was given, ISO 8601.
    lifted : str
        The reason for which the gate held.
    """

    owner: str
    reason: str
    date: str
    lifted: str

    def form(self) -> dict[str, str]:
        """Return the waiver as plain JSON."""
        return {
            "owner": self.owner,
            "reason": self.reason,
            "date": self.date,
            "lifted": self.lifted,
        }


@dataclass(frozen=True)
class GateResult:
    """What one gate says, or one group of it.

    Attributes
    ----------
    gate : str
        The metric; for a part of a gate, the group.
    figure : Figure
        What was measured, with its interval; its value is None where nothing was.
    bound : str
        What was asked for, such as ``>= champion`` or ``<= 3``.
    result : str
        PROMOTE, HOLD or REJECT.
    reason : str
        One sentence fragment.
    against : str, optional
        ``champion`` or ``floor``, where the figure is compared with a model's.
    difference : Figure, optional
        The paired difference to that model.
    waived : Waived, optional
        The waiver in force.
    parts : tuple of GateResult
        The groups that were looked at.
    """

    gate: str
    figure: Figure
    bound: str
    result: Result
    reason: str
    against: str | None = None
    difference: Figure | None = None
    waived: Waived | None = None
    parts: tuple["GateResult", ...] = ()

    def form(self) -> dict[str, Any]:
        """Return the result as plain JSON."""
        return {
            "gate": self.gate,
            "figure": self.figure.form(),
            "bound": self.bound,
            "result": self.result,
            "reason": self.reason,
            "against": self.against,
            "difference": self.difference.form() if self.difference else None,
            "waived": self.waived.form() if self.waived else None,
            "parts": [part.form() for part in self.parts],
        }

    def lines(self) -> list[str]:
        """Return the result as lines for people, its waiver on a loud one of its own."""
        head = f"{self.result:<8}{self.gate}  {self.figure.text()}  {self.bound}  {self.reason}"
        found = [head]
        if self.waived is not None:
            found.append(
                f"        !! WAIVED by {self.waived.owner} on {self.waived.date}: "
                f"{self.waived.reason} (would hold: {self.waived.lifted})"
            )
        for part in self.parts:
            found += [f"  {line}" for line in part.lines()]
        return found


@dataclass(frozen=True)
class Verdict:
    """What the gates together say of one model, on one evaluation.

    Attributes
    ----------
    model : str
        Digest of the model bundle that was evaluated.
    gates : tuple of GateResult
        In the order in which the gates were declared.
    gates_digest : str
        Digest of the gates as declared, so that a bound that was moved shows.
    window : mapping
        The time over which the figures were taken, as the evaluation says.
    """

    model: str
    gates: tuple[GateResult, ...]
    gates_digest: str
    window: dict[str, Any] = field(default_factory=dict)

    @property
    def result(self) -> Result:
        """The worst gate's result."""
        return worst(gate.result for gate in self.gates)

    @property
    def waived(self) -> tuple[GateResult, ...]:
        """The gates that a waiver lifted."""
        return tuple(gate for gate in self.gates if gate.waived is not None)

    @property
    def digest(self) -> str:
        """Digest of the verdict's form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the verdict as plain JSON, fit to be the body of a ledger's record."""
        return {
            "result": self.result,
            "model": self.model,
            "gates": [gate.form() for gate in self.gates],
            "gates_digest": self.gates_digest,
            "waived": [gate.gate for gate in self.waived],
            "window": self.window,
        }

    def text(self) -> str:
        """Return the verdict as lines for people."""
        loud = f"  with {len(self.waived)} gate(s) WAIVED" if self.waived else ""
        lines = [f"{self.result}  model {short(self.model)}{loud}"]
        for gate in self.gates:
            lines += [f"  {line}" for line in gate.lines()]
        return "\n".join(lines)
