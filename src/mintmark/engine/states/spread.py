"""spread: the smallest and the greatest value of the window.

Form: commutative idempotent monoid, as `states.least`.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

WORDS = ("least", "greatest")
ZERO = (NULL, NULL)
FORM = "monoid"


@quick
def add(least, greatest, value):
    """Widen the range to hold a value."""
    if least == NULL:
        return value, value
    return min(least, value), max(greatest, value)


@quick
def lost(least, greatest, value):
    """Whether a value that leaves stood at an end."""
    return value in (least, greatest)
