"""What a code stands for, seen from compiled code: the order and the hash of values.

Codes of texts are numbered as they are met, so they are never compared by number: their bytes are.
`texts` is a short table of addresses that `engine.interner` keeps: [coded, starts, bytes, hashes];
where `coded` is 0 the values are plain integers.  Compiled; imported only by the states.
"""

# Numba infers the types of what follows; `engine.units` compiles it into each unit that asks.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.memory import octets, words
from mintmark.engine.quick import quick

CODED, STARTS, BYTES, HASHES = range(4)
SIZE = 4


@quick
def comes_before(v, w, texts):
    """Whether v is smaller than w: integers by number, texts by bytes."""
    if texts[CODED] == 0:
        return v < w
    edges = words(texts[STARTS], max(v, w) + 2)
    a = octets(texts[BYTES] + edges[v], edges[v + 1] - edges[v])
    b = octets(texts[BYTES] + edges[w], edges[w + 1] - edges[w])
    for i in range(min(a.size, b.size)):
        if a[i] != b[i]:
            return a[i] < b[i]
    return a.size < b.size


@quick
def hash_of(v, texts):
    """The 64 bits that a value is hashed to (decision 0006): splitmix64, or those of its text."""
    if texts[CODED] != 0:
        return words(texts[HASHES], v + 1)[v]
    z = np.uint64(v) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64(z ^ (z >> np.uint64(31)))
