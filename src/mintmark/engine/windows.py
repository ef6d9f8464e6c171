"""The groups of a plan as int64 tables: which windows a key has, and what each window reads.

Aggregates of one group with the same window share its two searches; those over one column whose
states extend each other share a view, and so one pass over its values; each then has a reader.
The layout is `engine.layout`, the reader of the tables `engine.step`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import numpy as np

from mintmark.define import aggregate_kind
from mintmark.engine import layout as L
from mintmark.engine.sentinel import NULL
from mintmark.engine.shape import scale_of
from mintmark.plan import has_past, zone_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.kernel import Kernel
    from mintmark.engine.units import Reading
    from mintmark.plan import Aggregate, Plan, Window
    from mintmark.plan.memory import Kept

CALENDARS = {"day": 1, "week": 2, "month": 3, "year": 4}
TICKS = 32
"""Ticks of a half-life."""


@dataclass(frozen=True)
class GroupProgram:
    """One group: whose events, by which roles, and its table; `out` is its range of registers.

    columns : rows of the stream's stored values, in the order of the block's columns;
    labels : codes of the labels that its outcome columns read;  horizon_us : how long after its
    time an event may be seen, None for ever;  every : none of its events ever leaves.
    """

    stream: str
    roles: tuple[str, ...]
    request_roles: tuple[str, ...]
    columns: tuple[int, ...]
    labels: tuple[int, ...]
    horizon_us: int | None
    table: NDArray[np.int64]
    out: tuple[int, int]
    every: bool = False

    @property
    def fields(self) -> int:
        """Words of an event."""
        return L.FIELD_COLUMNS + len(self.columns)


@dataclass
class Past:
    """What a key keeps of the events that have left, while its table is written.

    words : as they begin, the edges of a pace before those of the first view;  places : where those
    of a column, a state and its parameters stand;  first : for each of them its first view, counted
    over the group, whose unit adds to it.
    """

    words: list[int] = field(default_factory=lambda: [0] * L.PACE_WORDS)
    places: dict[tuple[int, str, int, int], int] = field(default_factory=dict)
    first: list[int] = field(default_factory=list)

    def place(self, view: int, part: tuple[int, str, int, int], zero: Sequence[int]) -> int:
        """Return where the words of a view stand, those of an earlier one like it if there is."""
        if part not in self.places:
            self.places[part] = len(self.words)
            self.first.append(view)
            self.words += zero
        return self.places[part]


@dataclass
class _Draft:
    """The table of one group while it is written."""

    plan: Plan
    kernel: Kernel
    columns: Sequence[int]
    words: list[int] = field(default_factory=list)
    pace: int = 0
    scratch: bool = False
    fars: list[tuple[int, int, int, int]] = field(default_factory=list)
    past: Past | None = None
    views: int = 0

    def append(self, records: Iterable[Sequence[int]]) -> int:
        """Write records one after another; return where the first one stands."""
        start = len(self.words)
        for record in records:
            self.words += record
        return start


def register_places(plan: Plan) -> dict[int, int]:
    """Return the register of each aggregate: those of one group stand side by side."""
    order = sorted(range(len(plan.aggregates)), key=lambda i: (plan.aggregates[i].group, i))
    return {aggregate: place for place, aggregate in enumerate(order)}


def lower_groups(
    plan: Plan, kernel: Kernel, labels: Mapping[str, int], lateness_us: int
) -> tuple[GroupProgram, ...]:
    """Return the groups with the tables that the compiled fold reads.

    labels : code of each label that an outcome column may name.

    Raises
    ------
    EngineError
        `engine.plan.unknown_aggregate` for a kind that this version does not have.
    """
    groups = []
    first = 0
    for index, group in enumerate(plan.groups):
        members = [i for i, a in enumerate(plan.aggregates) if a.group == index]
        draft = _Draft(plan, kernel, group.columns)
        rows = column_rows(plan, group.stream)
        told = [plan.columns[c].label for c in group.columns]
        codes = [-1 if label is None else labels[label] for label in told]
        table, horizon_us = _table(draft, index, members, codes, lateness_us)
        groups.append(
            GroupProgram(
                stream=group.stream,
                roles=tuple(group.roles),
                request_roles=tuple(group.request_roles or group.roles),
                columns=tuple(rows[c] for c in group.columns),
                labels=tuple(sorted({code for code in codes if code >= 0})),
                horizon_us=horizon_us,
                table=table,
                out=(first, first + len(members)),
                every=group.every,
            )
        )
        first += len(members)
    return tuple(groups)


def column_rows(plan: Plan, stream: str) -> dict[int, int]:
    """Return, for each column of a stream, its row among the values stored with an event."""
    mine = [i for i, column in enumerate(plan.columns) if column.stream == stream]
    return {column: row for row, column in enumerate(mine)}


def _table(
    draft: _Draft, group: int, members: Sequence[int], codes: Sequence[int], lateness_us: int
) -> tuple[NDArray[np.int64], int | None]:
    """The table of a group, and how long its events may be seen."""
    draft.append([[0] * L.GROUP_SIZE])
    windows = _windows(draft.plan, members)
    kept = draft.plan.kept(group)
    draft.past = Past() if kept.past else None
    view_records: list[list[list[int]]] = []
    for window, inside in windows.items():
        if window.span_us is not None or window.calendar is not None:
            draft.fars.append((L.FAR_EVENT, draft.pace + L.PACE_LOW, -1, 1))
        view_records.append(_views(draft, window, inside))
    views_at = draft.append([record for records in view_records for record in records])
    records = []
    place = views_at
    for window, views in zip(windows, view_records, strict=True):
        records.append([*_window(draft, window), len(views), place])
        place += len(views) * L.VIEW_SIZE
    windows_at = draft.append(records)
    slots_at = draft.append([[slot, code] for slot, code in enumerate(codes)])
    pace = 1
    while pace < draft.pace:
        pace *= 2
    fars_at = draft.append(draft.fars)
    horizons = _horizons(kept, lateness_us)
    ends = [(_field(draft, column), count) for column, count in kept.ends]
    past, past_at, pasts, pasts_at = _past(draft, views_at)
    draft.words[: L.GROUP_SIZE] = [
        len(codes), len(windows), windows_at, slots_at, *horizons[:4],
        pace if draft.pace else 0, int(draft.scratch), sum(map(len, view_records)), views_at,
        len(members), len(ends), draft.append(ends),
        draft.pace, len(draft.fars), fars_at, past, past_at, pasts, pasts_at,
        int(bool(kept.past or kept.newest)),
    ]  # fmt: skip
    return np.array(draft.words, dtype=np.int64), horizons[4]


def _past(draft: _Draft, views_at: int) -> tuple[int, int, int, int]:
    """Write how the past of a key begins, and the views that add to it."""
    if draft.past is None or not draft.past.first:
        return 0, 0, 0, 0
    words = draft.past.words
    size = 1 << (len(words) - 1).bit_length()
    begins = draft.append([[*words, *[0] * (size - len(words))]])
    views = [[views_at + view * L.VIEW_SIZE] for view in draft.past.first]
    return size, begins, len(views), draft.append(views)


def _field(draft: _Draft, column: int | None) -> int:
    """The field of a block in which a column stands; that of the times without one."""
    return L.FIELD_AT if column is None else L.FIELD_COLUMNS + list(draft.columns).index(column)


def _windows(plan: Plan, members: Sequence[int]) -> dict[Window, list[int]]:
    """Aggregates by their window, in the order in which windows appear."""
    windows: dict[Window, list[int]] = {}
    for i in members:
        windows.setdefault(plan.aggregates[i].window, []).append(i)
    return windows


def _open_right(window: Window) -> bool:
    """Whether what stands exactly at the right edge is left out."""
    return window.edges[1] == ")" or (window.ties == "none" and not window.offset_us)


def _horizons(kept: Kept, lateness_us: int) -> tuple[int, int, int, int, int | None]:
    """Horizon by time, newest events kept, their line and their horizon, and all of it.

    How long after its time an event can still be seen by a request that is not too late.
    """
    if kept.span_us is None:
        return L.FOREVER, 0, 0, L.FOREVER, None
    horizon = kept.span_us + lateness_us if kept.span_us else NULL
    if not kept.newest:
        return horizon, 0, 0, NULL, horizon
    line = kept.behind_us + lateness_us
    if kept.newest_us is None:
        return horizon, kept.newest, line, L.FOREVER, None
    age = kept.newest_us + lateness_us
    return horizon, kept.newest, line, age, max(horizon, age)


def _window(draft: _Draft, window: Window) -> list[int]:
    """The record of a window, but for its views."""
    zone_at = count = 0
    if window.calendar is not None:
        times, offsets = zone_table(str(window.zone))
        pairs = list(zip(times, offsets, strict=True))
        zone_at, count = draft.append(pairs), len(pairs)
    return [
        L.FOREVER if window.span_us is None else window.span_us,
        window.offset_us,
        int(window.edges[0] == "["),
        int(_open_right(window)),
        int(window.ties == "none"),
        int(window.include_current),
        window.most or 0,
        CALENDARS[window.calendar] if window.calendar else 0,
        zone_at,
        count,
        window.session_us or 0,
    ]


def _views(draft: _Draft, window: Window, members: Sequence[int]) -> list[list[int]]:
    """The records of a window's views, their readers written before them."""
    readings = {i: draft.kernel.reading(draft.plan.aggregates[i].kind) for i in members}
    views: dict[tuple[int | None, str, tuple[int, ...]], list[int]] = {}
    for i in members:
        aggregate = draft.plan.aggregates[i]
        state = _state(draft, readings[i], aggregate)
        uses = draft.kernel.state(state).uses
        params = aggregate.params if {"a", "b", "weights"} & uses else ()
        views.setdefault((aggregate.column, state, params), []).append(i)
    return [
        _view(draft, window, state, inside, readings)
        for state, inside in _joined(draft.kernel, views)
    ]


def _state(draft: _Draft, reading: Reading, aggregate: Aggregate) -> str:
    """The state that an aggregate reads; of events alone, how many is the distance of the edges."""
    ever = draft.past is not None and aggregate.window.endless
    if aggregate.column is None and reading.state == "powers0":
        return "rows_ever" if ever else "rows"
    return (aggregate_kind(aggregate.kind).ever if ever else "") or reading.state


def _joined(
    kernel: Kernel, views: Mapping[tuple[int | None, str, tuple[int, ...]], list[int]]
) -> list[tuple[str, list[int]]]:
    """Views of one column whose states extend each other, as one view of the richest state."""
    joined: list[tuple[tuple[int | None, tuple[int, ...]], str, list[int]]] = []
    for (column, state, params), members in views.items():
        for place, (key, other, inside) in enumerate(joined):
            one = kernel.one_state((state, other))
            if key == (column, params) and one is not None:
                joined[place] = (key, one, [*inside, *members])
                break
        else:
            joined.append(((column, params), state, list(members)))
    return [(state, members) for _, state, members in joined]


def _view(
    draft: _Draft,
    window: Window,
    name: str,
    members: Sequence[int],
    readings: Mapping[int, Reading],
) -> list[int]:
    """Write the readers of a view; return its record."""
    plan, kernel = draft.plan, draft.kernel
    head, state = plan.aggregates[members[0]], kernel.state(name)
    column = None if head.column is None else plan.columns[head.column]
    scale = 0 if column is None else scale_of(column)
    readers_at = draft.append(
        [_reader(draft, readings[i], name, plan.aggregates[i], scale, i) for i in members]
    )
    a, b = (*head.params, 1, 1)[:2] if "a" in state.uses or "b" in state.uses else (1, 1)
    weights = _weights() if state.weights else []
    pace, table_at, settled_at = draft.pace, 0, 0
    draft.scratch |= state.table
    slot = -1 if head.column is None else list(draft.columns).index(head.column)
    past = 0
    if draft.past is not None and window.endless and has_past(plan, head) and state.form != "look":
        past = draft.past.place(draft.views, (slot, name, a, b), state.zero)
    draft.views += 1
    settles = -1 if column is None or column.settles_us is None else column.settles_us
    otherwise = NULL if column is None or column.otherwise is None else column.otherwise
    again = state.form in ("look", "ordered", "follow") or (settles >= 0 and state.form != "group")
    again |= settles >= 0 and state.table
    # Of a look its edges alone, so that the next search begins there.
    draft.pace += L.PACE_WORDS + (0 if state.form == "look" else state.kept)
    if state.table:
        table_at = draft.pace - pace
        draft.pace += 2
    elif settles >= 0 and state.form == "group":
        settled_at = draft.pace - pace
        draft.pace += 1
    if state.far:
        draft.fars.append((state.far, pace + table_at, slot, b))
    coded = column is not None and column.kind == "category"
    return [
        kernel.state_unit(name),
        L.FIELD_AT if slot < 0 else L.FIELD_COLUMNS + slot,
        slot, settles, otherwise, a, b, len(state.words), pace, table_at, int(again),
        draft.append([weights]), len(weights), int(coded), 0, len(members), readers_at,
        settled_at, past, kernel.state_unit(name, many=True),
    ]  # fmt: skip


def _reader(
    draft: _Draft, reading: Reading, state: str, aggregate: Aggregate, scale: int, index: int
) -> list[int]:
    """The record of one reader."""
    if state == aggregate_kind(aggregate.kind).ever:
        # Its words come first there under other names.
        state = reading.state
    unit = struct.unpack("<q", struct.pack("<d", 10.0**scale))[0]
    a, b = (*aggregate.params, 1, 1)[:2]
    place = register_places(draft.plan)[index]
    first = min(
        register_places(draft.plan)[i]
        for i, other in enumerate(draft.plan.aggregates)
        if other.group == aggregate.group
    )
    return [draft.kernel.reader_unit(reading, state), place - first, unit, a, b]


def _weights() -> list[int]:
    """Weights of 0 to 31 ticks of 1/32 half-life, in units of 2**-32, each rounded once.

    Sixty digits of decimal arithmetic, which rounds alike on every machine.
    """
    with localcontext() as context:
        context.prec = 60
        return [round(Decimal(2) ** (32 - Decimal(r) / TICKS)) for r in range(TICKS)]
