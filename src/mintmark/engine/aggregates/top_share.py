"""top_share: the share of the most frequent value among all.

Algebra: commutative group over counts of values (`states.commonest`), exact.
Formula: f(times) / f(n).  An empty window is null.
Source: decision 0006.
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
STATE = "commonest"


@quick
def read(n, times):
    """f(times) / f(n)."""
    if n == 0:
        return np.nan
    return np.float64(times) / np.float64(n)
