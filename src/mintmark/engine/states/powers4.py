"""powers4: how many values, their sum, and the sums of their squares, cubes and fourth powers.

Form: commutative group; each power is a wide integer of four limbs (`engine.limbs`), exact.
No power of a value within 10**13, times 2**30 events, leaves 256 bits.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.limbs import add_power, add_product
from mintmark.engine.quick import quick
from mintmark.engine.states.powers1 import carry

__all__ = ["EXTENDS", "FORM", "WORDS", "add", "carry", "drop"]

WORDS = (
    "n", "high", "low",
    "q0", "q1", "q2", "q3", "c0", "c1", "c2", "c3", "d0", "d1", "d2", "d3",
)  # fmt: skip
EXTENDS = "powers3"
FORM = "group"

_LOW = 0xFFFFFFFF


@quick
def add(
    n, high, low, q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3, value
):  # fmt: skip
    """Add a value and its powers."""
    q0, q1, q2, q3 = add_product(q0, q1, q2, q3, value, value, 1)
    c0, c1, c2, c3 = add_power(c0, c1, c2, c3, value, 1, 0)
    d0, d1, d2, d3 = add_power(d0, d1, d2, d3, value, 1, 1)
    return (
        n + 1, high + (value >> 32), low + (value & _LOW),
        q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3,
    )  # fmt: skip


@quick
def drop(
    n, high, low, q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3, value
):  # fmt: skip
    """Take a value and its powers away again."""
    q0, q1, q2, q3 = add_product(q0, q1, q2, q3, value, value, -1)
    c0, c1, c2, c3 = add_power(c0, c1, c2, c3, value, -1, 0)
    d0, d1, d2, d3 = add_power(d0, d1, d2, d3, value, -1, 1)
    return (
        n - 1, high - (value >> 32), low - (value & _LOW),
        q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3,
    )  # fmt: skip
