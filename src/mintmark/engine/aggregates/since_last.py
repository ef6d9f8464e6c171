"""since_last: seconds from the newest event of the window (that has a value) to the request.

Algebra: monoid over the order of events; merge takes the later part, no drop.  Exact to the
microsecond, rounded once.  An empty window is null.  Formula: f(at(r) - at(e)) / 1e6.
Source: decision 0002.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL, UNKNOWN


@quick
def newest(view, settled, otherwise):
    """The place of the newest event that has a value, or -1."""
    for j in range(view.size):
        i = view.size - 1 - j
        v = view[i]
        if v == UNKNOWN:
            v = otherwise if i < settled else NULL
        if v > MASKED:
            return i
    return -1


@quick
def read(at_request, at_event):
    """f(at(r) - at(e)) / 1e6 seconds."""
    return np.float64(at_request - at_event) / 1e6
