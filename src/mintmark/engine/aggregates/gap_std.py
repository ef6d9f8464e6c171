"""gap_std: the sample standard deviation of the times between values, seconds.

Algebra: monoid over the order of events (`states.gaps`), read from the older end; exact.
Formula: sqrt(f(m*G2 - G1**2) / (f(m) * f(m-1))) / 1e6 over m = n-1 gaps; null below two gaps.
An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np

from mintmark.engine.limbs import float_of, second_moment
from mintmark.engine.quick import quick

TAKES = ("number", "flag", "category", "time")
GIVES = "number"
ROWS = True
PARAMS = ()
OWN = False
STATE = "gaps"


@quick
def read(n, sum, q0, q1, q2, q3):
    """sqrt(f(m*G2 - G1**2) / (f(m) * f(m-1))) / 1e6."""
    m = n - 1
    if m < 2:
        return np.nan
    spread = float_of(second_moment(m, sum >> 32, sum & 0xFFFFFFFF, q0, q1, q2, q3))
    return math.sqrt(spread / (np.float64(m) * np.float64(m - 1))) / 1e6
