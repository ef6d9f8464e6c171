"""std: the sample standard deviation (n - 1) of the values in the window.

Algebra: commutative group over (n, S1, S2); part by part.  The parts are exact, and n*S2 - S1**2
is exact in 256 bits, so nothing cancels.  Below two values it is null.
Formula: sqrt(f(n*S2 - S1**2) / (f(n) * f(n-1))) / 10**scale, each step rounded, in this order.
Source: the power-sum form of the two-pass variance (Chan, Golub, LeVeque 1983, eq. 1.2), which is
safe here because the sums are integers; decision 0002.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np

from mintmark.engine.limbs import float_of_limbs, variance_limbs
from mintmark.engine.quick import quick


@quick
def read(n, high, low, q0, q1, q2, q3, unit):
    """sqrt(f(n*S2 - S1**2) / (f(n) * f(n-1))) / unit, null below two values."""
    if n < 2:
        return np.nan
    l0, l1, l2, l3 = variance_limbs(
        n, high, low, np.uint64(q0), np.uint64(q1), np.uint64(q2), np.uint64(q3)
    )
    spread = float_of_limbs(l0, l1, l2, l3)
    return math.sqrt(spread / (np.float64(n) * np.float64(n - 1))) / unit
