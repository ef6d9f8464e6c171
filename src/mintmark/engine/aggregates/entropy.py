"""entropy: the entropy of the values of the window, in nats.

Algebra: commutative group over counts of values (`states.surprise`), exact.
Formula: f(max(0, L(n) - sum of L(count))) / f(n) / 2**20, L(c) = round(c * ln c * 2**20).
An empty window is null.
Source: Shannon, A Mathematical Theory of Communication (1948), section 6; decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.states.surprise import weight_of

TAKES = ("number", "flag", "category", "time")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "surprise"


@quick
def read(n, logs):
    """f(max(0, L(n) - sum of L)) / f(n) / 2**20."""
    if n == 0:
        return np.nan
    return np.float64(max(0, weight_of(n) - logs)) / np.float64(n) / 1048576.0
