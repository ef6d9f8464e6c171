"""turns: how often a value differs from the one before.

Form: ordered.  Cost: O(window), 1 ns a value.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

WORDS = ("before", "turns")
ZERO = (NULL, 0)
FORM = "ordered"


@quick
def add(before, turns, value):
    """Compare a value with the one before."""
    return value, turns + (1 if before != NULL and before != value else 0)
