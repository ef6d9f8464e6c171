"""max: the greatest value in the window.

Algebra: commutative idempotent monoid (`states.greatest`), no drop.  Exact.
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
STATE = "greatest"


@quick
def read(greatest, unit):
    """f(v) / unit."""
    if greatest == NULL:
        return np.nan
    return np.float64(greatest) / unit
