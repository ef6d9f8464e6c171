"""skew: the skewness g1 of the values in the window.

Algebra: commutative group (`states.powers3`), exact.  Values beyond 10**13 are refused by the plan.
Formula: f(M3) / (f(M2) * sqrt(f(M2))), M2 = n*S2 - S1**2, M3 = n**2*S3 - 3*n*S1*S2 + 2*S1**3.
An empty window is null.
Source: Joanes and Gill, Comparing measures of sample skewness and kurtosis (1998), g1;
decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np

from mintmark.engine.limbs import float_of, second_moment, third_moment
from mintmark.engine.quick import quick

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
RANGE = 10_000_000_000_000
STATE = "powers3"


@quick
def read(n, high, low, q0, q1, q2, q3, c0, c1, c2, c3):
    """g1, null below three values and where all are equal."""
    if n < 3:
        return np.nan
    spread = float_of(second_moment(n, high, low, q0, q1, q2, q3))
    if spread == 0.0:
        return np.nan
    lean = float_of(third_moment(n, high, low, q0, q1, q2, q3, c0, c1, c2, c3))
    return lean / (spread * math.sqrt(spread))
