"""max: the greatest value in the window.

Algebra: commutative idempotent monoid; merge max, no drop (a window that slides is read again).
Exact: integers are compared.  An empty window is null.  Formula: f(v) / 10**scale.
Source: decision 0002.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL, UNKNOWN


@quick
def read(view, settled, otherwise, unit):
    """The greatest value; an unknown outcome is `otherwise` in the first `settled` events."""
    best = NULL
    for i in range(view.size):
        v = view[i]
        if v == UNKNOWN:
            v = otherwise if i < settled else NULL
        if v > MASKED and (best == NULL or v > best):
            best = v
    if best == NULL:
        return np.nan
    return np.float64(best) / unit
