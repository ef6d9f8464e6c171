"""sum: the sum of the values in the window.

Algebra: commutative group over integers; zero 0, add +v, drop -v, merge +.  Exact, rounded once.
An empty window sums to 0.  Formula: f(S1) / 10**scale.  Source: decision 0002.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.limbs import float_of_sum
from mintmark.engine.quick import quick


@quick
def read(high, low, unit):
    """f(S1) / unit, with S1 = high * 2**32 + low."""
    return float_of_sum(high, low) / unit
