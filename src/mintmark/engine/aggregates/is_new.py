"""is_new: whether the request's own value does not stand in the window.

Algebra: look at the events themselves (`states.alike`), exact; merge takes the or part.
Formula: 1 or 0, null where the own value is null.  An empty window is 1.
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
    """1.0 where no value is alike."""
    if own_value <= MASKED:
        return np.nan
    return 1.0 if times == 0 else 0.0
