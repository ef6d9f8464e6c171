"""rows: how many events the window holds, without looking at any of them.

Form: look; the two edges say it all.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick

WORDS = ("n",)
FORM = "look"


@quick
def look(low, high):
    """The distance of the edges."""
    return (high - low,)
