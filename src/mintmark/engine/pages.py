"""The events of one key: sorted by (at, seq) in one block, or in pages once they are many.

A position counts the events of a key since it began, so it stays good when old events leave.  A
block of at most PAGE events grows by copying; from then on pages of that size are added and none is
ever copied, so no key pauses the others.  A late event moves what comes after it.

    head                          end        positions
     |                             |
     [at ...][seq ...][column ...]           one block, `capacity` long: base is its first position
     [page 0][page 1][page 2] ...            or a table of pages: base is the first of page 0

Compiled; imported only by the kernel and the states.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine import layout as L
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL, UNKNOWN


@quick
def place_of(heap, key, field, position):
    """The word of the heap that holds a field of the event at a position."""
    i = position - key[L.KEY_BASE]
    capacity = key[L.KEY_CAPACITY]
    if capacity <= L.PAGE:
        return key[L.KEY_START] + field * capacity + i
    page = heap[key[L.KEY_START] + (i >> L.PAGE_BITS)]
    return page + field * L.PAGE + (i & (L.PAGE - 1))


@quick
def left_of(key, position):
    """How many positions from this one on stand one after another in memory."""
    capacity = key[L.KEY_CAPACITY]
    i = position - key[L.KEY_BASE]
    if capacity <= L.PAGE:
        return capacity - i
    return L.PAGE - (i & (L.PAGE - 1))


@quick
def place_within(key, position):
    """How many positions before this one stand right before it in memory."""
    i = position - key[L.KEY_BASE]
    if key[L.KEY_CAPACITY] <= L.PAGE:
        return i
    return i & (L.PAGE - 1)


@quick
def value_at(heap, key, field, position, settled, otherwise):
    """The value at a position, an outcome not told yet being `otherwise` before `settled`."""
    v = heap[place_of(heap, key, field, position)]
    if v == UNKNOWN:
        return otherwise if position < settled else NULL
    return v


@quick
def upper(heap, key, low, high, x, hint):
    """The first position in [low, high) whose time is after x, galloping from `hint`."""
    hint = min(max(hint, low), high)
    jump = 1
    if hint < high and heap[place_of(heap, key, L.FIELD_AT, hint)] <= x:
        a = hint + 1
        while a + jump < high and heap[place_of(heap, key, L.FIELD_AT, a + jump)] <= x:
            a += jump + 1
            jump += jump
        b = min(a + jump, high)
    else:
        b = hint
        while b - jump >= low and heap[place_of(heap, key, L.FIELD_AT, b - jump)] > x:
            b -= jump
            jump += jump
        a = max(b - jump, low)
    while a < b:
        m = (a + b) >> 1
        if heap[place_of(heap, key, L.FIELD_AT, m)] <= x:
            a = m + 1
        else:
            b = m
    return a


@quick
def size_class(size):
    """The greatest k with 2**k <= size."""
    k = 0
    while (2 << k) <= size:
        k += 1
    return k


@quick
def take_run(heap, free, meta, size):
    """Words for a plain run of a power of two; 0 if the heap has no room."""
    k = L.RUNS + size_class(size)
    start = free[k]
    if start != 0:
        free[k] = heap[start]
        return start
    # At the beginning of a line, so that it lies in as few of them as it can.
    start = (meta[L.META_USED] + 7) & ~7
    if start + size > heap.size:
        return 0
    meta[L.META_USED] = start + size
    return start


@quick
def give_run(heap, free, start, size):
    """Give a run of words back."""
    k = L.RUNS + size_class(size)
    heap[start] = free[k]
    free[k] = start


@quick
def take_block(heap, free, meta, fields, capacity):
    """A block for some events; 0 if the heap has no room.

    A list holds blocks of its capacity or more, so it serves what is asked for up to that.
    """
    k = size_class(capacity)
    k += 1 if (1 << k) < capacity else 0
    start = free[k]
    if start != 0:
        free[k] = heap[start]
        return start
    start = meta[L.META_USED]
    if start + fields * capacity > heap.size:
        return 0
    meta[L.META_USED] = start + fields * capacity
    return start


@quick
def give_block(heap, free, start, capacity):
    """Give the block of some events back."""
    k = size_class(capacity)
    heap[start] = free[k]
    free[k] = start


@quick
def line_of(table, heap, key, watermark):
    """The first position that must be kept, for a later request may still need it by itself."""
    head = key[L.KEY_HEAD]
    end = key[L.KEY_END]
    line = end
    horizon = table[L.GROUP_HORIZON]
    if watermark == NULL or horizon == L.FOREVER:
        return head
    if horizon != NULL:
        line = upper(heap, key, head, end, watermark - horizon, head)
    newest = table[L.GROUP_NEWEST]
    if newest > 0:
        # A window by count keeps its newest at the line behind which no request comes any more,
        # and of those no event that is older than its span.
        behind = upper(heap, key, head, end, watermark - table[L.GROUP_NEWEST_BEHIND], end)
        gone = max(head, behind - newest)
        for e in range(table[L.GROUP_ENDS]):
            place = table[L.GROUP_ENDS_AT] + e * L.END_SIZE
            field = table[place + L.END_FIELD]
            gone = min(gone, end_of(heap, key, field, behind, table[place + L.END_COUNT]))
        if table[L.GROUP_NEWEST_HORIZON] != L.FOREVER:
            old = upper(heap, key, head, end, watermark - table[L.GROUP_NEWEST_HORIZON], head)
            gone = max(gone, old)
        line = min(line, gone)
    return max(head, line)


@quick
def forget(heap, free, key, line):
    """Move the head to a position; give whole pages back."""
    key[L.KEY_HEAD] = line
    if key[L.KEY_CAPACITY] <= L.PAGE:
        return
    gone = (key[L.KEY_HEAD] - key[L.KEY_BASE]) >> L.PAGE_BITS
    if gone == 0:
        return
    start = key[L.KEY_START]
    pages = key[L.KEY_CAPACITY] >> L.PAGE_BITS
    for i in range(gone):
        if heap[start + i] != 0:
            give_block(heap, free, heap[start + i], L.PAGE)
    for i in range(pages - gone):
        heap[start + i] = heap[start + i + gone]
    for i in range(pages - gone, pages):
        heap[start + i] = 0
    key[L.KEY_BASE] += gone << L.PAGE_BITS


@quick
def end_of(heap, key, field, behind, count):
    """The first position from which a field has `count` values before `behind`.

    Where it has fewer all of them count; where it has none nothing has to be kept.
    """
    oldest = behind
    p = behind
    while p > key[L.KEY_HEAD] and count > 0:
        p -= 1
        if heap[place_of(heap, key, field, p)] > MASKED:
            oldest = p
            count -= 1
    return oldest


@quick
def _move(heap, key, fields, start, capacity):
    """Move the living events of a one-block key to the front of a block."""
    old = key[L.KEY_START]
    stride = key[L.KEY_CAPACITY]
    first = key[L.KEY_HEAD] - key[L.KEY_BASE]
    count = key[L.KEY_END] - key[L.KEY_HEAD]
    for f in range(fields):
        source = old + f * stride + first
        target = start + f * capacity
        for i in range(count):
            heap[target + i] = heap[source + i]
    key[L.KEY_START] = start
    key[L.KEY_CAPACITY] = capacity
    key[L.KEY_BASE] = key[L.KEY_HEAD]


@quick
def room(table, heap, free, meta, key, coming, expected):
    """Make room for one more event at the end; the heap has what this may take at most.

    coming : how many are about to follow; one block is made large enough for them at once;
    expected : how many the key will hold, 0 where nobody knows: a block of these and no larger,
    for there are many keys and each of them stays.
    """
    capacity = key[L.KEY_CAPACITY]
    fields = L.FIELD_COLUMNS + table[L.GROUP_COLUMNS]
    if capacity > L.PAGE:
        _more_pages(heap, free, meta, key, fields)
        return
    living = key[L.KEY_END] - key[L.KEY_HEAD]
    if capacity > 0 and living <= capacity - max(capacity >> 2, 1):
        _move(heap, key, fields, key[L.KEY_START], capacity)
        return
    if capacity == L.PAGE:
        pages = take_run(heap, free, meta, L.FIRST_TABLE)
        for i in range(L.FIRST_TABLE):
            heap[pages + i] = 0
        heap[pages] = key[L.KEY_START]
        key[L.KEY_START] = pages
        key[L.KEY_CAPACITY] = L.FIRST_TABLE * L.PAGE
        _more_pages(heap, free, meta, key, fields)
        return
    size = min(max(4, 2 * capacity), L.PAGE)
    while size < living + coming and size < L.PAGE:
        size *= 2
    if living < expected and max(expected, living + coming) < L.PAGE:
        size = max(expected, living + coming)
        # A long key will go on: an eighth more, so that not each of them grows at its next event.
        if size >= L.LONG:
            size = min(size + (size >> 3), L.PAGE)
    old = key[L.KEY_START]
    _move(heap, key, fields, take_block(heap, free, meta, fields, size), size)
    if capacity > 0:
        give_block(heap, free, old, capacity)


@quick
def shrink(table, heap, free, meta, key):
    """Move a key that has become short into a block that fits it."""
    capacity = key[L.KEY_CAPACITY]
    living = key[L.KEY_END] - key[L.KEY_HEAD]
    size = 4
    while size <= living + (living >> 3):
        size *= 2
    if capacity > L.PAGE or 2 * size > capacity:
        return
    old = key[L.KEY_START]
    fields = L.FIELD_COLUMNS + table[L.GROUP_COLUMNS]
    _move(heap, key, fields, take_block(heap, free, meta, fields, size), size)
    give_block(heap, free, old, capacity)


@quick
def _more_pages(heap, free, meta, key, fields):
    """Let the event at `end` have a page, in a larger table if need be."""
    start = key[L.KEY_START]
    capacity = key[L.KEY_CAPACITY]
    i = (key[L.KEY_END] - key[L.KEY_BASE]) >> L.PAGE_BITS
    pages = capacity >> L.PAGE_BITS
    if i == pages:
        larger = take_run(heap, free, meta, 2 * pages)
        for j in range(pages):
            heap[larger + j] = heap[start + j]
            heap[larger + pages + j] = 0
        give_run(heap, free, start, pages)
        start = larger
        key[L.KEY_START] = start
        key[L.KEY_CAPACITY] = 2 * capacity
    if heap[start + i] == 0:
        heap[start + i] = take_block(heap, free, meta, fields, L.PAGE)


@quick
def full(heap, key):
    """Whether an event at the end needs room first."""
    i = key[L.KEY_END] - key[L.KEY_BASE]
    capacity = key[L.KEY_CAPACITY]
    if capacity <= L.PAGE:
        return i >= capacity
    if i >= capacity:
        return True
    return heap[key[L.KEY_START] + (i >> L.PAGE_BITS)] == 0


@quick
def most_words(table, key):
    """How many words `room` may take from the heap for one event, and a first pace."""
    fields = L.FIELD_COLUMNS + table[L.GROUP_COLUMNS]
    return fields * L.PAGE + (key[L.KEY_CAPACITY] >> L.PAGE_BITS) * 2 + 64


@quick
def write(heap, key, position, at, seq, values, rows, source):
    """Write an event at a position whose place is its own."""
    heap[place_of(heap, key, L.FIELD_AT, position)] = at
    heap[place_of(heap, key, L.FIELD_SEQ, position)] = seq
    first = place_of(heap, key, L.FIELD_COLUMNS, position)
    stride = min(key[L.KEY_CAPACITY], L.PAGE)
    for c in range(rows.size):
        heap[first + c * stride] = values[rows[c], source]


@quick
def shift_up(heap, key, fields, position):
    """Open a gap at a position: what stands from there on moves up by one; `end` has room."""
    for f in range(fields):
        p = key[L.KEY_END]
        while p > position:
            # The run of one page that ends at p.
            m = min(p - position, place_within(key, p))
            if m == 0:
                heap[place_of(heap, key, f, p)] = heap[place_of(heap, key, f, p - 1)]
                p -= 1
                continue
            last = place_of(heap, key, f, p)
            for i in range(m):
                heap[last - i] = heap[last - i - 1]
            p -= m


@quick
def shift_down(heap, key, fields, position):
    """Close the gap at a position: what stands after it moves down by one."""
    for f in range(fields):
        p = position
        end = key[L.KEY_END] - 1
        while p < end:
            m = min(end - p, left_of(key, p) - 1)
            if m <= 0:
                heap[place_of(heap, key, f, p)] = heap[place_of(heap, key, f, p + 1)]
                p += 1
                continue
            first = place_of(heap, key, f, p)
            for i in range(m):
                heap[first + i] = heap[first + i + 1]
            p += m


@quick
def found(heap, key, at, seq):
    """The position of the event (at, seq), or of the first one after it."""
    head = key[L.KEY_HEAD]
    end = key[L.KEY_END]
    position = upper(heap, key, head, end, at - 1, end)
    while position < end and heap[place_of(heap, key, L.FIELD_AT, position)] == at:
        if heap[place_of(heap, key, L.FIELD_SEQ, position)] >= seq:
            return position
        position += 1
    return position
