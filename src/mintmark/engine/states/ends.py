"""ends: how many values the window holds, and when the oldest and the newest of them were.

Form: look; walks over the nulls at the ends, and counts in between only as far as two.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.pages import value_at
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED

WORDS = ("oldest_at", "newest_at")
FORM = "look"


@quick
def look(heap, key, field, low, settled, high, otherwise):
    """(0, 0) where there is no value."""
    first = low
    while first < high and value_at(heap, key, field, first, settled, otherwise) <= MASKED:
        first += 1
    if first == high:
        return 0, 0
    last = high - 1
    while value_at(heap, key, field, last, settled, otherwise) <= MASKED:
        last -= 1
    return value_at(heap, key, 0, first, 0, 0), value_at(heap, key, 0, last, 0, 0)
