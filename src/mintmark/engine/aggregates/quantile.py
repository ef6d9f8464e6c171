"""quantile: the value at a share of the sorted values of the window, nearest rank.

Algebra: commutative group over the sorted values (`states.rank_by_share`), exact.
Formula: f(v at rank max(1, ceil(share * n))) / 10**scale.  An empty window is null.
Source: Hyndman and Fan, Sample Quantiles in Statistical Packages (1996), definition 1;
decision 0006.
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
PARAMS = ("share_ppm",)
OWN = False
STATE = "rank_by_share"


@quick
def read(value, unit):
    """f(v) / unit."""
    if value == NULL:
        return np.nan
    return np.float64(value) / unit
