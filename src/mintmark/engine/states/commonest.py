"""commonest: the a-th most frequent value of the window and how often it stands there.

Form: commutative group with a table, looked through at each read: among equally frequent values
the smaller comes first, integers by number, texts by bytes.  Cost of a read: O(a * different).
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine import layout as L
from mintmark.engine.pairs import counted, moved, slot_of, words_for
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL
from mintmark.engine.text_order import comes_before

WORDS = ("n", "used", "distinct")
FINISHED = ("value", "times")
FORM = "group"
TABLE = True
FAR = L.FAR_PAIRS
TEXTS = True

room = words_for


@quick
def add(n, used, distinct, value, table):
    """Count a value."""
    fresh, times = counted(table, slot_of(table, value), value, 1)
    return n + 1, used + fresh, distinct + (1 if times == 1 else 0)


@quick
def drop(n, used, distinct, value, table):
    """Count a value off."""
    _, times = counted(table, slot_of(table, value), value, -1)
    return n - 1, used, distinct - (1 if times == 0 else 0)


@quick
def fits(used, size):
    """Whether one more value fits into a table of `size` words."""
    return 4 * (used + 1) <= size


@quick
def wanted(distinct):
    """Words of the table to move to: values that are gone are left behind."""
    return words_for(2 * distinct + 16)


@quick
def move(n, used, distinct, table, larger):
    """Count everything again into another table."""
    return n, moved(table, larger), distinct


@quick
def finish(table, a, texts):
    """(value, times) of the a-th, (NULL, 0) where there are fewer different values."""
    chosen = NULL
    times = 0
    for rank in range(a):
        best = NULL
        best_times = 0
        for place in range(0, table.size, 2):
            v = table[place]
            count = table[place + 1]
            if v == NULL or count == 0:
                continue
            if rank and not _after(chosen, times, v, count, texts):
                continue
            if best == NULL or _after(v, count, best, best_times, texts):
                best = v
                best_times = count
        if best == NULL:
            return NULL, 0
        chosen = best
        times = best_times
    return chosen, times


@quick
def _after(v, count, w, other, texts):
    """Whether w, standing `other` times, comes after v, standing `count` times."""
    if count != other:
        return count > other
    return v != w and comes_before(v, w, texts)
