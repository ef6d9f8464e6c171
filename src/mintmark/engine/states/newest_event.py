"""newest_event: the value of the newest event of the window, null or not.

Form: look.  Cost: O(1).
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.pages import value_at
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

WORDS = ("value",)
FORM = "look"
NEWEST = "events"


@quick
def look(heap, key, field, low, settled, high, otherwise):
    """NULL without events."""
    if high == low:
        return (NULL,)
    return (value_at(heap, key, field, high - 1, settled, otherwise),)
