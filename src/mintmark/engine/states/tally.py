"""tally: how many values the window holds, and how many different ones.

Form: commutative group with a table of (value, count) pairs, open addressing with linear probing.
A value whose count falls to 0 keeps its pair until the table moves.
Source: Knuth, The Art of Computer Programming vol. 3, section 6.4 (algorithm L).
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine import layout as L
from mintmark.engine.pairs import counted, moved, slot_of, words_for
from mintmark.engine.quick import quick

WORDS = ("n", "used", "distinct")
FORM = "group"
TABLE = True
FAR = L.FAR_PAIRS

room = words_for


@quick
def add(n, used, distinct, value, table):
    """Count a value."""
    place = slot_of(table, value)
    fresh, times = counted(table, place, value, 1)
    return n + 1, used + fresh, distinct + (1 if times == 1 else 0)


@quick
def drop(n, used, distinct, value, table):
    """Count a value off."""
    place = slot_of(table, value)
    _, times = counted(table, place, value, -1)
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
