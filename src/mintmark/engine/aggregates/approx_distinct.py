"""approx_distinct: about how many different values the window holds, within 1.6 % in two of three.

Algebra: commutative idempotent monoid (`states.registers`), no drop.
A sketch that does not depend on order.
Formula: HyperLogLog of 4,096 registers, linear counting below 10,240.  An empty window is 0.
Source: Flajolet, Fusy, Gandouet, Meunier, HyperLogLog (AofA 2007), figure 3; decision 0006.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.exact_math import log
from mintmark.engine.limbs import float_of_sum
from mintmark.engine.quick import quick

TAKES = ("number", "flag", "category", "time")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "registers"
_ALPHA = 0.7213 / (1.0 + 1.079 / 4096.0)


@quick
def read(high, low, zeros):
    """The estimate of figure 3, linear counting in its small range."""
    if zeros == 4096:
        return 0.0
    scaled = float_of_sum(high, low)
    estimate = _ALPHA * 4096.0 * 4096.0 / (scaled / 9007199254740992.0)
    if estimate <= 10240.0 and zeros > 0:
        return 4096.0 * log(4096.0 / np.float64(zeros))
    return estimate
