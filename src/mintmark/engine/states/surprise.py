"""surprise: as `states.tally`, with the sum of L(count) over the different values.

L(c) is c * ln(c) in units of 2**-20, rounded to a whole number, so the sum does not depend on the
order in which values came.
Form: commutative group with a table.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.exact_math import log
from mintmark.engine.pairs import counted, moved, slot_of, words_for
from mintmark.engine.quick import quick

WORDS = ("n", "used", "distinct", "logs")
EXTENDS = "tally"
FORM = "group"
TABLE = True
FAR = L.FAR_PAIRS

room = words_for


@quick
def weight_of(count):
    """L(count)."""
    if count < 2:
        return 0
    c = np.float64(count)
    return np.int64(np.rint(log(c) * c * 1048576.0))


@quick
def add(n, used, distinct, logs, value, table):
    """Count a value."""
    place = slot_of(table, value)
    fresh, times = counted(table, place, value, 1)
    logs += weight_of(times) - weight_of(times - 1)
    return n + 1, used + fresh, distinct + (1 if times == 1 else 0), logs


@quick
def drop(n, used, distinct, logs, value, table):
    """Count a value off."""
    place = slot_of(table, value)
    _, times = counted(table, place, value, -1)
    logs += weight_of(times) - weight_of(times + 1)
    return n - 1, used, distinct - (1 if times == 0 else 0), logs


@quick
def fits(used, size):
    """Whether one more value fits into a table of `size` words."""
    return 4 * (used + 1) <= size


@quick
def wanted(distinct):
    """Words of the table to move to: values that are gone are left behind."""
    return words_for(2 * distinct + 16)


@quick
def move(n, used, distinct, logs, table, larger):
    """Count everything again into another table."""
    return n, moved(table, larger), distinct, logs
