"""seen: how often the request's own value stands in the window.

Algebra: look at the events themselves (`states.alike`), exact; merge takes the sum of each part.
Formula: f(times), null where the own value is null.  An empty window is 0.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED

TAKES = ("number", "flag", "category", "time")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = True
STATE = "alike"


@quick
def read(times, own_value):
    """f(times)."""
    if own_value <= MASKED:
        return np.nan
    return np.float64(times)
