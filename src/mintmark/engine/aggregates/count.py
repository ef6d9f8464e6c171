"""count: how many values, or events without a column, the window holds.

Algebra: commutative group (`states.powers0`), exact.
Formula: f(n).  An empty window is 0.
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
PARAMS = ()
OWN = False
STATE = "powers0"


@quick
def read(n):
    """f(n)."""
    return np.float64(n)
