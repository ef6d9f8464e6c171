"""line: the sums that a least-squares line through (at, value) needs.

Form: commutative group; times are microseconds as they are, sums of products are wide integers.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.limbs import add_product
from mintmark.engine.quick import quick
from mintmark.engine.states.powers1 import carry

__all__ = ["EXTENDS", "FORM", "WORDS", "add", "carry", "drop"]

WORDS = (
    "n", "high", "low", "x0", "x1", "x2", "x3", "y0", "y1", "y2", "y3", "z0", "z1", "z2", "z3",
)  # fmt: skip
"""x: sum of times;  y: of their squares;  z: of time * value."""
EXTENDS = "powers1"
FORM = "group"

_LOW = 0xFFFFFFFF


@quick
def add(n, high, low, x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3, value, at):
    """Add a point."""
    x0, x1, x2, x3 = add_product(x0, x1, x2, x3, at, 1, 1)
    y0, y1, y2, y3 = add_product(y0, y1, y2, y3, at, at, 1)
    z0, z1, z2, z3 = add_product(z0, z1, z2, z3, at, value, 1)
    return (
        n + 1, high + (value >> 32), low + (value & _LOW),
        x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3,
    )  # fmt: skip


@quick
def drop(n, high, low, x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3, value, at):
    """Take a point away again."""
    x0, x1, x2, x3 = add_product(x0, x1, x2, x3, at, 1, -1)
    y0, y1, y2, y3 = add_product(y0, y1, y2, y3, at, at, -1)
    z0, z1, z2, z3 = add_product(z0, z1, z2, z3, at, value, -1)
    return (
        n - 1, high - (value >> 32), low - (value & _LOW),
        x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3,
    )  # fmt: skip
