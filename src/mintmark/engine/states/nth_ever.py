"""nth_ever: the a-th value since the key began, and when it was, for a window without a beginning.

Form: ordered; n counts values, up to a.  What `states.nth_oldest` looks for, this one keeps: the
same two words come first.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

WORDS = ("nth", "nth_at", "n")
ZERO = (NULL, 0, 0)
FORM = "ordered"


@quick
def add(nth, nth_at, n, a, value, at):
    """Take the a-th one, pass over all others."""
    if n + 1 == a:
        return value, at, a
    return nth, nth_at, min(n + 1, a)
