"""What each feature takes of the memory of a key: what it adds, and what others need as well.

A plan stores things once however many features need them: the key, the times of its events, a
column, the running parts of a window. So the memory of a feature is a set of such parts, and what
it adds is those that no other feature needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mintmark.define import aggregate_kind
from mintmark.plan.memory import (
    EVENT_WORDS,
    KEY_WORDS,
    LONG_EVENTS,
    PACE_WORDS,
    WORD_BYTES,
    has_past,
)

if TYPE_CHECKING:
    from mintmark.plan.node import Aggregate
    from mintmark.plan.plan import Plan

EVENTS = 1_000
"""Events of a key, where nobody says how many."""
MOST_EVENTS = 10**10
"""The most events that sums of a plan have room for."""


@dataclass(frozen=True)
class FeatureMemory:
    """The memory of one feature, in bytes, of keys that have so many events each.

    adds_bytes : what would be free if the feature were left out of the plan
    shared_bytes : what it needs, and other features too
    tables : how many tables of different values come on top, which grow with those
    """

    name: str
    adds_bytes: int
    shared_bytes: int
    tables: int

    def form(self) -> dict[str, Any]:
        """Return the form of `mintmark plan --json`."""
        return dict(vars(self))


def feature_memory(plan: Plan, events: int = EVENTS) -> tuple[FeatureMemory, ...]:
    """Return what each feature of a plan takes where every key keeps so many events.

    Parameters
    ----------
    plan : Plan
    events : int
        Of one key in each state; a key whose state keeps its newest alone has no more than those
        (late ones left out).

    Examples
    --------
    >>> from mintmark import Entity, Event, Features, Money
    >>> from mintmark.plan import compile_plan
    >>> payment = Event("payment", id="id", at="at", keys={"card": Entity("card")},
    ...                 fields={"amount": Money("EUR")})
    >>> mean = payment["amount"].mean().by("card").over("30d")
    >>> (one,) = feature_memory(compile_plan(Features(payment, mean=mean)), events=10)
    >>> one.adds_bytes == 64 + 10 * 3 * 8
    True
    """
    needed = {output.name: _parts(plan, output.node, events) for output in plan.outputs}
    times = Counter(part for parts in needed.values() for part in parts)
    return tuple(
        FeatureMemory(
            name=name,
            adds_bytes=sum(size for part, size in parts.items() if times[part] == 1),
            shared_bytes=sum(size for part, size in parts.items() if times[part] > 1),
            tables=sum(part[0] == "window" and part[-1] for part in parts),
        )
        for name, parts in needed.items()
    )


def _parts(plan: Plan, root: int, events: int) -> dict[tuple[Any, ...], int]:
    """The parts of memory that a feature needs, with their bytes."""
    parts: dict[tuple[Any, ...], int] = {}
    for a in _aggregates(plan, root):
        kept, group = plan.kept(a.group), plan.groups[a.group]
        n = min(events, kept.newest) if kept.span_us == 0 and kept.newest else events
        parts["key", a.group] = WORD_BYTES * KEY_WORDS
        parts["times", a.group] = WORD_BYTES * EVENT_WORDS * n
        if a.column is not None:
            assert a.column in group.columns
            parts["column", a.group, a.column] = WORD_BYTES * n
        kind = aggregate_kind(a.kind)
        if kept.past and a.window.endless and has_past(plan, a):
            rows = a.column is None and kind.past == 1
            past = "past", a.group, a.column, kind.ever or kind.state, a.params
            parts[past] = 0 if rows else WORD_BYTES * kind.past
        if n > LONG_EVENTS:
            words, table = (0, False) if a.column is None and kind.words == 1 else _kept(kind)
            part = "window", a.group, a.column, a.window, words, table
            parts[part] = WORD_BYTES * (PACE_WORDS + words)
    return parts


def _kept(kind: Any) -> tuple[int, bool]:
    return kind.words, kind.table


def _aggregates(plan: Plan, root: int) -> Iterator[Aggregate]:
    stack, seen = [root], set()
    while stack:
        place = stack.pop()
        if place in seen:
            continue
        seen.add(place)
        node = plan.nodes[place]
        stack.extend(node.args)
        if node.op == "aggregate":
            assert isinstance(node.value, int)
            yield plan.aggregates[node.value]


def memory_text(plan: Plan, events: int = EVENTS) -> str:
    """Return what each feature takes as lines for people."""
    told = feature_memory(plan, events)
    width = max(len(one.name) for one in told)
    lines = [f"memory of features, in bytes, for keys that keep {events:,} events each"]
    for one in told:
        line = f"  {one.name:<{width}}  adds {one.adds_bytes:>11,}"
        line += f"   shares {one.shared_bytes:>11,}" if one.shared_bytes else ""
        line += "   and a table of different values" if one.tables else ""
        lines.append(line)
    return "\n".join(lines)
