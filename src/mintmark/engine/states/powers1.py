"""powers1: how many values, and their sum as high * 2**32 + low.

Form: commutative group, word by word.  Values are cut at 32 bits, so nothing carries inside a loop,
and nothing overflows below 2**30 events; a past, which may hold more, is carried.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick

WORDS = ("n", "high", "low")
EXTENDS = "powers0"
FORM = "group"
SUMS = True

_LOW = 0xFFFFFFFF


@quick
def add(n, high, low, value):
    """Add a value."""
    return n + 1, high + (value >> 32), low + (value & _LOW)


@quick
def drop(n, high, low, value):
    """Take a value away again."""
    return n - 1, high - (value >> 32), low - (value & _LOW)


@quick
def carry(high, low):
    """The same sum, what is above 32 bits of `low` moved up."""
    return high + (low >> 32), low & _LOW
