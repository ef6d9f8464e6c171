"""distinct: how many different values the window holds.

Algebra: commutative group over counts of values (`states.tally`), exact.
Formula: f(different).  An empty window is 0.
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
def read(distinct):
    """f(different)."""
    return np.float64(distinct)
