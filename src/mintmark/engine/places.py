"""Tables of whole numbers, or pairs of them, and what each stands for: how a row finds its keys.

A dictionary of Python's is four lines of memory a look, one after another; here all keys of a row
are asked for at once, and each is one line.  Open addressing with linear probing; nothing leaves.

    entry     a, b, value + 1 (0: nobody), unused            half a line of the cache

Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine import places_layout as P
from mintmark.engine.memory import words
from mintmark.engine.quick import quick


@quick
def first_place(size, a, b):
    """Where, in a table of `size` entries, the search for (a, b) begins."""
    mixed = (np.uint64(a) ^ (np.uint64(b) << np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= np.uint64(b) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.int64(mixed >> np.uint64(32)) & (size - 1)


@quick
def place_for(table, size, a, b):
    """The address of the entry of (a, b), or of the free one where it would stand."""
    place = first_place(size, a, b)
    while True:
        address = table + 8 * P.ENTRY_SIZE * place
        entry = words(address, P.ENTRY_SIZE)
        if entry[P.ENTRY_VALUE] == 0 or (entry[P.ENTRY_A] == a and entry[P.ENTRY_B] == b):
            return address
        place = (place + 1) & (size - 1)


@quick
def note(context):
    """Note what some numbers stand for; the table has room for them.  Returns how many are new."""
    c = words(context, P.NOTE_SIZE)
    count = c[P.NOTE_COUNT]
    a = words(c[P.NOTE_A], count)
    b = words(c[P.NOTE_B], count)
    values = words(c[P.NOTE_VALUES], count)
    fresh = 0
    for i in range(count):
        address = place_for(c[P.NOTE_TABLE], c[P.NOTE_ENTRIES], a[i], b[i])
        entry = words(address, P.ENTRY_SIZE)
        fresh += entry[P.ENTRY_VALUE] == 0
        entry[P.ENTRY_A] = a[i]
        entry[P.ENTRY_B] = b[i]
        entry[P.ENTRY_VALUE] = values[i] + 1
    return fresh
