"""Memory that grows without being copied: address space is reserved, pages come when written to.

A live cell may not stop to copy a gigabyte. Where the system lends address space freely, an array
is as long as the machine's memory from the start and takes none until it is used; elsewhere it is
a plain array, and growing it copies.
"""

from __future__ import annotations

import mmap
import os
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_NORESERVE = 0x4000
"""MAP_NORESERVE of Linux; Python names it from 3.13 on."""


@lru_cache(maxsize=1)
def memory_bytes() -> int:
    """Return how much memory the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


LARGE = 1 << 22
"""Words from which on memory is asked for in large pages: they are found faster, and a fork has
fewer of them to note.  Only the words that are about to be used: the first touch of a large page
takes 0.1 ms and more, which is nothing to a history and too long for a decision."""


def reserved(words: int, least: int) -> Ints:
    """Return zeros: `words` of them if address space can be had for nothing, else `least`.

    least : how many are about to be used.
    """
    if words > least and hasattr(mmap, "MAP_ANONYMOUS") and os.uname().sysname == "Linux":
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE
        try:
            memory = mmap.mmap(-1, 8 * words, flags=flags)
        except OSError:
            return np.zeros(least, dtype=np.int64)
        if least >= LARGE and hasattr(mmap, "MADV_HUGEPAGE"):
            memory.madvise(mmap.MADV_HUGEPAGE, 0, -(8 * least // -mmap.PAGESIZE) * mmap.PAGESIZE)
        return np.frombuffer(memory, dtype=np.int64)
    return np.zeros(max(least, 1), dtype=np.int64)


def grown(array: Ints, length: int) -> Ints:
    """Return an array with room for more rows, what stood there copied."""
    larger = np.zeros((length, *array.shape[1:]), dtype=np.int64)
    larger[: len(array)] = array
    return larger
