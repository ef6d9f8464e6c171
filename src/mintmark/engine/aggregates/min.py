"""min: the smallest value in the window.

Algebra: commutative idempotent monoid (`states.least`), no drop.  Exact.
Formula: f(v) / 10**scale.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

TAKES = ("number", "flag", "time")
GIVES = None
ROWS = False
PARAMS = ()
OWN = False
STATE = "least"


@quick
def read(least, unit):
    """f(v) / unit."""
    if least == NULL:
        return np.nan
    return np.float64(least) / unit
