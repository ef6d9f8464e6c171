"""Tables of (value, count) pairs in plain words: what states that count values are made of.

Open addressing with linear probing; a value is never NULL, which marks a free pair.  A pair whose
count is 0 stays until the table moves, so that no chain of probes is cut.
Compiled; imported only by the states.
"""

# Numba infers the types of what follows; `engine.units` compiles it into each unit that counts.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL


@quick
def words_for(n):
    """Words of a table for n different values: a power of two, at most half of its pairs used."""
    size = 64
    while size < 4 * n:
        size *= 2
    return size


@quick
def first_pair(size, value):
    """The pair, of a table of `size` words, at which the search for a value begins."""
    mixed = np.uint64(value) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return (np.int64(mixed >> np.uint64(32)) << 1) & (size - 2)


@quick
def slot_of(table, value):
    """Where a value stands, or the free pair where it would."""
    mask = table.size - 2
    place = first_pair(table.size, value)
    while table[place] != NULL and table[place] != value:
        place = (place + 2) & mask
    return place


@quick
def counted(table, place, value, step):
    """Change the count of the pair at a place; (1 if the pair is new, the count after)."""
    fresh = 0
    if table[place] == NULL:
        table[place] = value
        table[place + 1] = 0
        fresh = 1
    table[place + 1] += step
    return fresh, table[place + 1]


@quick
def moved(table, larger):
    """Copy the pairs that count something into an empty table; how many they are."""
    used = 0
    for i in range(0, table.size, 2):
        if table[i] != NULL and table[i + 1] != 0:
            place = slot_of(larger, table[i])
            larger[place] = table[i]
            larger[place + 1] = table[i + 1]
            used += 1
    return used
