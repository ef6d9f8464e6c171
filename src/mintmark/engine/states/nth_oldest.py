"""nth_oldest: the a-th value of the window from its older end, and when it was.

Form: look; walks over nulls.  Cost: O(a + nulls passed).
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.pages import value_at
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL

WORDS = ("value", "value_at")
FORM = "look"
EVER = "nth_ever"


@quick
def look(heap, key, field, low, settled, high, otherwise, a):
    """(NULL, 0) where there are fewer than a values."""
    left = a
    for p in range(low, high):
        v = value_at(heap, key, field, p, settled, otherwise)
        if v > MASKED:
            left -= 1
            if left == 0:
                return v, value_at(heap, key, 0, p, 0, 0)
    return NULL, 0
