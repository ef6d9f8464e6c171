"""The compiled fold: one function that inserts, amends and reads, for replay and live alike.

Replay hands it the operations of history key by key; live hands it those of one event.  There is no
other code that computes an aggregate.  Tables are those of `engine.layout`.  Compiled; imported
only by the kernel.

    at:    ....e1...e2..e2'....r            events of one key, sorted by (at, seq)
                (lo      hi]   ^ itself     a window with an offset
                (lo             hi) ^       a window without one: r is the newest of its equals
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine import moments
from mintmark.engine.aggregates import CODES, distinct, last, since_last, std
from mintmark.engine.aggregates import count as count_
from mintmark.engine.aggregates import max as max_
from mintmark.engine.aggregates import mean as mean_
from mintmark.engine.aggregates import min as min_
from mintmark.engine.aggregates import sum as sum_
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL

_POW10 = np.array([10.0**k for k in range(23)])
_COUNT, _SUM, _MEAN, _STD = CODES["count"], CODES["sum"], CODES["mean"], CODES["std"]
_MIN, _MAX, _LAST = CODES["min"], CODES["max"], CODES["last"]
_DISTINCT, _SINCE = CODES["distinct"], CODES["since_last"]


@quick
def upper(ats, low, high, x, hint):
    """The first place in [low, high) whose time is after x, galloping from `hint`."""
    hint = min(max(hint, low), high)
    jump = 1
    if hint < high and ats[hint] <= x:
        a = hint + 1
        while a + jump < high and ats[a + jump] <= x:
            a += jump + 1
            jump += jump
        b = min(a + jump, high)
    else:
        b = hint
        while b - jump >= low and ats[b - jump] > x:
            b -= jump
            jump += jump
        a = max(b - jump, low)
    while a < b:
        m = (a + b) >> 1
        if ats[m] <= x:
            a = m + 1
        else:
            b = m
    return a


@quick
def measure(column, settled, otherwise, powers, parts):
    """Fill `parts` with n, high, low, q0, q1, q2, q3 of a window, as far as `powers` asks."""
    # A literal would compile every scan once more.
    null = np.int64(NULL)
    old = column[:settled]
    new = column[settled:]
    if powers == 0:
        parts[0] = moments.count_values(new, null)
        if settled:
            parts[0] += moments.count_values(old, otherwise)
        return
    parts[0], parts[1], parts[2] = moments.first_moment(new, null)
    if settled:
        n, high, low = moments.first_moment(old, otherwise)
        parts[0] += n
        parts[1] += high
        parts[2] += low
    if powers == 2:
        parts[3], parts[4], parts[5], parts[6] = moments.second_moment(new, null)
        if settled:
            q0, q1, q2, q3 = moments.second_moment(old, otherwise)
            parts[3] += q0
            parts[4] += q1
            parts[5] += q2
            parts[6] += q3


@quick
def read_rows(program, view_at, ats, at_request, row_out, out_first):
    """The aggregates of a window's events themselves: how many, and how long ago the newest."""
    a = program[view_at + L.VIEW_AGGREGATES_AT]
    for _ in range(program[view_at + L.VIEW_AGGREGATES]):
        value = np.nan
        if program[a + L.AGGREGATE_KIND] == _COUNT:
            value = count_.read(ats.size)
        elif ats.size:
            value = since_last.read(at_request, ats[ats.size - 1])
        row_out[program[a + L.AGGREGATE_OUT] - out_first] = value
        a += L.AGGREGATE_SIZE


@quick
def read_view(program, view_at, column, ats, at_request, scratch, parts, row_out, out_first):
    """All aggregates of one view: `column` and `ats` hold exactly the events of the window."""
    settles = program[view_at + L.VIEW_SETTLES]
    otherwise = program[view_at + L.VIEW_OTHERWISE]
    settled = 0
    if settles >= 0 and ats.size > 0:
        settled = upper(ats, np.int64(0), ats.size, at_request - settles, ats.size)
    powers = program[view_at + L.VIEW_POWERS]
    if powers >= 0:
        measure(column, settled, otherwise, powers, parts)
    a = program[view_at + L.VIEW_AGGREGATES_AT]
    for _ in range(program[view_at + L.VIEW_ADDITIVE]):
        kind = program[a + L.AGGREGATE_KIND]
        unit = _POW10[np.uint64(program[a + L.AGGREGATE_SCALE])]
        if kind == _COUNT:
            value = count_.read(parts[0])
        elif kind == _SUM:
            value = sum_.read(parts[1], parts[2], unit)
        elif kind == _MEAN:
            value = mean_.read(parts[0], parts[1], parts[2], unit)
        else:
            value = std.read(
                parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], unit
            )
        row_out[program[a + L.AGGREGATE_OUT] - out_first] = value
        a += L.AGGREGATE_SIZE
    for _ in range(program[view_at + L.VIEW_AGGREGATES] - program[view_at + L.VIEW_ADDITIVE]):
        kind = program[a + L.AGGREGATE_KIND]
        unit = _POW10[np.uint64(program[a + L.AGGREGATE_SCALE])]
        if kind == _MIN:
            value = min_.read(column, settled, otherwise, unit)
        elif kind == _MAX:
            value = max_.read(column, settled, otherwise, unit)
        elif kind == _LAST:
            value = last.read(column, settled, otherwise, unit)
        elif kind == _DISTINCT:
            value = distinct.read(column, settled, otherwise, scratch)
        else:
            place = since_last.newest(column, settled, otherwise)
            value = np.nan
            if place >= 0:
                value = since_last.read(at_request, ats[place])
        row_out[program[a + L.AGGREGATE_OUT] - out_first] = value
        a += L.AGGREGATE_SIZE


@quick
def read(program, group_at, heap, key, at_request, own, scratch, parts, row_out, out_first):
    """Every window of one key as the request sees it; `own` is the request's place, or -1."""
    start = key[L.KEY_START]
    capacity = key[L.KEY_CAPACITY]
    head = key[L.KEY_HEAD]
    end = key[L.KEY_END]
    ats = heap[start : start + capacity]
    windows_at = program[group_at + L.GROUP_WINDOWS_AT]
    for w in range(program[group_at + L.GROUP_WINDOWS]):
        window = windows_at + w * L.WINDOW_SIZE
        offset = program[window + L.WINDOW_OFFSET]
        span = program[window + L.WINDOW_SPAN]
        hint = L.KEY_HINTS + 2 * w
        if own >= 0 and offset == 0:
            high = own + program[window + L.WINDOW_CURRENT]
        else:
            high = upper(ats, head, end, at_request - offset, key[hint + 1])
        low = head
        if span != L.FOREVER:
            low = upper(ats, head, high, at_request - offset - span, key[hint])
        key[hint] = low
        key[hint + 1] = high
        views_at = program[window + L.WINDOW_VIEWS_AT]
        for v in range(program[window + L.WINDOW_VIEWS]):
            view = views_at + v * L.VIEW_SIZE
            slot = program[view + L.VIEW_SLOT]
            if slot < 0:
                read_rows(program, view, ats[low:high], at_request, row_out, out_first)
                continue
            base = start + (L.FIELD_COLUMNS + slot) * capacity
            read_view(
                program, view, heap[base + low : base + high], ats[low:high], at_request,
                scratch, parts, row_out, out_first,
            )  # fmt: skip


@quick
def _size_class(capacity):
    """The greatest k with 2**k <= capacity."""
    k = 0
    while (2 << k) <= capacity:
        k += 1
    return k


@quick
def _forget(program, group_at, heap, key, watermark):
    """Move the head past the events that no later request can see."""
    horizon = program[group_at + L.GROUP_HORIZON]
    if horizon == L.FOREVER or watermark == NULL:
        return
    start = key[L.KEY_START]
    ats = heap[start : start + key[L.KEY_CAPACITY]]
    head = key[L.KEY_HEAD]
    key[L.KEY_HEAD] = upper(ats, head, key[L.KEY_END], watermark - horizon, head)


@quick
def _move(fields, heap, key, start, capacity):
    """Move the living events of a key to the front of the block at `start`."""
    old_start = key[L.KEY_START]
    old_capacity = key[L.KEY_CAPACITY]
    head = key[L.KEY_HEAD]
    count = key[L.KEY_END] - head
    for f in range(fields):
        source = old_start + f * old_capacity + head
        target = start + f * capacity
        for i in range(count):
            heap[target + i] = heap[source + i]
    key[L.KEY_START] = start
    key[L.KEY_CAPACITY] = capacity
    key[L.KEY_HEAD] = 0
    key[L.KEY_END] = count


@quick
def make_room(program, group, group_at, heap, free, meta, key):
    """Let the full block of a key take one more event; NEED_HEAP, nothing moved, if it cannot."""
    _forget(program, group_at, heap, key, meta[L.META_WATERMARK])
    fields = L.FIELD_COLUMNS + program[group_at + L.GROUP_COLUMNS]
    capacity = key[L.KEY_CAPACITY]
    living = key[L.KEY_END] - key[L.KEY_HEAD]
    if capacity > 0 and living <= capacity - max(capacity >> 2, 1):
        _move(fields, heap, key, key[L.KEY_START], capacity)
        return L.DONE
    k = 2
    while (1 << k) <= living + (living >> 2):
        k += 1
    size = 1 << k
    start = free[group, k]
    if start != 0:
        free[group, k] = heap[start]
    else:
        start = meta[L.META_USED]
        if start + fields * size > heap.size:
            return L.NEED_HEAP
        meta[L.META_USED] = start + fields * size
    old_start = key[L.KEY_START]
    _move(fields, heap, key, start, size)
    if capacity > 0:
        k = _size_class(capacity)
        heap[old_start] = free[group, k]
        free[group, k] = old_start
    return L.DONE


@quick
def insert(program, group_at, heap, key, at, seq, values, source):
    """Put an event at its place by (at, seq), seq being the greatest so far; returns the place."""
    start = key[L.KEY_START]
    capacity = key[L.KEY_CAPACITY]
    head = key[L.KEY_HEAD]
    end = key[L.KEY_END]
    columns = program[group_at + L.GROUP_COLUMNS]
    slots_at = program[group_at + L.GROUP_SLOTS_AT]
    ats = heap[start : start + capacity]
    place = end
    if end > head and ats[end - 1] > at:
        place = upper(ats, head, end, at, end - 1)
        for f in range(L.FIELD_COLUMNS + columns):
            base = start + f * capacity
            for i in range(end - place):
                heap[base + end - i] = heap[base + end - i - 1]
    ats[place] = at
    heap[start + L.FIELD_SEQ * capacity + place] = seq
    for c in range(columns):
        column = program[slots_at + c * L.SLOT_SIZE + L.SLOT_SOURCE]
        heap[start + (L.FIELD_COLUMNS + c) * capacity + place] = values[column, source]
    key[L.KEY_END] = end + 1
    return place


@quick
def amend(program, group_at, heap, key, target):
    """Write a label's value into the outcome columns of the event at (at, seq), if it is kept."""
    start = key[L.KEY_START]
    capacity = key[L.KEY_CAPACITY]
    end = key[L.KEY_END]
    head = key[L.KEY_HEAD]
    at = target[L.AMEND_AT]
    ats = heap[start : start + capacity]
    seqs = heap[start + L.FIELD_SEQ * capacity : start + (L.FIELD_SEQ + 1) * capacity]
    place = upper(ats, head, end, at - 1, end)
    while place < end and ats[place] == at and seqs[place] != target[L.AMEND_SEQ]:
        place += 1
    if place == end or ats[place] != at:
        return
    slots_at = program[group_at + L.GROUP_SLOTS_AT]
    for c in range(program[group_at + L.GROUP_COLUMNS]):
        if program[slots_at + c * L.SLOT_SIZE + L.SLOT_LABEL] == target[L.AMEND_LABEL]:
            cell = start + (L.FIELD_COLUMNS + c) * capacity + place
            if heap[cell] != MASKED:
                heap[cell] = target[L.AMEND_VALUE]


@quick
def fold(
    program, heap, keys, free, meta, scratch, op_kind, op_group, op_key, op_source, first,
    event_at, event_seq, values, amends, request_at, out, out_first,
):  # fmt: skip
    """Apply operations first, first+1, ... in order; returns (how many are done, status).

    op_kind : int64[n], bits OP_INSERT, OP_READ, OP_AMEND;  op_group, op_key : int64[n], rows of the
    program and of `keys`;  op_source : int64[n], row of the event, of the amendment or of the
    request;  out[row, register - out_first] takes the aggregates of a read.  When the status is not
    DONE, the operation at the returned place has changed nothing and can be handed over again.
    """
    parts = scratch[: L.PARTS]
    table = scratch[L.PARTS :]
    for i in range(first, op_kind.size):
        kind = op_kind[i]
        group = op_group[i]
        source = op_source[i]
        group_at = program[1 + group]
        key = keys[op_key[i]]
        if kind & L.OP_INSERT and key[L.KEY_END] == key[L.KEY_CAPACITY]:
            status = make_room(program, group, group_at, heap, free, meta, key)
            if status != L.DONE:
                return i, status
        if kind & L.OP_READ and program[group_at + L.GROUP_SCRATCH]:
            room = distinct.room(key[L.KEY_END] + 1 - key[L.KEY_HEAD])
            if table.size < room:
                return i, L.NEED_SCRATCH
        own = -1
        if kind & L.OP_INSERT:
            own = insert(
                program, group_at, heap, key, event_at[source], event_seq[source], values, source
            )
        if kind & L.OP_READ:
            read(
                program, group_at, heap, key, request_at[source], own, table, parts, out[source],
                out_first,
            )  # fmt: skip
        if kind & L.OP_AMEND:
            amend(program, group_at, heap, key, amends[source])
    return op_kind.size, L.DONE
