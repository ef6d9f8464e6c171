"""range: the distance from the smallest to the greatest value of the window.

Algebra: commutative idempotent monoid (`states.spread`), no drop.  Exact.
Formula: f(max - min) / 10**scale.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "spread"


@quick
def read(least, greatest, unit):
    """f(max - min) / unit."""
    if least == NULL:
        return np.nan
    # The distance of two values of 62 bits fits into 64 bits without a sign.
    return np.float64(np.uint64(greatest) - np.uint64(least)) / unit
