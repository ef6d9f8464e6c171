"""changes: how often a value of the window differs from the one before.

Algebra: monoid over the order of events (`states.turns`), read from the older end; exact.
Formula: f(changes).  An empty window is 0.
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
STATE = "turns"


@quick
def read(turns):
    """f(changes)."""
    return np.float64(turns)
