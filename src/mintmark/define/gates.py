"""Gates: what a model must show before it may be released, and who waived what."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as slot
from datetime import date
from typing import Any, Literal

from mintmark.define import limit
from mintmark.define.fault import Named, guarded, refuse_pan
from mintmark.define.place import Place, user_place
from mintmark.ground import DefineError, digest

RIVALS = ("floor", "champion")


@dataclass(frozen=True)
class Bound(Named):
    """One side that a figure must stay on, made by `at_least` and `at_most`.

    `bound` is a number or "floor" or "champion"; `by` names a column whose groups are compared.
    """

    side: Literal["at_least", "at_most"]
    bound: float | str
    by: str | None = None
    place: Place = slot(default_factory=user_place, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        number = isinstance(self.bound, (int, float)) and not isinstance(self.bound, bool)
        rivals = RIVALS if self.side == "at_least" else ()
        if (number and math.isfinite(float(self.bound))) or self.bound in rivals:
            object.__setattr__(self, "bound", float(self.bound) if number else self.bound)
        else:
            raise DefineError(
                "a gate's bound cannot be this",
                at=self.place.at("$.gates"),
                got=repr(self.bound),
                want=" or ".join(["a finite number", *(f'"{rival}"' for rival in rivals)]),
                code="define.gate.bound",
            )
        if self.by is not None:
            limit.name(self.by, self.place, path="$.gates", what="a column")

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return {"side": self.side, "bound": self.bound, "by": self.by}


@guarded
def at_least(bound: float | str, *, by: str | None = None) -> Bound:
    """Return a gate that a figure passes at a bound or above it.

    Parameters
    ----------
    bound : number, "floor" or "champion"
        The figure of the floor model, or of the model in use, may stand for a number.
    by : str or None
        Column of the request whose groups the figure compares.
    """
    return Bound("at_least", bound, by)


@guarded
def at_most(bound: float, *, by: str | None = None) -> Bound:
    """Return a gate that a figure passes at a bound or below it."""
    return Bound("at_most", bound, by)


@dataclass(frozen=True)
class Waiver(Named):
    """A gate that is waived, by whom, why and on which day.

    Parameters
    ----------
    gate : str
        Name of the figure.
    owner, reason : str
        Who answers for it, and why.
    date : str or datetime.date
        ISO day on which it was waived.
    """

    gate: str
    owner: str = slot(kw_only=True)
    reason: str = slot(kw_only=True)
    date: str = slot(kw_only=True)
    place: Place = slot(default_factory=user_place, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        limit.name(self.gate, self.place, path="$.gates.waivers", what="a gate")
        for part in ("owner", "reason"):
            text = getattr(self, part)
            refuse_pan(text, self.place, path=f"$.gates.waivers.{part}")
            if not isinstance(text, str) or not text.strip():
                raise DefineError(
                    f"a waiver without {'an owner' if part == 'owner' else 'a reason'}",
                    at=self.place.at(f"$.gates.waivers.{self.gate}.{part}"),
                    got=repr(text),
                    code="define.waiver.text",
                )
        told: Any = self.date
        try:
            day = told if isinstance(told, date) else date.fromisoformat(told)
        except (ValueError, TypeError):
            raise DefineError(
                "a waiver's day cannot be read",
                at=self.place.at(f"$.gates.waivers.{self.gate}.date"),
                got=repr(told),
                want='"2018-08-01"',
                code="define.waiver.date",
            ) from None
        object.__setattr__(self, "date", day.isoformat()[:10])

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        parts = ("gate", "owner", "reason", "date")
        return {part: getattr(self, part) for part in parts}


class Gates(Named):
    """What a model must show before it is released, figure by figure; frozen.

    Parameters
    ----------
    waivers : iterable of Waiver
        Gates that do not count, with owner, reason and day.
    alerts_per_day : int
        Alerts that the reviewers can look at in a day; recall is measured at this budget.
    group_cases : int
        Fewest fraud and fewest genuine cases that a group needs to be compared.
    **gates : Bound
        `average_precision=at_least("champion")`, `latency_ms_p99=at_most(3)`.
    """

    gates: Mapping[str, Bound]
    waivers: tuple[Waiver, ...]
    alerts_per_day: int
    group_cases: int
    place: Place

    def __init__(
        self,
        *,
        waivers: Iterable[Waiver] = (),
        alerts_per_day: int = 100,
        group_cases: int = 30,
        **gates: Bound,
    ) -> None:
        place = user_place()
        limit.whole(alerts_per_day, place, path="$.gates.alerts_per_day", low=1, high=10**9)
        limit.whole(group_cases, place, path="$.gates.group_cases", low=1, high=10**9)
        for name, bound in gates.items():
            limit.instance(bound, Bound, place, path=f"$.gates.{name}")
        told = (waivers,) if isinstance(waivers, Waiver) else tuple(waivers)
        for waiver in told:
            limit.instance(waiver, Waiver, place, path="$.gates.waivers")
            if waiver.gate not in gates:
                raise DefineError(
                    "a waiver names a gate that is not there",
                    at=waiver.place.at(f"$.gates.waivers.{waiver.gate}"),
                    hint=limit.close(waiver.gate, gates),
                    code="define.waiver.gate",
                )
        self._set(gates=dict(gates), waivers=tuple(sorted(told, key=lambda w: w.gate)))
        self._set(alerts_per_day=alerts_per_day, group_cases=group_cases, place=place)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("gates are frozen")

    def __repr__(self) -> str:
        return f"<{len(self.gates)} gates>"

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return {
            "noun": "gates",
            "gates": {name: bound.form() for name, bound in self.gates.items()},
            "waivers": [waiver.form() for waiver in self.waivers],
            "alerts_per_day": self.alerts_per_day,
            "group_cases": self.group_cases,
        }

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)
