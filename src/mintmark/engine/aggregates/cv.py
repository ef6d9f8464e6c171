"""cv: the coefficient of variation: standard deviation over mean.

Algebra: commutative group (`states.powers2`), exact.
Formula: sqrt(f(n*S2 - S1**2) / (f(n) * f(n-1))) / (f(S1) / f(n)); null if the mean is 0.
An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np

from mintmark.engine.limbs import float_of, float_of_sum, second_moment
from mintmark.engine.quick import quick

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "powers2"


@quick
def read(n, high, low, q0, q1, q2, q3):
    """std / mean, null below two values and for a mean of 0."""
    total = float_of_sum(high, low)
    if n < 2 or total == 0.0:
        return np.nan
    spread = float_of(second_moment(n, high, low, q0, q1, q2, q3))
    deviation = math.sqrt(spread / (np.float64(n) * np.float64(n - 1)))
    return deviation / (total / np.float64(n))
