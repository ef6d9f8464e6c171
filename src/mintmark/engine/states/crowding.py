"""crowding: as `states.tally`, with the sum of the squares of the counts of different values.

Form: commutative group with a table; a count that grows from c adds 2c + 1 to its square.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine import layout as L
from mintmark.engine.pairs import counted, moved, slot_of, words_for
from mintmark.engine.quick import quick

WORDS = ("n", "used", "distinct", "squares")
EXTENDS = "tally"
FORM = "group"
TABLE = True
FAR = L.FAR_PAIRS

room = words_for


@quick
def add(n, used, distinct, squares, value, table):
    """Count a value."""
    place = slot_of(table, value)
    fresh, times = counted(table, place, value, 1)
    squares += 2 * times - 1
    return n + 1, used + fresh, distinct + (1 if times == 1 else 0), squares


@quick
def drop(n, used, distinct, squares, value, table):
    """Count a value off."""
    place = slot_of(table, value)
    _, times = counted(table, place, value, -1)
    squares -= 2 * times + 1
    return n - 1, used, distinct - (1 if times == 0 else 0), squares


@quick
def fits(used, size):
    """Whether one more value fits into a table of `size` words."""
    return 4 * (used + 1) <= size


@quick
def wanted(distinct):
    """Words of the table to move to: values that are gone are left behind."""
    return words_for(2 * distinct + 16)


@quick
def move(n, used, distinct, squares, table, larger):
    """Count everything again into another table."""
    return n, moved(table, larger), distinct, squares
