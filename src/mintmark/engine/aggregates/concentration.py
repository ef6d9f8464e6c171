"""concentration: how concentrated the values of the window are: that two drawn are alike.

Algebra: commutative group over counts of values (`states.crowding`), exact.
Formula: f(sum of count**2) / (f(n) * f(n)).  An empty window is null.
Source: Herfindahl, Concentration in the Steel Industry (1950); decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick

TAKES = ("number", "flag", "category", "time")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "crowding"


@quick
def read(n, squares):
    """f(sum of count**2) / (f(n) * f(n))."""
    if n == 0:
        return np.nan
    return np.float64(squares) / (np.float64(n) * np.float64(n))
