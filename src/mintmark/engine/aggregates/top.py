"""top: the k-th greatest value of the window.

Algebra: commutative group over the sorted values (`states.rank_from_top`), exact.
Formula: f(v) / 10**scale.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ("k",)
OWN = False
STATE = "rank_from_top"


@quick
def read(value, unit):
    """f(v) / unit."""
    if value == NULL:
        return np.nan
    return np.float64(value) / unit
