"""count: how many values (or events, without a column) the window holds.

Algebra: commutative group; zero 0, add +1, drop -1, merge +.  Exact.  An empty window counts 0.
Formula: f(n).  Source: decision 0002.
"""

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick


@quick
def read(n):
    """f(n), the float64 nearest to n."""
    return np.float64(n)
