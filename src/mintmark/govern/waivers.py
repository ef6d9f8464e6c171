"""Waivers: a named person answers, in writing, for a gate that could not be judged.

A waiver lifts one thing only: a gate by group that holds because there are no groups, or too few
cases in one. It lifts no figure that says no, and no comparison that the data cannot decide.
"""

from collections.abc import Iterable, Mapping

from mintmark.define.gates import Bound, Waiver
from mintmark.govern.verdict import Waived
from mintmark.ground import GovernError, format_time, parse_time


def check_waivers(
    waivers: Iterable[Waiver], bounds: Mapping[str, Bound], *, at: int
) -> dict[str, Waived]:
    """Return the waivers by gate, each dated on a day that has come.

    Parameters
    ----------
    waivers : iterable of Waiver
        As declared with the gates.
    bounds : mapping
        The gates by metric.
    at : int
        µs UTC, now.

    Raises
    ------
    GovernError
        ``govern.waiver.unknown_gate``, ``.not_waivable``, ``.twice``, ``.future``.
    """
    found: dict[str, Waived] = {}
    for waiver in waivers:
        where = waiver.place.at(f"$.gates.waivers.{waiver.gate}")
        _check_gate(waiver, bounds, where)
        if waiver.gate in found:
            raise _refused(where, "a gate is waived twice", waiver.gate, "one waiver", "twice")
        if parse_time(waiver.date, zone="UTC") > at:
            want = f"{format_time(at)} or before"
            raise _refused(where, "a waiver is dated in the future", waiver.date, want, "future")
        found[waiver.gate] = Waived(waiver.owner, waiver.reason, waiver.date, "")
    return found


def _check_gate(waiver: Waiver, bounds: Mapping[str, Bound], where: str) -> None:
    """Refuse a waiver for a gate that is not declared, or that no one may waive."""
    bound = bounds.get(waiver.gate)
    if bound is None:
        got, want = waiver.gate, " ".join(bounds)
        raise _refused(where, "a waiver names no declared gate", got, want, "unknown_gate")
    if not bound.by:
        what = "a waiver is for a gate by group, which may lack its groups; this one has none"
        want = " ".join(name for name, b in bounds.items() if b.by) or "no waiver"
        raise _refused(where, what, waiver.gate, want, "not_waivable")


def _refused(where: str, what: str, got: str, want: str, code: str) -> GovernError:
    return GovernError(what, at=where, got=got, want=want, code=f"govern.waiver.{code}")
