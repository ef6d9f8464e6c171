"""least: the smallest value of the window, and the newest time at which it stood.

Form: commutative idempotent monoid; what was added cannot be taken away, but only the value that
decides is missed: when that one leaves, the window is read again.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

WORDS = ("least", "stood_at")
ZERO = (NULL, NULL)
FORM = "monoid"


@quick
def add(least, stood_at, value, at):
    """Keep the one that decides, the newest of equals."""
    if least == NULL or value < least:
        return value, at
    if value == least and at > stood_at:
        return least, at
    return least, stood_at


@quick
def lost(least, stood_at, value, at):
    """Whether a value that leaves may have been the one that decides."""
    return value == least and at == stood_at
