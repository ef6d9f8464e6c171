"""since_max: seconds since the greatest value of the window last stood.

Algebra: commutative idempotent monoid (`states.greatest`), no drop.  Exact.
Formula: f(at(r) - at(e)) / 1e6, e the newest that holds it.  An empty window is null.
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
PARAMS = ()
OWN = False
STATE = "greatest"


@quick
def read(greatest, stood_at, at):
    """f(at(r) - at(e)) / 1e6."""
    if greatest == NULL:
        return np.nan
    return np.float64(at - stood_at) / 1e6
