"""since_last: seconds from the newest event of the window (that has a value) to the request.

Algebra: look at the events themselves (`states.nth_newest`), exact; merge takes the later part.
Formula: f(at(r) - at(e)) / 1e6.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

TAKES = ("number", "flag", "category", "time")
GIVES = "number"
ROWS = True
PARAMS = ()
OWN = False
STATE = "nth_newest"


@quick
def read(value, value_at, at):
    """f(at(r) - at(e)) / 1e6."""
    if value == NULL:
        return np.nan
    return np.float64(at - value_at) / 1e6
