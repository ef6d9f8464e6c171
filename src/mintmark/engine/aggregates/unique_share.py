"""unique_share: the share of different values among all.

Algebra: commutative group over counts of values (`states.tally`), exact.
Formula: f(different) / f(n).  An empty window is null.
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
STATE = "tally"


@quick
def read(n, distinct):
    """f(different) / f(n)."""
    if n == 0:
        return np.nan
    return np.float64(distinct) / np.float64(n)
