"""One order over all streams: a place in the log belongs to one row of one stream.

Streams come apart, each in its order, and nothing ever merges them whole. So that two rows never
share a place is looked at a stretch of the log at a time, in a table of its places.

    payment    0 1   3 4 5   7        a stretch of the longest stream
    report         2       6 7 8      7 is taken twice
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np

from mintmark.ground import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

STRETCH = 1 << 18
"""Rows of the longest stream that are looked at together: their table stays in a cache."""
_DENSE, _FEW = 8, 16
"""How many places there may be for each row of a table; how many times longer a stream that the
others are looked up in."""


def refuse_shared(places: Mapping[str, Ints]) -> None:
    """Refuse rows of two streams that share a place in the log.

    Parameters
    ----------
    places : stream name to int64[n]
        `mm_seq` of its rows, growing.

    Raises
    ------
    EngineError
        `engine.batch.order`.

    Cost: 1 to 3 ns a row where streams lie among each other, twice that where most places are of
    other streams or of none, 0.1 where one stream is much longer than the others.
    """
    told = {name: seq for name, seq in places.items() if len(seq)}
    if len(told) < 2:
        return
    longest = max(told.values(), key=len)
    cuts = longest[STRETCH::STRETCH]
    ends = {name: [0, *np.searchsorted(seq, cuts), len(seq)] for name, seq in told.items()}
    for stretch in zip(*(pairwise(ends[name]) for name in told), strict=True):
        parts = [seq[a:b] for seq, (a, b) in zip(told.values(), stretch, strict=True)]
        some = [part for part in parts if len(part)]
        if len(some) > 1 and _shared(some):
            raise _error(dict(zip(told, parts, strict=True)))


def _shared(parts: Sequence[Ints]) -> bool:
    longest, *others = sorted(parts, key=len, reverse=True)
    if _FEW * sum(map(len, others)) < len(longest):
        found = [np.searchsorted(longest[:-1], part) for part in others]
        met = any(bool((longest[f] == p).any()) for f, p in zip(found, others, strict=True))
        return met or (len(others) > 1 and _shared(others))
    low, high = min(part[0] for part in parts), max(part[-1] for part in parts)
    count = sum(map(len, parts))
    if high - low < _DENSE * count:
        taken = np.zeros(high - low + 1, dtype=bool)
        for part in parts:
            taken[part - low] = True
        return int(np.count_nonzero(taken)) < count
    merged = np.sort(np.concatenate(parts), kind="stable")
    return bool(np.any(merged[1:] == merged[:-1]))


def _error(parts: Mapping[str, Ints]) -> EngineError:
    for (one, mine), (other, theirs) in combinations(parts.items(), 2):
        both = np.intersect1d(mine, theirs)
        if len(both):
            return EngineError(
                f'a row of "{one}" and a row of "{other}" have the same place in the log',
                at="$.mm_seq",
                got=f"{both[0]} in both streams",
                want="an mm_seq of its own for each row of all streams",
                code="engine.batch.order",
            )
    raise AssertionError("places are shared that no two streams share")
