"""below: how many values the window holds, and how many of them are less than the request's own.

Form: look; every value is compared.  Cost: O(window), 0.3 ns a value.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.pages import left_of, place_of
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL, UNKNOWN

WORDS = ("n", "less", "own_value")
FORM = "look"


@quick
def look(heap, key, field, low, settled, high, otherwise, own_value):
    """(how many, how many are less, the value that they were compared with)."""
    n = 0
    less = 0
    p = low
    while p < high:
        m = min(left_of(key, p), high - p)
        first = place_of(heap, key, field, p)
        for i in range(m):
            v = heap[first + i]
            if v == UNKNOWN:
                v = otherwise if p + i < settled else NULL
            known = v > MASKED
            n += 1 if known else 0
            less += 1 if known and v < own_value else 0
        p += m
    return n, less, own_value
