"""mean: the arithmetic mean of the values in the window.

Algebra: commutative group over (n, S1); zero (0, 0), add, drop, merge part by part.  The parts are
exact.  Empty is null.
Formula: f(S1) / f(n) / 10**scale, each step rounded, in this order.  Source: decision 0002.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.limbs import float_of_sum
from mintmark.engine.quick import quick


@quick
def read(n, high, low, unit):
    """f(S1) / f(n) / unit, null without values."""
    if n == 0:
        return np.nan
    return float_of_sum(high, low) / np.float64(n) / unit
