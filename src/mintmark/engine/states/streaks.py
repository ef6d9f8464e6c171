"""streaks: runs of values that are not 0: the one at the newer end, and the longest.

Form: ordered.  Cost: O(window), 1 ns a value.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick

WORDS = ("current", "longest")
FORM = "ordered"


@quick
def add(current, longest, value):
    """Lengthen the run, or begin anew."""
    current = current + 1 if value != 0 else 0
    return current, max(longest, current)
