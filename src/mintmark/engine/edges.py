"""The two edges of each window for a batch of reads of one key.

    at:    ....e1...e2..e2'....r            events of one key, sorted by (at, seq)
                (low   high]  ^ itself      a window with an offset
                (low            high) ^     a window without one: r is the newest of its equals

Each read searches from where the one before ended, so in-order reads cost a step or two.
Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.pages import place_of, upper
from mintmark.engine.quick import quick

_DAY_US = 86_400_000_000
DAY, WEEK, MONTH, YEAR = 1, 2, 3, 4
MANY = 32
"""Reads of a batch from which on they are looked at in parts."""
CALENDARS = {"day": DAY, "week": WEEK, "month": MONTH, "year": YEAR}


@quick
def edges_of(table, window, heap, key, reads, requests, own, visible, low, high, hints):
    """Fill low and high of the window for each read; `hints` are edges of an earlier read.

    requests, own, visible : int64[reads], the time of each request, its position among the events
    of the key (-1 where it has none), and how many positions stood there when it was read.
    """
    told = table[window : window + L.WINDOW_SIZE]
    offset = told[L.WINDOW_OFFSET]
    left = told[L.WINDOW_LEFT]
    right = told[L.WINDOW_RIGHT]
    span = told[L.WINDOW_SPAN]
    last = told[L.WINDOW_LAST]
    calendar = told[L.WINDOW_CALENDAR]
    session = told[L.WINDOW_SESSION]
    current = told[L.WINDOW_CURRENT]
    head = key[L.KEY_HEAD]
    a = hints[0]
    b = hints[1]
    # Times of a key in one block stand in a row: word `times + position` of the heap.
    times = key[L.KEY_START] - key[L.KEY_BASE]
    one_block = key[L.KEY_CAPACITY] <= L.PAGE
    for i in range(reads):
        until = requests[i] - offset
        end = visible[i]
        if offset == 0 and own[i] >= 0:
            end = min(end, own[i] + current)
        if offset != 0 or own[i] < 0 or right != 0:
            b = edge(heap, key, head, end, until - right, b, times, one_block)
        else:
            b = end
        bound = head
        if span != L.FOREVER:
            bound = edge(heap, key, head, b, until - span - left, a, times, one_block)
        elif calendar != 0:
            start = start_of(table, window, calendar, until)
            bound = upper(heap, key, head, b, start - 1, a)
        if last > 0:
            bound = max(bound, b - last)
        if session > 0:
            bound = linked(heap, key, bound, b, until, session)
        a = bound
        low[i] = a
        high[i] = b


@quick
def edge(heap, key, low, high, x, hint, times, one_block):
    """The first position in [low, high) whose time is after x: mostly a step or two from `hint`."""
    if one_block and low <= hint <= high and (hint == low or heap[times + hint - 1] <= x):
        near = min(hint + 4, high)
        while hint < near:
            if heap[times + hint] > x:
                return hint
            hint += 1
        if hint == high:
            return hint
    return upper(heap, key, low, high, x, hint)


@quick
def has_long_batches(window, heap, key, reads):
    """Whether `edges_of_many` finds the edges of a window for so many reads."""
    # `step_to` reads up to three words more than there are events.
    beyond = key[L.KEY_START] - key[L.KEY_BASE] + key[L.KEY_END] + 4
    return (
        reads >= MANY
        and key[L.KEY_CAPACITY] <= L.PAGE
        and beyond <= heap.size
        and window[L.WINDOW_CALENDAR] == 0
        and window[L.WINDOW_SESSION] == 0
    )


@quick
def edges_of_many(window, heap, key, reads, requests, own, visible, low, high, hints, same):
    """Do what `edges_of` does, for a long batch of a key in one block.

    same : high is filled already, by a window that ends where this one does.
    """
    offset = window[L.WINDOW_OFFSET]
    right = window[L.WINDOW_RIGHT]
    head = key[L.KEY_HEAD]
    if not same and offset == 0:
        asked = 0
        for i in range(reads):
            asked |= np.int64(own[i] < 0)
            # A request that stands among the events is the newest of its equals.
            seen = own[i] + window[L.WINDOW_CURRENT] if own[i] >= 0 else visible[i]
            high[i] = min(visible[i], seen)
        if asked or right:
            past(heap, key, reads, requests, right, high, high, hints[1])
    elif not same:
        past(heap, key, reads, requests, offset + right, visible, high, hints[1])
    if window[L.WINDOW_SPAN] == L.FOREVER:
        for i in range(reads):
            low[i] = head
    else:
        back = offset + window[L.WINDOW_SPAN] + window[L.WINDOW_LEFT]
        past(heap, key, reads, requests, back, high, low, hints[0])
    last = window[L.WINDOW_LAST]
    if last > 0:
        for i in range(reads):
            low[i] = max(low[i], high[i] - last)


@quick
def ends_alike(one, other):
    """Whether two windows end at the same events, whatever the request."""
    return (
        one[L.WINDOW_OFFSET] == other[L.WINDOW_OFFSET]
        and one[L.WINDOW_RIGHT] == other[L.WINDOW_RIGHT]
        and one[L.WINDOW_CURRENT] == other[L.WINDOW_CURRENT]
    )


@quick
def past(heap, key, reads, requests, back, until, found, hint):
    """The first position before `until` of each read whose time is after the request's less `back`.

    A key in one block is looked at in four parts at once, so that none waits for another.
    """
    head = key[L.KEY_HEAD]
    quarter = reads >> 2
    times = key[L.KEY_START] - key[L.KEY_BASE]
    p = upper(heap, key, head, until[0], requests[0] - back, hint)
    q = upper(heap, key, head, until[quarter], requests[quarter] - back, p)
    r = upper(heap, key, head, until[2 * quarter], requests[2 * quarter] - back, q)
    s = upper(heap, key, head, until[3 * quarter], requests[3 * quarter] - back, r)
    for i in range(quarter):
        j, k, m = i + quarter, i + 2 * quarter, i + 3 * quarter
        p = step_to(heap, key, head, until[i], requests[i] - back, p, times)
        q = step_to(heap, key, head, until[j], requests[j] - back, q, times)
        r = step_to(heap, key, head, until[k], requests[k] - back, r, times)
        s = step_to(heap, key, head, until[m], requests[m] - back, s, times)
        found[i], found[j], found[k], found[m] = p, q, r, s
    for i in range(4 * quarter, reads):
        s = step_to(heap, key, head, until[i], requests[i] - back, s, times)
        found[i] = s


@quick
def step_to(heap, key, low, high, x, hint, times):
    """The first position in [low, high) whose time is after x: mostly a step or two from `hint`.

    How many of the next four it is past is counted, not asked one by one: a processor cannot guess
    that.  What stands behind the last event counts for nothing, for all before it would have to.
    """
    if low <= hint <= high:
        # Times of a key in one block stand in a row: word `times + position` of the heap.
        place = np.uint64(times + hint)
        before = hint == low or heap[place - np.uint64(1)] <= x
        one = np.int64(heap[place] <= x)
        two = np.int64(heap[place + np.uint64(1)] <= x) & one
        three = np.int64(heap[place + np.uint64(2)] <= x)
        four = np.int64(heap[place + np.uint64(3)] <= x) & three & two
        near = hint + (one + two) + ((three & two) + four)
        if before and (four == 0 or near >= high):
            return min(near, high)
    return upper(heap, key, low, high, x, hint)


@quick
def linked(heap, key, low, high, until, session):
    """The first of the events before `high` that follow each other by gaps of `session` at most."""
    newer = until
    p = high
    while p > low:
        at = heap[place_of(heap, key, L.FIELD_AT, p - 1)]
        if newer - at > session:
            return p
        newer = at
        p -= 1
    return low


@quick
def start_of(table, window, calendar, until):
    """When the calendar unit that holds `until` began, on the clocks of the window's zone."""
    zones = table[window + L.WINDOW_ZONE_AT]
    count = table[window + L.WINDOW_ZONES]
    offset = offset_at(table, zones, count, until)
    local = unit_start(calendar, (until + offset) // _DAY_US) * _DAY_US
    start = local - offset
    other = offset_at(table, zones, count, start)
    return start if other == offset else local - other


@quick
def offset_at(table, zones, count, at):
    """The offset of a zone at a moment; the first one holds before its time too."""
    a = 0
    b = count
    while b - a > 1:
        m = (a + b) >> 1
        if table[zones + 2 * m] <= at:
            a = m
        else:
            b = m
    return table[zones + 2 * a + 1]


@quick
def unit_start(calendar, day):
    """The first day of the week, month or year of a day, counted from 1970-01-01."""
    if calendar == DAY:
        return day
    if calendar == WEEK:
        return day - (day + 3) % 7
    # Hinnant's civil_from_days: the year begins in March there.
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    if calendar == MONTH:
        return day - (of_year - (153 * month + 2) // 5)
    # Before March the calendar year is the one after the March year's first ten months.
    if month >= 10:
        return day - (of_year - 306)
    leap = year % 4 == 0 and (year % 100 != 0 or year == 0)
    return day - of_year - (60 if leap else 59)
