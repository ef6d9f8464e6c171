"""kurt: the excess kurtosis g2 of the values in the window.

Algebra: commutative group (`states.powers4`), exact.  Values beyond 10**13 are refused by the plan.
Formula: f(M4) / (f(M2) * f(M2)) - 3, M4 = n**3*S4 - 4*n**2*S1*S3 + 6*n*S1**2*S2 - 3*S1**4.
An empty window is null.
Source: Joanes and Gill, Comparing measures of sample skewness and kurtosis (1998), g2;
decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.limbs import float_of, fourth_moment, second_moment
from mintmark.engine.quick import quick

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
RANGE = 10_000_000_000_000
STATE = "powers4"


@quick
def read(
    n, high, low, q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3
):  # fmt: skip
    """g2, null below four values and where all are equal."""
    if n < 4:
        return np.nan
    spread = float_of(second_moment(n, high, low, q0, q1, q2, q3))
    if spread == 0.0:
        return np.nan
    tails = float_of(
        fourth_moment(
            n, high, low, q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3
        )
    )  # fmt: skip
    return tails / (spread * spread) - 3.0
