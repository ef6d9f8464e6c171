"""var: the sample variance (n - 1) of the values in the window.

Algebra: commutative group (`states.powers2`), exact.  n*S2 - S1**2 is exact in 256 bits,
so nothing cancels.
Formula: f(n*S2 - S1**2) / (f(n) * f(n-1)) / (10**scale * 10**scale).  An empty window is null.
Source: the power-sum form of the two-pass variance (Chan, Golub, LeVeque 1983, eq. 1.2), safe
because the sums are integers; decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.limbs import float_of, second_moment
from mintmark.engine.quick import quick

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "powers2"


@quick
def read(n, high, low, q0, q1, q2, q3, unit):
    """f(M2) / (f(n) * f(n-1)) / (unit * unit), null below two values."""
    if n < 2:
        return np.nan
    spread = float_of(second_moment(n, high, low, q0, q1, q2, q3))
    return spread / (np.float64(n) * np.float64(n - 1)) / (unit * unit)
