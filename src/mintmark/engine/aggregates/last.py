"""last: the value of the newest event of the window that has one, newest by (`at`, `seq`).

Algebra: look at the events themselves (`states.nth_newest`), exact; merge takes the later part.
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
STATE = "nth_newest"


@quick
def read(value, unit):
    """f(v) / unit."""
    if value == NULL:
        return np.nan
    return np.float64(value) / unit
