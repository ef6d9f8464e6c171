"""first: the value of the oldest event of the window that has one.

Algebra: look at the events themselves (`states.nth_oldest`), exact; merge takes the earlier part.
Formula: f(v) / 10**scale.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

TAKES = ("number", "flag", "category", "time")
GIVES = None
ROWS = False
PARAMS = ()
OWN = False
STATE = "nth_oldest"


@quick
def read(value, unit):
    """f(v) / unit."""
    if value == NULL:
        return np.nan
    return np.float64(value) / unit
