"""rms: the root mean square of the values in the window.

Algebra: commutative group (`states.powers2`), exact.
Formula: sqrt(f(S2) / f(n)) / 10**scale.  An empty window is null.
Source: decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np

from mintmark.engine.limbs import float_of, wide_magnitude
from mintmark.engine.quick import quick

TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "powers2"


@quick
def read(n, q0, q1, q2, q3, unit):
    """sqrt(f(S2) / f(n)) / unit."""
    if n == 0:
        return np.nan
    return math.sqrt(float_of(wide_magnitude(q0, q1, q2, q3)) / np.float64(n)) / unit
