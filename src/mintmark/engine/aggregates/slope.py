"""slope: the slope of the least-squares line through the values, per second.

Algebra: commutative group (`states.line`), exact.
Formula: f(n*Sxv - Sx*S1) / f(n*Sxx - Sx**2) / 10**scale * 1e6, x = at; null where all times
are equal.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.limbs import add_product, cross_moment, float_of
from mintmark.engine.quick import quick

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "line"


@quick
def read(
    n, high, low, x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3, unit
):  # fmt: skip
    """f(n*Sxv - Sx*S1) / f(n*Sxx - Sx**2) / unit * 1e6."""
    across = float_of(cross_moment(n, y0, y1, y2, y3, x0, x1, x2, x3, x0, x1, x2, x3))
    if across == 0.0:
        return np.nan
    v0, v1, v2, v3 = add_product(0, 0, 0, 0, high, 1 << 32, 1)
    v0, v1, v2, v3 = add_product(v0, v1, v2, v3, low, 1, 1)
    rise = float_of(cross_moment(n, z0, z1, z2, z3, x0, x1, x2, x3, v0, v1, v2, v3))
    return rise / across / unit * 1e6
