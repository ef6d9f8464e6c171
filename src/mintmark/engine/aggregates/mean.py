"""mean: the arithmetic mean of the values in the window.

Algebra: commutative group (`states.powers1`), exact.
Formula: f(S1) / f(n) / 10**scale.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.limbs import float_of_sum
from mintmark.engine.quick import quick

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "powers1"


@quick
def read(n, high, low, unit):
    """f(S1) / f(n) / unit."""
    if n == 0:
        return np.nan
    return float_of_sum(high, low) / np.float64(n) / unit
