"""gaps: the times between values that follow each other: how many, sum, squares, least, greatest.

Form: ordered; a window is read from its older end.  Cost: O(window), 1.5 ns a value.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.limbs import add_product
from mintmark.engine.quick import quick

WORDS = ("n", "before_at", "sum", "q0", "q1", "q2", "q3", "least", "greatest")
"""n counts values, one more than gaps; `sum` is the time from the oldest to the newest."""
FORM = "ordered"


@quick
def add(n, before_at, sum, q0, q1, q2, q3, least, greatest, at):
    """Add the gap from the value before to this one."""
    if n == 0:
        return 1, at, 0, 0, 0, 0, 0, 0, 0
    gap = at - before_at
    q0, q1, q2, q3 = add_product(q0, q1, q2, q3, gap, gap, 1)
    least = gap if n == 1 else min(least, gap)
    return n + 1, at, sum + gap, q0, q1, q2, q3, least, max(greatest, gap)
