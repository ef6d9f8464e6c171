"""powers0: how many values the window holds.

Form: commutative group; zero 0, add +1, drop -1, merge +.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick

WORDS = ("n",)
FORM = "group"
SUMS = True


@quick
def add(n, value):
    """One more."""
    return (n + 1,)


@quick
def drop(n, value):
    """One less."""
    return (n - 1,)
