"""rank_by_share: as `states.ranks`, with the value at a share of the values, nearest rank.

Form: commutative group with a table, as `states.ranks`.  a : the share in parts of a million.
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
    if n == 0:
        return (NULL,)
    return (table[max(1, (a * n + 999_999) // 1_000_000) - 1],)
