"""gap_min: the shortest time between values that follow each other, seconds.

Algebra: monoid over the order of events (`states.gaps`), read from the older end; exact.
Formula: f(gap) / 1e6; null below two values.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick

TAKES = ("number", "flag", "category", "time")
GIVES = "number"
ROWS = True
PARAMS = ()
OWN = False
STATE = "gaps"


@quick
def read(n, least):
    """f(gap) / 1e6."""
    if n < 2:
        return np.nan
    return np.float64(least) / 1e6
