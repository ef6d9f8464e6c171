"""rate: how many events the window holds for each stretch of time.

Algebra: commutative group (`states.powers0`), exact.
Formula: f(n) * (f(per) / f(span)).  An empty window is 0.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick

TAKES = ("number", "flag", "category", "time")
GIVES = "number"
ROWS = True
PARAMS = ("per_us", "span_us")
OWN = False
STATE = "powers0"


@quick
def read(n, a, b):
    """f(n) * (f(a) / f(b)), a being the stretch and b the span, us."""
    return np.float64(n) * (np.float64(a) / np.float64(b))
