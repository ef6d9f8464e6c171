"""count: how many values (or events, without a column) the window holds.

Algebra: commutative group; zero 0, add +1, drop -1, merge +.  Exact.  An empty window counts 0.
Formula: f(n).  Source: decision 0002.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick


@quick
def read(n):
    """f(n), the float64 nearest to n."""
    return np.float64(n)
