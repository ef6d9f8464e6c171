"""Which state of a running plan serves another plan too, and which is folded from the log again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from mintmark.ground import format_span
from mintmark.plan.lookups import lookup_parts, lookups_of
from mintmark.plan.meaning import column_meaning
from mintmark.plan.memory import Kept
from mintmark.plan.node import Group
from mintmark.plan.plan import Plan

LOOKS = ("id", "id_type", "at", "refers_to", "refers_by", "reverses", "revision", "lateness_us")
"""Parts of an event's form that decide which of its rows stand in a state, and where."""


@dataclass(frozen=True)
class Survival:
    """What becomes of one state of a new plan: `group` is its place in `new.groups`.

    `source` is the place of the old plan's state that is kept; a state that is backfilled has none
    and says why.
    """

    group: int
    name: str
    fate: Literal["kept", "backfilled"]
    source: int | None = None
    why: str = ""

    def text(self) -> str:
        """Return the fate of the state as one line."""
        return f"{self.name}: {self.fate}" + (f", {self.why}" if self.why else "")


def survives(old: Plan, new: Plan) -> tuple[Survival, ...]:
    """Return for each state of a new plan whether the old plan's state holds all that it needs.

    A state is kept where the old one is of the same stream and keys, stores every column that the
    new one reads, and holds events as long. All others are backfilled from the log while the old
    plan goes on serving. Nothing is said of states that the new plan no longer has.
    """
    return tuple(_survival(old, new, place) for place in range(len(new.groups)))


def _survival(old: Plan, new: Plan, place: int) -> Survival:
    group = new.groups[place]
    name = f"{group.stream} by {', '.join(group.roles)}"
    alike = [i for i, g in enumerate(old.groups) if _keys(g) == _keys(group)]
    why = "no state of these keys"
    for source in alike:
        why = _lacks(old, source, new, place)
        if not why:
            return Survival(place, name, "kept", source)
    return Survival(place, name, "backfilled", None, why)


def _keys(group: Group) -> tuple[Any, ...]:
    return group.stream, group.roles, group.every


def _lacks(old: Plan, source: int, new: Plan, place: int) -> str:
    """Return what the old state lacks for the new one; nothing where it will do."""
    stream = new.groups[place].stream
    if _looks(old, stream) != _looks(new, stream):
        return f"event {stream} is another"
    held = [column_meaning(old, old.columns[c]) for c in old.groups[source].columns]
    if any(old_form != new_form for old_form, new_form in _looked_up(old, new, place)):
        return "a table that is looked up is another"
    if any(column_meaning(new, new.columns[c]) not in held for c in new.groups[place].columns):
        return "a column is new"
    if any(old.zones.get(zone, digest) != digest for zone, digest in new.zones.items()):
        return "the clocks of a zone are others"
    if any(old.holidays.get(code, digest) != digest for code, digest in new.holidays.items()):
        return "the holidays of a country are others"
    lateness = [plan.event(plan.request)["lateness_us"] for plan in (old, new)]
    late = _shorter(*lateness)
    keeps, needs = _kept(old, source), _kept(new, place)
    if late or keeps.covers(needs):
        return late
    if keeps.past and not keeps.remembers(needs):
        return "a lifetime is new"
    if keeps.newest:
        return "fewer of its newest events were kept"
    return _shorter(keeps.span_us, _farthest(needs) if keeps.remembers(needs) else None)


def _kept(plan: Plan, group: int) -> Kept:
    """What a state keeps, its columns as both plans would say them."""
    kept = plan.kept(group)
    meant = {c: column_meaning(plan, plan.columns[c]) for c in plan.groups[group].columns}
    return replace(
        kept,
        ends=tuple((meant.get(column), count) for column, count in kept.ends),
        past=tuple((meant.get(column), state, params) for column, state, params in kept.past),
    )


def _farthest(kept: Kept) -> int | None:
    if kept.span_us is None or kept.newest_us is None:
        return None
    return max(kept.span_us, kept.newest_us)


def _looked_up(old: Plan, new: Plan, place: int) -> list[tuple[Any, Any]]:
    """The forms of the tables that both plans look up when the events of a state come."""
    names = {
        lookup_parts(name)[0]
        for name in lookups_of(new, new.groups[place].stream)
        if name in lookups_of(old, new.groups[place].stream)
    }
    return [(old.event(name), new.event(name)) for name in sorted(names)]


def _looks(plan: Plan, stream: str) -> Any:
    form = plan.event(stream)
    reversals = [e for e in plan.events if e["refers_to"] == stream and e["reverses"]]
    return form["keys"], form["fields"], [form[part] for part in LOOKS], reversals


def _shorter(held: int | None, needed: int | None) -> str:
    if held is None or (needed is not None and needed <= held):
        return ""
    told = "for ever" if needed is None else format_span(needed)
    return f"kept {format_span(held)} until now, needed {told}"
