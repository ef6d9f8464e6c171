"""decay_sum: the sum of the values, each fading by half with every half-life.

Algebra: commutative group over ticks of 1/32 half-life (`states.fading`), exact.
Formula: f(sum of w*v) / 2**64 / 10**scale.  An empty window is 0.
Source: exponential decay over ticks by an integer table (design, section 3.7); decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.limbs import float_of, wide_magnitude
from mintmark.engine.quick import quick

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ("half_life_us", "tick_us")
OWN = False
STATE = "fading"


@quick
def read(s0, s1, s2, s3, unit):
    """f(sum of w*v) / 2**64 / unit."""
    return float_of(wide_magnitude(s0, s1, s2, s3)) / 18446744073709551616.0 / unit
