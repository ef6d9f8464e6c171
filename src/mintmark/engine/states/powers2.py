"""powers2: how many values, their sum, and the sums of their squares.

Form: commutative group; each power is a wide integer of four limbs (`engine.limbs`), exact.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.limbs import add_product
from mintmark.engine.quick import quick
from mintmark.engine.states.powers1 import carry

__all__ = ["EXTENDS", "FORM", "WORDS", "add", "carry", "drop"]

WORDS = (
    "n", "high", "low",
    "q0", "q1", "q2", "q3",
)  # fmt: skip
EXTENDS = "powers1"
FORM = "group"

_LOW = 0xFFFFFFFF


@quick
def add(
    n, high, low, q0, q1, q2, q3, value
):  # fmt: skip
    """Add a value and its powers."""
    q0, q1, q2, q3 = add_product(q0, q1, q2, q3, value, value, 1)
    return (
        n + 1, high + (value >> 32), low + (value & _LOW),
        q0, q1, q2, q3,
    )  # fmt: skip


@quick
def drop(
    n, high, low, q0, q1, q2, q3, value
):  # fmt: skip
    """Take a value and its powers away again."""
    q0, q1, q2, q3 = add_product(q0, q1, q2, q3, value, value, -1)
    return (
        n - 1, high - (value >> 32), low - (value & _LOW),
        q0, q1, q2, q3,
    )  # fmt: skip
