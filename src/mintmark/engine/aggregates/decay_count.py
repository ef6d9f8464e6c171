"""decay_count: how many values, each fading by half with every half-life.

Algebra: commutative group over ticks of 1/32 half-life (`states.fading`), exact.
Formula: f(sum of w) / 2**64.  An empty window is 0.
Source: exponential decay over ticks by an integer table (design, section 3.7); decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.limbs import float_of, wide_magnitude
from mintmark.engine.quick import quick

TAKES = ("number", "flag", "category", "time")
GIVES = "number"
ROWS = True
PARAMS = ("half_life_us", "tick_us")
OWN = False
STATE = "fading"


@quick
def read(c0, c1, c2, c3):
    """f(sum of w) / 2**64."""
    return float_of(wide_magnitude(c0, c1, c2, c3)) / 18446744073709551616.0
