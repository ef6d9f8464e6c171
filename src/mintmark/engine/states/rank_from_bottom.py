"""rank_from_bottom: the values of the window in order of size, and the a-th smallest of them.

Form: commutative group with a table, as `states.ranks`.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL
from mintmark.engine.states.ranks import add, drop, fits, move, room, wanted

__all__ = [
    "FINISHED", "FORM", "TABLE", "WORDS", "add", "drop", "finish", "fits", "move", "room", "wanted",
]  # fmt: skip

WORDS = ("n",)
FINISHED = ("value",)
FORM = "group"
TABLE = True


@quick
def finish(n, table, a):
    """The value, NULL where there is none."""
    if n < a:
        return (NULL,)
    return (table[a - 1],)
