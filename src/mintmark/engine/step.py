"""The compiled fold: one function inserts, amends, removes and reads, for replay and live alike.

Replay hands it the operations of history key by key; live hands it those of one event. There is no
other code that computes an aggregate. Reads of one key that follow each other, with only events in
order between them, are answered together: the units of `engine.units` slide over the events once.
One read alone is a batch of one. Tables are those of `engine.layout`.

    operations of a key:  insert read insert read ... late insert | insert read ...
                          `------ one batch ------'  flush        `-- the next --

Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.edges import edges_of, edges_of_many, ends_alike, has_long_batches
from mintmark.engine.memory import call, numbers, word_table, words
from mintmark.engine.pages import (
    forget,
    found,
    full,
    give_block,
    give_run,
    left_of,
    line_of,
    most_words,
    place_of,
    room,
    shift_down,
    shift_up,
    shrink,
    take_run,
    upper,
    write,
)
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL

FEW = 3
"""Reads of a batch up to which a state slides from one to the next."""


@quick
def fold(address):
    """Apply operations first, first + 1, ... in order; say what is short, nothing half done.

    The context at the address says everything (`layout.FOLD_*`); FOLD_FIRST and FOLD_READS move on.
    Reads of one call are answered in their order: the n-th one writes column n of the output.
    """
    c = words(address, L.FOLD_SIZE)
    n = c[L.FOLD_OPERATIONS]
    keys = c[L.FOLD_KEYS]
    op_key = words(c[L.FOLD_KEY], n)
    i = c[L.FOLD_FIRST]
    status = L.DONE
    begin(c)
    while i < n and status == L.DONE:
        if op_key[i] < 0:
            without_key(c, i, op_key[i])
            i += 1
            continue
        c[L.FOLD_KEY_AT] = keys + 8 * L.KEY_SIZE * op_key[i]
        key = words(c[L.FOLD_KEY_AT], L.KEY_SIZE)
        last = i
        while last < n and op_key[last] == op_key[i]:
            last += 1
        c[L.FOLD_FIRST] = i
        status = fold_key(c, key, i, last)
        i = c[L.FOLD_FIRST]
        if status == L.DONE and c[L.FOLD_RELEASE]:
            release(c, key)
    if status == L.DONE:
        c[L.FOLD_FIRST] = 0
        c[L.FOLD_READS] = 0
    return status


@quick
def without_key(c, i, key):
    """Answer null to a read whose key has a null."""
    kind = words(c[L.FOLD_KIND], i + 1)[i]
    if key != L.NO_KEY or not kind & L.OP_READ:
        return
    table = words(c[L.FOLD_TABLE], c[L.FOLD_TABLE_SIZE])
    for k in range(table[L.GROUP_OUTS]):
        numbers(c[L.FOLD_OUT] + 8 * (k * c[L.FOLD_OUT_STRIDE] + c[L.FOLD_READS]), 1)[0] = np.nan
    c[L.FOLD_READS] += 1


@quick
def begin(c):
    """Write what the contexts of all units have in common."""
    temp = c[L.FOLD_TEMP]
    look = words(temp + 8 * L.TEMP_LOOK, L.LOOK_SIZE)
    look[L.LOOK_LOW] = temp + 8 * L.TEMP_LOW * L.BATCH
    look[L.LOOK_HIGH] = temp + 8 * L.TEMP_HIGH * L.BATCH
    look[L.LOOK_AT] = temp + 8 * L.TEMP_AT * L.BATCH
    look[L.LOOK_OWN] = temp + 8 * L.TEMP_OWN * L.BATCH
    look[L.LOOK_PARTS] = temp + 8 * L.TEMP_PARTS
    look[L.LOOK_HEAP] = c[L.FOLD_HEAP]
    look[L.LOOK_HEAP_SIZE] = c[L.FOLD_HEAP_SIZE]
    look[L.LOOK_SCRATCH] = c[L.FOLD_SCRATCH]
    look[L.LOOK_SCRATCH_SIZE] = c[L.FOLD_SCRATCH_SIZE]
    look[L.LOOK_TEXTS] = c[L.FOLD_TEXTS]
    look[L.LOOK_FREE] = c[L.FOLD_FREE]
    look[L.LOOK_META] = c[L.FOLD_META]
    look[L.LOOK_MODE] = L.MODE_READ


@quick
def fold_key(c, key, first, last):
    """Apply the operations of one key from `first` up to `last`."""
    heap = words(c[L.FOLD_HEAP], c[L.FOLD_HEAP_SIZE])
    table = words(c[L.FOLD_TABLE], c[L.FOLD_TABLE_SIZE])
    kinds = words(c[L.FOLD_KIND], last)
    sources = words(c[L.FOLD_SOURCE], last)
    times = words(c[L.FOLD_AT], last)
    temp = words(c[L.FOLD_TEMP], L.TEMP_SIZE)
    waiting = 0
    status = L.DONE
    i = first
    while i < last:
        kind = kinds[i]
        own = -1
        if kind & L.OP_INSERT:
            ordered = in_order(c, heap, key, i)
            if waiting and not (ordered and (table[L.GROUP_WAITS] == 0 or not full(heap, key))):
                # What comes stands among what they see, or making room for it forgets by count or
                # into the past; and answering may take room itself.
                flush(c, table, heap, key, waiting)
                waiting = 0
            status = shortage(c, table, heap, key)
            if status != L.DONE:
                break
            run = run_of(kinds, times, i, last, L.BATCH - waiting)
            if run > 1:
                run = append_run(c, table, heap, key, i, run)
            if run > 1:
                if kind & L.OP_READ:
                    waiting = wait_run(temp, times, key, i, run, waiting)
                    if waiting == L.BATCH:
                        flush(c, table, heap, key, waiting)
                        waiting = 0
                i += run
                continue
            if ordered:
                own = append(c, table, heap, key, i)
            else:
                own = insert_late(c, table, heap, key, i)
        if kind & L.OP_READ:
            temp[L.TEMP_AT * L.BATCH + waiting] = times[i]
            temp[L.TEMP_OWN * L.BATCH + waiting] = own
            temp[L.TEMP_VISIBLE * L.BATCH + waiting] = key[L.KEY_END]
            waiting += 1
            if waiting == L.BATCH:
                flush(c, table, heap, key, waiting)
                waiting = 0
        if kind & (L.OP_AMEND | L.OP_REMOVE):
            flush(c, table, heap, key, waiting)
            waiting = 0
            change(c, table, heap, key, kind, sources[i])
        if kind & L.OP_FORGET:
            status = shortage(c, table, heap, key)
            if status != L.DONE:
                break
            tidy(c, table, heap, key)
        i += 1
    flush(c, table, heap, key, waiting)
    c[L.FOLD_FIRST] = i
    return status


@quick
def run_of(kinds, times, first, last, most):
    """How many operations from this one on do the same to events in the order of time."""
    last = min(last, first + most)
    kind = kinds[first]
    if kind & (L.OP_AMEND | L.OP_REMOVE):
        return 1
    i = first + 1
    while i < last and kinds[i] == kind and times[i] > times[i - 1]:
        i += 1
    return i - first


@quick
def append_run(c, table, heap, key, i, run):
    """Put events that come after all others at the end, as many as have room; 1 if not so.

    An event at the very time of the newest one is left to be looked at by itself.
    """
    end = key[L.KEY_END]
    times = words(c[L.FOLD_AT], i + run)
    empty = end == key[L.KEY_HEAD]
    if not empty and heap[place_of(heap, key, L.FIELD_AT, end - 1)] >= times[i]:
        return 1
    make_room(c, table, heap, key, run)
    # The pace of a key begins at its LONG-th event, wherever that falls in a run.
    if table[L.GROUP_PACE] and key[L.KEY_PACE] == 0:
        run = min(run, max(L.LONG - (end - key[L.KEY_HEAD]), 1))
    run = min(run, left_of(key, end))
    if run < 2:
        return 1
    stride = c[L.FOLD_STRIDE]
    seqs = words(c[L.FOLD_SEQ], stride)
    rows = words(c[L.FOLD_ROWS], table[L.GROUP_COLUMNS])
    values = word_table(c[L.FOLD_VALUES], c[L.FOLD_VALUES_ROWS], stride)
    at = place_of(heap, key, L.FIELD_AT, end)
    seq = place_of(heap, key, L.FIELD_SEQ, end)
    for j in range(run):
        heap[at + j] = times[i + j]
    for j in range(run):
        heap[seq + j] = seqs[i + j]
    for column in range(rows.size):
        place = place_of(heap, key, L.FIELD_COLUMNS + column, end)
        row = rows[column]
        for j in range(run):
            heap[place + j] = values[row, i + j]
    key[L.KEY_END] = end + run
    return run


@quick
def wait_run(temp, times, key, i, run, waiting):
    """Let the reads of events just appended wait to be answered together."""
    own = key[L.KEY_END] - run
    for j in range(run):
        temp[L.TEMP_AT * L.BATCH + waiting + j] = times[i + j]
        temp[L.TEMP_OWN * L.BATCH + waiting + j] = own + j
        temp[L.TEMP_VISIBLE * L.BATCH + waiting + j] = own + j + 1
    return waiting + run


@quick
def in_order(c, heap, key, i):
    """Whether the event of a row comes after the newest one by (at, seq)."""
    end = key[L.KEY_END]
    if end == key[L.KEY_HEAD]:
        return True
    at = words(c[L.FOLD_AT], i + 1)[i]
    newest = heap[place_of(heap, key, L.FIELD_AT, end - 1)]
    if newest != at:
        return newest < at
    seq = words(c[L.FOLD_SEQ], i + 1)[i]
    return heap[place_of(heap, key, L.FIELD_SEQ, end - 1)] < seq


@quick
def shortage(c, table, heap, key):
    """What must grow before one more event can come in."""
    meta = words(c[L.FOLD_META], L.META_SIZE)
    pace = table[L.GROUP_PACE]
    runs = 2 * (pace + table[L.GROUP_PAST])
    if meta[L.META_USED] + most_words(table, key) + runs > heap.size:
        return L.NEED_HEAP
    # A run of events may come in together.
    living = key[L.KEY_END] + L.BATCH - key[L.KEY_HEAD]
    if table[L.GROUP_SCRATCH] and c[L.FOLD_SCRATCH_SIZE] < 8 * living + 1024:
        return L.NEED_SCRATCH
    return L.DONE


@quick
def make_room(c, table, heap, key, coming):
    """Let the key take one more event at its end, and keep its pace once it is long.

    coming : how many are about to follow, so that a block is made large enough at once.
    """
    free = words(c[L.FOLD_FREE], L.SIZE_CLASSES)
    meta = words(c[L.FOLD_META], L.META_SIZE)
    if full(heap, key):
        leave(c, table, heap, key, L.FORGOTTEN)
        if full(heap, key):
            room(table, heap, free, meta, key, coming, expected(c))
    living = key[L.KEY_END] - key[L.KEY_HEAD]
    if living >= L.LONG and key[L.KEY_PACE] == 0 and table[L.GROUP_PACE]:
        start = take_run(heap, free, meta, table[L.GROUP_PACE])
        if start != 0:
            for i in range(table[L.GROUP_PACE]):
                heap[start + i] = 0
            key[L.KEY_PACE] = start
            for v in range(table[L.GROUP_VIEWS]):
                view = table[L.GROUP_VIEWS_AT] + v * L.VIEW_SIZE
                heap[start + table[view + L.VIEW_PACE] + L.PACE_LOW] = -1


@quick
def expected(c):
    """About how many events the key will hold at once, 0 where nobody knows."""
    if c[L.FOLD_EXPECTED] == 0:
        return 0
    return words(c[L.FOLD_EXPECTED] + (c[L.FOLD_KEY_AT] - c[L.FOLD_KEYS]) // L.KEY_SIZE, 1)[0]


@quick
def leave(c, table, heap, key, most):
    """Let the events leave that no later request needs by themselves.

    most : how many together, where each of them has to be added to the past.
    """
    free = words(c[L.FOLD_FREE], L.SIZE_CLASSES)
    meta = words(c[L.FOLD_META], L.META_SIZE)
    line = line_of(table, heap, key, meta[L.META_WATERMARK])
    if line == key[L.KEY_HEAD]:
        return
    if table[L.GROUP_PAST]:
        line = min(line, key[L.KEY_HEAD] + most)
        spared = (line - key[L.KEY_HEAD]) * (L.FIELD_COLUMNS + table[L.GROUP_COLUMNS])
        if key[L.KEY_PAST] == 0 and spared < table[L.GROUP_PAST]:
            # The words of a past would take more room than the few events that they stand for.
            return
        if not remember(c, table, heap, key, line):
            return
    head = key[L.KEY_HEAD]
    forget(heap, free, key, line)
    behind(table, heap, key, head)


@quick
def tidy(c, table, heap, key):
    """Let all leave that can, and take no more room than what stays; for keys that nobody reads."""
    leave(c, table, heap, key, key[L.KEY_END])
    free = words(c[L.FOLD_FREE], L.SIZE_CLASSES)
    shrink(table, heap, free, words(c[L.FOLD_META], L.META_SIZE), key)


@quick
def remember(c, table, heap, key, line):
    """Add the events before a position to the past; False where there is no room for one.

    The units that read a lifetime add them, as they add whatever comes into a window.
    """
    if key[L.KEY_PAST] == 0:
        size = table[L.GROUP_PAST]
        free = words(c[L.FOLD_FREE], L.SIZE_CLASSES)
        start = take_run(heap, free, words(c[L.FOLD_META], L.META_SIZE), size)
        if start == 0:
            return False
        for i in range(size):
            heap[start + i] = table[table[L.GROUP_PAST_AT] + i]
        key[L.KEY_PAST] = start
    look = words(c[L.FOLD_TEMP] + 8 * L.TEMP_LOOK, L.LOOK_SIZE)
    for p in range(table[L.GROUP_PASTS]):
        view = table[table[L.GROUP_PASTS_AT] + p]
        prepare(c, table, heap, key, view, 0)
        place = key[L.KEY_PAST] + table[view + L.VIEW_PAST] - L.PACE_WORDS
        look[L.LOOK_PACE] = c[L.FOLD_HEAP] + 8 * place
        look[L.LOOK_MODE] = L.MODE_ADD
        look[L.LOOK_PLACE] = key[L.KEY_HEAD]
        look[L.LOOK_UNTIL] = line
        call(table[view + L.VIEW_UNIT], c[L.FOLD_TEMP] + 8 * L.TEMP_LOOK)
    look[L.LOOK_MODE] = L.MODE_READ
    return True


@quick
def behind(table, heap, key, before):
    """Forget the pace of windows that still hold events which have left.

    before : where the head was.  Words of a lifetime that began there go on holding what left: its
    older edge moves, and nothing else.  If late ones came before it, they are in the past alone.
    Every now and then such words begin anew, before so much was added to them that they run over.
    """
    pace = key[L.KEY_PACE]
    if pace == 0:
        return
    head = key[L.KEY_HEAD]
    anew = before >> L.ANEW_BITS != head >> L.ANEW_BITS
    for v in range(table[L.GROUP_VIEWS]):
        view = table[L.GROUP_VIEWS_AT] + v * L.VIEW_SIZE
        at = pace + table[view + L.VIEW_PACE]
        if table[view + L.VIEW_PAST]:
            held = not anew and heap[at + L.PACE_LOW] == before and heap[at + L.PACE_HIGH] >= head
            heap[at + L.PACE_LOW] = head if held else -1
        elif heap[at + L.PACE_LOW] < head:
            heap[at + L.PACE_LOW] = -1


@quick
def append(c, table, heap, key, i):
    """Put the newest event at the end."""
    make_room(c, table, heap, key, 1)
    put(c, table, heap, key, key[L.KEY_END], i)
    key[L.KEY_END] += 1
    return key[L.KEY_END] - 1


@quick
def put(c, table, heap, key, position, i):
    """Write the event of an operation at a position."""
    stride = c[L.FOLD_STRIDE]
    rows = words(c[L.FOLD_ROWS], table[L.GROUP_COLUMNS])
    values = word_table(c[L.FOLD_VALUES], c[L.FOLD_VALUES_ROWS], stride)
    at = words(c[L.FOLD_AT], stride)[i]
    seq = words(c[L.FOLD_SEQ], stride)[i]
    write(heap, key, position, at, seq, values, rows, i)


@quick
def insert_late(c, table, heap, key, i):
    """Put an event at its place among the others."""
    stride = c[L.FOLD_STRIDE]
    at = words(c[L.FOLD_AT], stride)[i]
    seq = words(c[L.FOLD_SEQ], stride)[i]
    make_room(c, table, heap, key, 1)
    position = found(heap, key, at, seq)
    shift_up(heap, key, L.FIELD_COLUMNS + table[L.GROUP_COLUMNS], position)
    put(c, table, heap, key, position, i)
    key[L.KEY_END] += 1
    pace = key[L.KEY_PACE]
    if pace == 0:
        return position
    for v in range(table[L.GROUP_VIEWS]):
        view = table[L.GROUP_VIEWS_AT] + v * L.VIEW_SIZE
        at_view = pace + table[view + L.VIEW_PACE]
        if heap[at_view + L.PACE_LOW] < 0 or position >= heap[at_view + L.PACE_HIGH]:
            continue
        outside = position <= heap[at_view + L.PACE_LOW]
        heap[at_view + L.PACE_HIGH] += 1
        settled = table[view + L.VIEW_SETTLED]
        if settled and (outside or position < heap[at_view + settled]):
            heap[at_view + settled] += 1
        if outside:
            heap[at_view + L.PACE_LOW] += 1
        else:
            touch(c, table, heap, key, view, position, L.MODE_ADD)
    return position


@quick
def change(c, table, heap, key, kind, source):
    """Tell an outcome of an event, or take an event away, if it is kept."""
    target = words(c[L.FOLD_AMENDS] + 8 * L.AMEND_SIZE * source, L.AMEND_SIZE)
    position = found(heap, key, target[L.AMEND_AT], target[L.AMEND_SEQ])
    if position == key[L.KEY_END]:
        return
    if heap[place_of(heap, key, L.FIELD_AT, position)] != target[L.AMEND_AT]:
        return
    if heap[place_of(heap, key, L.FIELD_SEQ, position)] != target[L.AMEND_SEQ]:
        return
    if kind & L.OP_REMOVE:
        remove(c, table, heap, key, position)
    else:
        amend(c, table, heap, key, position, target)


@quick
def amend(c, table, heap, key, position, target):
    """Write a label's value into the outcome columns of an event."""
    slots = table[L.GROUP_SLOTS_AT]
    for column in range(table[L.GROUP_COLUMNS]):
        if table[slots + column * L.SLOT_SIZE + L.SLOT_LABEL] != target[L.AMEND_LABEL]:
            continue
        cell = place_of(heap, key, L.FIELD_COLUMNS + column, position)
        if heap[cell] == MASKED:
            continue
        touch_all(c, table, heap, key, column, position, L.MODE_DROP)
        heap[cell] = target[L.AMEND_VALUE]
        touch_all(c, table, heap, key, column, position, L.MODE_ADD)


@quick
def remove(c, table, heap, key, position):
    """Take an event away."""
    touch_all(c, table, heap, key, -1, position, L.MODE_DROP)
    pace = key[L.KEY_PACE]
    if pace:
        for v in range(table[L.GROUP_VIEWS]):
            view = table[L.GROUP_VIEWS_AT] + v * L.VIEW_SIZE
            at = pace + table[view + L.VIEW_PACE]
            step_back(heap, at + L.PACE_LOW, position)
            step_back(heap, at + L.PACE_HIGH, position)
            if table[view + L.VIEW_SETTLED]:
                step_back(heap, at + table[view + L.VIEW_SETTLED], position)
    shift_down(heap, key, L.FIELD_COLUMNS + table[L.GROUP_COLUMNS], position)
    key[L.KEY_END] -= 1


@quick
def step_back(heap, at, position):
    """Let an edge follow the events that move down when the one at a position is taken away."""
    if heap[at] > position:
        heap[at] -= 1


@quick
def touch_all(c, table, heap, key, column, position, mode):
    """Let each window that holds a position take its value in or out; column -1 is every one."""
    pace = key[L.KEY_PACE]
    if pace == 0:
        return
    for v in range(table[L.GROUP_VIEWS]):
        view = table[L.GROUP_VIEWS_AT] + v * L.VIEW_SIZE
        if column >= 0 and table[view + L.VIEW_SLOT] != column:
            continue
        at = pace + table[view + L.VIEW_PACE]
        if heap[at + L.PACE_LOW] <= position < heap[at + L.PACE_HIGH]:
            touch(c, table, heap, key, view, position, mode)


@quick
def touch(c, table, heap, key, view, position, mode):
    """Let one window take the value at a position in or out, or forget its pace."""
    pace = key[L.KEY_PACE] + table[view + L.VIEW_PACE]
    if table[view + L.VIEW_AGAIN]:
        heap[pace + L.PACE_LOW] = -1
        return
    look = words(c[L.FOLD_TEMP] + 8 * L.TEMP_LOOK, L.LOOK_SIZE)
    prepare(c, table, heap, key, view, 0)
    look[L.LOOK_MODE] = mode
    look[L.LOOK_PLACE] = position
    look[L.LOOK_UNTIL] = position + 1
    call(table[view + L.VIEW_UNIT], c[L.FOLD_TEMP] + 8 * L.TEMP_LOOK)
    look[L.LOOK_MODE] = L.MODE_READ


@quick
def prepare(c, table, heap, key, view, reads):
    """Write the context of a unit for one view of a key."""
    temp = c[L.FOLD_TEMP]
    look = words(temp + 8 * L.TEMP_LOOK, L.LOOK_SIZE)
    # Unlike a place in the table, one in a record is never negative: the compiler need not ask.
    told = words(c[L.FOLD_TABLE] + 8 * view, L.VIEW_SIZE)
    pace = temp + 8 * L.TEMP_PACE
    if key[L.KEY_PACE]:
        pace = c[L.FOLD_HEAP] + 8 * (key[L.KEY_PACE] + told[L.VIEW_PACE])
    else:
        words(pace, 1)[0] = -1
    look[L.LOOK_READS] = reads
    look[L.LOOK_KEY] = c[L.FOLD_KEY_AT]
    look[L.LOOK_FIELD] = told[L.VIEW_FIELD]
    look[L.LOOK_OTHERWISE] = told[L.VIEW_OTHERWISE]
    look[L.LOOK_A] = told[L.VIEW_A]
    look[L.LOOK_B] = told[L.VIEW_B]
    look[L.LOOK_PACE] = pace
    look[L.LOOK_SETTLED] = 0
    look[L.LOOK_PAST] = 0
    if told[L.VIEW_PAST] and key[L.KEY_PAST]:
        look[L.LOOK_PAST] = key[L.KEY_PAST] + told[L.VIEW_PAST]
    look[L.LOOK_OWN_OTHERWISE] = NULL
    if told[L.VIEW_SETTLES] == 0:
        look[L.LOOK_OWN_OTHERWISE] = told[L.VIEW_OTHERWISE]
    if told[L.VIEW_SETTLES] >= 0:
        look[L.LOOK_SETTLED] = temp + 8 * L.TEMP_SETTLED * L.BATCH
    look[L.LOOK_WEIGHTS] = c[L.FOLD_TABLE] + 8 * told[L.VIEW_WEIGHTS_AT]
    look[L.LOOK_WEIGHTS_SIZE] = told[L.VIEW_WEIGHTS]
    words(c[L.FOLD_TEXTS], 4)[0] = told[L.VIEW_CODED]


@quick
def flush(c, table, heap, key, reads):
    """Answer the reads that wait: each window's edges, then each view, then its readers."""
    if reads == 0:
        return
    temp_at = c[L.FOLD_TEMP]
    low = words(temp_at, L.BATCH)
    high = words(temp_at + 8 * L.BATCH, L.BATCH)
    requests = words(temp_at + 8 * L.TEMP_AT * L.BATCH, L.BATCH)
    own = words(temp_at + 8 * L.TEMP_OWN * L.BATCH, L.BATCH)
    visible = words(temp_at + 8 * L.TEMP_VISIBLE * L.BATCH, L.BATCH)
    out = c[L.FOLD_OUT] + 8 * c[L.FOLD_READS]
    pace = key[L.KEY_PACE]
    look = words(temp_at + 8 * L.TEMP_LOOK, L.LOOK_SIZE)
    hints = words(temp_at + 8 * (L.TEMP_PACE + 60), 2)
    tables = c[L.FOLD_TABLE]
    group = words(tables, L.GROUP_SIZE)
    for w in range(group[L.GROUP_WINDOWS]):
        window_at = group[L.GROUP_WINDOWS_AT] + w * L.WINDOW_SIZE
        window = words(tables + 8 * window_at, L.WINDOW_SIZE)
        view_at = window[L.WINDOW_VIEWS_AT]
        hints[0] = key[L.KEY_END]
        hints[1] = key[L.KEY_END]
        if pace:
            kept = words(tables + 8 * view_at, L.VIEW_SIZE)[L.VIEW_PACE]
            edges = words(c[L.FOLD_HEAP] + 8 * (pace + kept), 2)
            hints[0] = edges[L.PACE_LOW]
            hints[1] = edges[L.PACE_HIGH]
        if has_long_batches(window, heap, key, reads):
            before = words(tables + 8 * (window_at - L.WINDOW_SIZE), L.WINDOW_SIZE)
            same = w > 0 and ends_alike(window, before)
            edges_of_many(window, heap, key, reads, requests, own, visible, low, high, hints, same)
        else:
            edges_of(table, window_at, heap, key, reads, requests, own, visible, low, high, hints)
        for _ in range(window[L.WINDOW_VIEWS]):
            view = words(tables + 8 * view_at, L.VIEW_SIZE)
            prepare(c, table, heap, key, view_at, reads)
            look[L.LOOK_OFFSET] = window[L.WINDOW_OFFSET]
            if view[L.VIEW_SETTLES] >= 0:
                settle(c, table, heap, key, window_at, view_at, reads)
            unit = view[L.VIEW_UNIT_OF_MANY] if reads > FEW else view[L.VIEW_UNIT]
            call(unit, temp_at + 8 * L.TEMP_LOOK)
            reader_at = view[L.VIEW_READERS_AT]
            for _ in range(view[L.VIEW_READERS]):
                reader = words(tables + 8 * reader_at, L.READER_SIZE)
                look[L.LOOK_OUT] = out + 8 * reader[L.READER_OUT] * c[L.FOLD_OUT_STRIDE]
                look[L.LOOK_UNIT_BITS] = reader[L.READER_UNIT_BITS]
                look[L.LOOK_READ_A] = reader[L.READER_A]
                look[L.LOOK_READ_B] = reader[L.READER_B]
                call(reader[L.READER_UNIT], temp_at + 8 * L.TEMP_LOOK)
                reader_at += L.READER_SIZE
            view_at += L.VIEW_SIZE
    c[L.FOLD_READS] += reads


@quick
def settle(c, table, heap, key, window, view, reads):
    """Where the events of a window end that are old enough for their outcome to have settled."""
    temp_at = c[L.FOLD_TEMP]
    low = words(temp_at, L.BATCH)
    high = words(temp_at + 8 * L.BATCH, L.BATCH)
    settled = words(temp_at + 8 * L.TEMP_SETTLED * L.BATCH, L.BATCH)
    requests = words(temp_at + 8 * L.TEMP_AT * L.BATCH, L.BATCH)
    if table[view + L.VIEW_SETTLES] <= table[window + L.WINDOW_OFFSET]:
        # A window that ends early enough holds nothing that has not settled.
        for i in range(reads):
            settled[i] = high[i]
        return
    hint = high[0]
    for i in range(reads):
        hint = upper(heap, key, low[i], high[i], requests[i] - table[view + L.VIEW_SETTLES], hint)
        settled[i] = hint


@quick
def release(c, key):
    """Give everything that a key holds back, when nobody will ask for it again."""
    heap = words(c[L.FOLD_HEAP], c[L.FOLD_HEAP_SIZE])
    table = words(c[L.FOLD_TABLE], c[L.FOLD_TABLE_SIZE])
    free = words(c[L.FOLD_FREE], L.SIZE_CLASSES)
    capacity = key[L.KEY_CAPACITY]
    start = key[L.KEY_START]
    pace = key[L.KEY_PACE]
    if pace:
        for v in range(table[L.GROUP_VIEWS]):
            view = table[L.GROUP_VIEWS_AT] + v * L.VIEW_SIZE
            at = pace + table[view + L.VIEW_PACE] + table[view + L.VIEW_TABLE]
            if table[view + L.VIEW_TABLE] and heap[at]:
                give_run(heap, free, heap[at], heap[at + 1])
        give_run(heap, free, pace, table[L.GROUP_PACE])
    if key[L.KEY_PAST]:
        give_run(heap, free, key[L.KEY_PAST], table[L.GROUP_PAST])
    if 0 < capacity <= L.PAGE:
        give_block(heap, free, start, capacity)
    elif capacity:
        for i in range(capacity >> L.PAGE_BITS):
            if heap[start + i]:
                give_block(heap, free, heap[start + i], L.PAGE)
        give_run(heap, free, start, capacity >> L.PAGE_BITS)
    for i in range(L.KEY_SIZE):
        key[i] = 0
