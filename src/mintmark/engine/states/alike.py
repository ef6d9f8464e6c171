"""alike: how many values of the window equal the request's own.

Form: look; every value is compared.  Cost: O(window), 0.3 ns a value.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.pages import left_of, place_of
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, UNKNOWN

WORDS = ("times", "own_value")
FORM = "look"


@quick
def look(heap, key, field, low, settled, high, otherwise, own_value):
    """(how many, the value that they were compared with)."""
    if own_value <= MASKED:
        return 0, own_value
    times = 0
    p = low
    while p < high:
        m = min(left_of(key, p), high - p)
        first = place_of(heap, key, field, p)
        for i in range(m):
            v = heap[first + i]
            if v == UNKNOWN and p + i < settled:
                v = otherwise
            times += 1 if v == own_value else 0
        p += m
    return times, own_value
