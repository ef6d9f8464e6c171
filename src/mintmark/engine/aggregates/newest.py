"""newest: the value of the newest event of the window, null if that is null.

Algebra: look at the events themselves (`states.newest_event`), exact; merge takes the later part.
Formula: f(v) / 10**scale.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED

TAKES = ("number", "flag", "category", "time")
GIVES = None
ROWS = False
PARAMS = ()
OWN = False
STATE = "newest_event"


@quick
def read(value, unit):
    """f(v) / unit."""
    if value <= MASKED:
        return np.nan
    return np.float64(value) / unit
