"""current_streak: the run of true values at the newer end of the window, nulls skipped.

Algebra: monoid over the order of events (`states.streaks`), read from the older end; exact.
Formula: f(length).  An empty window is 0.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick

TAKES = ("flag",)
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "streaks"


@quick
def read(current):
    """f(length)."""
    return np.float64(current)
