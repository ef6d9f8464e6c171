"""What the state of a plan will take: the numbers that can be told before there is any.

The engine's layout fixes them; `mintmark inspect` measures what they come to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mintmark.define import aggregate_kind, reach_us

if TYPE_CHECKING:
    from mintmark.plan.node import Aggregate, Window
    from mintmark.plan.plan import Plan

WORD_BYTES = 8
KEY_WORDS = 8
"""Words of a key: a line of the cache that says where its events stand."""
EVENT_WORDS = 2
"""Words of a stored event beside its columns: `at` and `seq`."""
PACE_WORDS = 5
"""Words that a long key keeps for each window of a column, beside those of what it sums up."""
LONG_EVENTS = 64
"""A key with more living events than this also keeps running parts for each of its windows."""


def bytes_per_key(plan: Plan) -> tuple[tuple[int, int], ...]:
    """Return for each group the bytes that a key takes, and those of each event kept for it."""
    return tuple(
        (WORD_BYTES * KEY_WORDS, WORD_BYTES * (EVENT_WORDS + len(group.columns)))
        for group in plan.groups
    )


def horizon_us(plan: Plan, group: int) -> int | None:
    """Return how far back the windows of a group look; None is for ever."""
    reaches = [reach_us(a.window) for a in plan.aggregates if a.group == group]
    return None if None in reaches else max(reach for reach in reaches if reach is not None)


@dataclass(frozen=True)
class Kept:
    """Which events of a key its state keeps, W being the newest request's watermark less lateness.

    span_us : all that are younger than W - span_us; None is for ever, 0 none
    newest : of those at W - behind_us or before it, so many of the newest as well, 0 none, ...
    newest_us : ... unless they are older than W - newest_us; None is for ever
    ends : (column, how many): of those at W - behind_us or before it the newest that have so many
        values of the column, None for any event
    past: (column, state, parameters) of each lifetime: what is not kept is in the words of that
        state (decision 0012), rows without a column in their number alone
    """

    span_us: int | None
    newest: int
    behind_us: int
    newest_us: int | None
    ends: tuple[tuple[Any, int], ...] = ()
    past: tuple[tuple[Any, str, tuple[int, ...]], ...] = ()

    def covers(self, other: Kept) -> bool:
        """Return whether all that another keeps is kept here too."""
        if not _reaches(self.span_us, other.span_us) or not self.remembers(other):
            return False
        if not other.newest or _reaches(self.span_us, other.newest_us):
            return True
        return (
            self.newest >= other.newest
            and self.behind_us >= other.behind_us
            and _reaches(self.newest_us, other.newest_us)
            and all(
                any(column == held and count <= most for held, most in self.ends)
                for column, count in other.ends
            )
        )

    def remembers(self, other: Kept) -> bool:
        """Return whether the lifetimes of another can be told from what is kept here."""
        return self.span_us is None or all(part in self.past for part in other.past)


def kept(plan: Plan, group: int) -> Kept:
    """Return which events of a key the windows of a group need, whatever request comes next.

    A window that looks at so many of its newest events needs no other, but where an event may be
    corrected or taken back: then an older one stands in its window again, unless it is capped.
    """
    members: dict[Window, list[Aggregate]] = {}
    for aggregate in plan.aggregates:
        if aggregate.group == group:
            members.setdefault(aggregate.window, []).append(aggregate)
    leaves = _leaves(plan, group)
    found = Kept(0, 0, 0, 0)
    for window, inside in members.items():
        reach = reach_us(window)
        if window.most is not None and (window.cap is not None or not leaves):
            found = _newest(found, window, window.most, reach)
        elif reach is not None or window.last is not None:
            found = replace(found, span_us=_farther(found.span_us, reach))
        else:
            for aggregate in inside:
                found = _ever(plan, found, aggregate, leaves=leaves)
    # A past beside a lifetime that needs all events would spare none of them.
    return found if found.span_us is not None else replace(found, past=())


def _newest(found: Kept, window: Window, most: int, reach_us: int | None) -> Kept:
    return replace(
        found,
        newest=max(found.newest, most),
        behind_us=max(found.behind_us, window.offset_us + _open_right(window)),
        newest_us=_farther(found.newest_us, reach_us),
    )


def _ever(plan: Plan, found: Kept, aggregate: Aggregate, *, leaves: bool) -> Kept:
    """What an aggregate needs of a window without a beginning: mostly all, or only its newer end.

    Outcomes are told when they are old, so which values are the newest is not known before.
    """
    window, kind = aggregate.window, aggregate_kind(aggregate.kind)
    column = None if aggregate.column is None else plan.columns[aggregate.column]
    if kind.reach:
        reach = kind.reach * aggregate.params[1] + window.offset_us + _open_right(window)
        return replace(found, span_us=_farther(found.span_us, reach))
    outcome = column is not None and column.source == "outcome"
    if outcome or leaves or window.session_us is not None:
        return replace(found, span_us=None)
    if has_past(plan, aggregate):
        part = aggregate.column, kind.ever or kind.state, aggregate.params
        past = found.past if part in found.past else (*found.past, part)
        return replace(found, span_us=_farther(found.span_us, window.offset_us + 1), past=past)
    if not kind.newest:
        return replace(found, span_us=None)
    end: tuple[Any, int] = (None, 1)
    if kind.newest == "values":
        end = (aggregate.column, (*aggregate.params, 1)[0])
    found = _newest(found, window, 1, None)
    return found if end in found.ends else replace(found, ends=(*found.ends, end))


def has_past(plan: Plan, aggregate: Aggregate) -> bool:
    """Return whether an aggregate of a lifetime could go on without the events that have left.

    Its words must be of a fixed number; and either the order of the events does not matter, or
    none comes before those that have left, for the log refuses the requests' own when too late.
    """
    kind = aggregate_kind(aggregate.kind)
    if kind.form in ("group", "monoid"):
        return not kind.table
    mine = plan.groups[aggregate.group].stream == plan.request
    if kind.form == "ordered":
        return mine and (kind.fixed or not kind.table)
    return mine and kind.ever != ""


def _farther(one_us: int | None, other_us: int | None) -> int | None:
    return None if one_us is None or other_us is None else max(one_us, other_us)


def _reaches(held_us: int | None, needed_us: int | None) -> bool:
    return held_us is None or (needed_us is not None and needed_us <= held_us)


def _open_right(window: Window) -> bool:
    """Whether what stands exactly at the right edge is left out."""
    return window.edges[1] == ")" or (window.ties == "none" and not window.offset_us)


def _leaves(plan: Plan, group: int) -> bool:
    """Whether events of a group may leave again: corrected, or taken back."""
    stream = plan.groups[group].stream
    return not plan.groups[group].every and (
        plan.event(stream).get("revision") is not None
        or any(form["refers_to"] == stream and form.get("reverses") for form in plan.events)
    )
