"""last: the value of the newest event of the window that has one, newest by (`at`, `seq`).

Algebra: monoid over the order of events; merge takes the later part, no drop.  Exact.
An empty window is null.  Formula: f(v) / 10**scale.  Source: decision 0002.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL, UNKNOWN


@quick
def read(view, settled, otherwise, unit):
    """The newest value; an unknown outcome is `otherwise` in the first `settled` events."""
    for j in range(view.size):
        i = view.size - 1 - j
        v = view[i]
        if v == UNKNOWN:
            v = otherwise if i < settled else NULL
        if v > MASKED:
            return np.float64(v) / unit
    return np.nan
