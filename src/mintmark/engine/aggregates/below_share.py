"""below_share: the share of the window's values that are less than the request's own.

Algebra: look at the events themselves (`states.below`), exact; merge adds both counts.
Formula: f(less) / f(n), null where the own value is null.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED

TAKES = ("number", "flag", "time")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = True
STATE = "below"


@quick
def read(n, less, own_value):
    """f(less) / f(n)."""
    if n == 0 or own_value <= MASKED:
        return np.nan
    return np.float64(less) / np.float64(n)
