"""greatest: the greatest value of the window, and the newest time at which it stood.

Form: commutative idempotent monoid; what was added cannot be taken away, but only the value that
decides is missed: when that one leaves, the window is read again.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

WORDS = ("greatest", "stood_at")
ZERO = (NULL, NULL)
FORM = "monoid"


@quick
def add(greatest, stood_at, value, at):
    """Keep the one that decides, the newest of equals."""
    if greatest == NULL or value > greatest:
        return value, at
    if value == greatest and at > stood_at:
        return greatest, at
    return greatest, stood_at


@quick
def lost(greatest, stood_at, value, at):
    """Whether a value that leaves may have been the one that decides."""
    return value == greatest and at == stood_at
