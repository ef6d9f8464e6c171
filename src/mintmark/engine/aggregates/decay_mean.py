"""decay_mean: the mean of the values, each weighing half with every half-life.

Algebra: commutative group over ticks of 1/32 half-life (`states.fading`), exact.
Formula: f(sum of w*v) / f(sum of w) / 10**scale.  An empty window is null.
Source: exponential decay over ticks by an integer table (design, section 3.7); decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.limbs import float_of, wide_magnitude
from mintmark.engine.quick import quick

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ("half_life_us", "tick_us")
OWN = False
STATE = "fading"


@quick
def read(c0, c1, c2, c3, s0, s1, s2, s3, unit):
    """f(sum of w*v) / f(sum of w) / unit."""
    weight = float_of(wide_magnitude(c0, c1, c2, c3))
    if weight == 0.0:
        return np.nan
    return float_of(wide_magnitude(s0, s1, s2, s3)) / weight / unit
