"""distinct: how many different values the window holds.

Algebra: set union; merge, no drop.  Exact: values (codes of strings, integers) are compared for
equality in an open-addressing table with linear probing, or pairwise in a short window.
An empty window counts 0.  Formula: f(n).
Source: Knuth, The Art of Computer Programming vol. 3, section 6.4 (algorithm L); decision 0002.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL, UNKNOWN

SHORT = 24


@quick
def room(n):
    """Words of scratch that `read` needs for n events: the power of two that is 2n or more."""
    size = 64
    while size < 2 * n:
        size *= 2
    return size


@quick
def read(view, settled, otherwise, scratch):
    """The number of different values; `scratch` holds `room(view.size)` words at least."""
    short = view.size <= SHORT
    size = room(view.size)
    table = scratch[:size]
    if not short:
        table[:] = NULL
    found = 0
    for i in range(view.size):
        v = view[i]
        if v == UNKNOWN:
            v = otherwise if i < settled else NULL
        if v <= MASKED:
            continue
        place = 0
        if short:
            while place < found and table[place] != v:
                place += 1
            fresh = place == found
        else:
            mixed = np.uint64(v) * np.uint64(0x9E3779B97F4A7C15)
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
            place = np.int64(mixed >> np.uint64(32)) & (size - 1)
            while table[place] != NULL and table[place] != v:
                place = (place + 1) & (size - 1)
            fresh = table[place] == NULL
        if fresh:
            table[place] = v
            found += 1
    return np.float64(found)
