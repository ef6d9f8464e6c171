"""The groups of a plan as one int64 table: which windows a key has, and what each window reads.

Aggregates of one group with equal (offset, span, include_current) share a window, and so its two
searches; those of one window over one column share a view, and so one pass over its values.
The layout is `engine.layout`, the reader `engine.step`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.aggregates import CODES, NEEDS
from mintmark.engine.sentinel import NULL
from mintmark.engine.shape import scale_of
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.plan import Aggregate, Plan


@dataclass(frozen=True)
class GroupProgram:
    """One group: whose events, by which roles; `out` is its range of aggregate registers."""

    stream: str
    roles: tuple[str, ...]
    columns: int
    windows: int
    horizon_us: int
    labels: tuple[int, ...]
    out: tuple[int, int]


def register_places(plan: Plan) -> dict[int, int]:
    """Return the register of each aggregate: those of one group stand side by side."""
    order = sorted(range(len(plan.aggregates)), key=lambda i: (plan.aggregates[i].group, i))
    return {index: place for place, index in enumerate(order)}


def lower_groups(
    plan: Plan, labels: Mapping[str, int], lateness_us: int
) -> tuple[tuple[GroupProgram, ...], NDArray[np.int64]]:
    """Return the groups and the table that the compiled fold reads.

    labels : code of each label that an outcome column may name.

    Raises
    ------
    EngineError
        `engine.plan.unknown_aggregate` for a kind that this version does not have.
    """
    places = register_places(plan)
    table = [len(plan.groups)] + [0] * len(plan.groups)
    groups = []
    first = 0
    for index, group in enumerate(plan.groups):
        members = [i for i, a in enumerate(plan.aggregates) if a.group == index]
        windows = _windows(plan, members)
        slots = [_slot(plan, column, labels) for column in group.columns]
        horizon_us = _horizon([plan.aggregates[i] for i in members], lateness_us)
        windows_at = _append(table, [_window(plan, table, w, places) for w in windows])
        slots_at = _append(table, slots)
        scratch = int(any(plan.aggregates[i].kind == "distinct" for i in members))
        table[1 + index] = _append(
            table, [[len(slots), len(windows), horizon_us, scratch, slots_at, windows_at]]
        )
        groups.append(
            GroupProgram(
                stream=group.stream,
                roles=tuple(group.roles),
                columns=len(slots),
                windows=len(windows),
                horizon_us=horizon_us,
                labels=tuple(sorted({label for _, label in slots if label >= 0})),
                out=(first, first + len(members)),
            )
        )
        first += len(members)
    return tuple(groups), np.array(table, dtype=np.int64)


def column_rows(plan: Plan, stream: str) -> dict[int, int]:
    """Return, for each column of a stream, its row among the values stored with an event."""
    mine = [i for i, column in enumerate(plan.columns) if column.stream == stream]
    return {column: row for row, column in enumerate(mine)}


def _append(table: list[int], records: Iterable[Sequence[int]]) -> int:
    """Write records one after another; return where the first one stands."""
    words = [word for record in records for word in record]
    table += words
    return len(table) - len(words)


def _slot(plan: Plan, column: int, labels: Mapping[str, int]) -> list[int]:
    label = plan.columns[column].label
    row = column_rows(plan, plan.columns[column].stream)[column]
    return [row, -1 if label is None else labels[label]]


def _horizon(members: Sequence[Aggregate], lateness_us: int) -> int:
    """How long after its time an event can still be seen by a request that is not too late."""
    reach_us = 0
    for aggregate in members:
        if aggregate.span_us is None:
            return L.FOREVER
        reach_us = max(reach_us, aggregate.span_us + aggregate.offset_us)
    return reach_us + lateness_us


def _windows(plan: Plan, members: Sequence[int]) -> list[list[int]]:
    """Indices of aggregates, a list for each window, in the order in which windows appear."""
    windows: dict[tuple[int, int | None, bool], list[int]] = {}
    for i in members:
        a = plan.aggregates[i]
        windows.setdefault((a.offset_us, a.span_us, a.include_current), []).append(i)
    return list(windows.values())


def _window(
    plan: Plan, table: list[int], members: Sequence[int], places: Mapping[int, int]
) -> list[int]:
    """Write the views of a window; return its record."""
    views: dict[int | None, list[int]] = {}
    for i in members:
        views.setdefault(plan.aggregates[i].column, []).append(i)
    records = [_view(plan, table, view, places) for view in views.values()]
    head = plan.aggregates[members[0]]
    span_us = L.FOREVER if head.span_us is None else head.span_us
    return [head.offset_us, span_us, int(head.include_current), len(views), _append(table, records)]


def _view(
    plan: Plan, table: list[int], members: Sequence[int], places: Mapping[int, int]
) -> list[int]:
    """Write the aggregates of a view; return its record."""
    head = plan.aggregates[members[0]]
    members = sorted(members, key=lambda i: plan.aggregates[i].kind not in NEEDS)
    kinds = [plan.aggregates[i].kind for i in members]
    for kind in kinds:
        if kind not in CODES:
            raise EngineError(
                f'this version has no aggregate "{kind}"',
                want="one of " + ", ".join(CODES),
                hint="make the plan again with this version",
                code="engine.plan.unknown_aggregate",
            )
    powers = max(NEEDS.get(kind, -1) for kind in kinds)
    counts = [sum(kind in NEEDS for kind in kinds), len(kinds)]
    if head.column is None:
        records = [[CODES[kind], places[i], 0] for kind, i in zip(kinds, members, strict=True)]
        return [-1, -1, NULL, powers, *counts, _append(table, records)]
    column = plan.columns[head.column]
    slot = plan.groups[head.group].columns.index(head.column)
    records = [
        [CODES[kind], places[i], scale_of(column)] for kind, i in zip(kinds, members, strict=True)
    ]
    settles_us = -1 if column.settles_us is None else column.settles_us
    otherwise = NULL if column.otherwise is None else column.otherwise
    return [slot, settles_us, otherwise, powers, *counts, _append(table, records)]
