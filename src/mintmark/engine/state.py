"""The memory that the kernel folds into: one arena of blocks and a directory of keys.

Plain arrays, so that a snapshot is a copy of them. The kernel never allocates: it says what is
short, and `State.fold` grows that and lets it go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.sentinel import NULL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.kernel import Kernel
    from mintmark.engine.program import Program

    Ints = NDArray[np.int64]

FIRST_HEAP = 1 << 16
FIRST_SCRATCH = 1 << 7


def roomy(array: Ints, rows: int) -> Ints:
    """Return an array with room for more rows; what is not written yet takes no memory."""
    grown = np.zeros((rows, *array.shape[1:]), dtype=np.int64)
    grown[: len(array)] = array
    return grown


@dataclass
class Operations:
    """What to fold, in order: int64[n] each; `source` is a row of what `Events` holds."""

    kind: Ints
    group: Ints
    key: Ints
    source: Ints


@dataclass
class Events:
    """What operations point to: times and stored values of events, amendments, request times."""

    at: Ints
    seq: Ints
    values: Ints
    amends: Ints
    request_at: Ints


@dataclass
class State:
    """Blocks of events (`heap`), where each key's block is (`keys`), and what is free.

    heap : int64[h], the arena; word 0 is never used;  keys : int64[k, key_size], row 0 an empty
    key;  free : int64[groups, SIZE_CLASSES], heads of lists of free blocks;  meta : words in use
    and watermark;  scratch : a window's
    exact parts, and what `distinct` counts in;  n_keys : rows of `keys` in use.
    """

    heap: Ints
    keys: Ints
    free: Ints
    meta: Ints
    scratch: Ints = field(default_factory=lambda: np.zeros(FIRST_SCRATCH, dtype=np.int64))
    n_keys: int = 1

    @classmethod
    def empty(cls, program: Program, *, keys: int = 16, heap: int = FIRST_HEAP) -> State:
        """Return a state without events, with room for some keys and some words."""
        meta = np.zeros(L.META_SIZE, dtype=np.int64)
        meta[L.META_USED], meta[L.META_WATERMARK] = 1, NULL
        return cls(
            heap=np.zeros(max(heap, 1), dtype=np.int64),
            keys=np.zeros((max(keys, 1), program.key_size), dtype=np.int64),
            free=np.zeros((max(len(program.groups), 1), L.SIZE_CLASSES), dtype=np.int64),
            meta=meta,
        )

    @property
    def bytes(self) -> int:
        """Bytes in use; room to grow that nobody wrote to yet takes none."""
        words: int = self.n_keys * self.keys.shape[1] + self.free.size + self.scratch.size
        return 8 * (words + int(self.meta[L.META_USED]))

    def new_key(self) -> int:
        """Return the row of a new key, empty."""
        if self.n_keys == len(self.keys):
            self.keys = roomy(self.keys, 2 * self.n_keys)
        self.n_keys += 1
        return self.n_keys - 1

    def fold(
        self,
        kernel: Kernel,
        program: Program,
        operations: Operations,
        events: Events,
        out: NDArray[np.float64],
        out_first: int = 0,
    ) -> None:
        """Run the compiled fold to its end, growing whatever runs short."""
        first = 0
        while True:
            first, status = kernel.fold(
                program.table, self.heap, self.keys, self.free, self.meta, self.scratch,
                operations.kind, operations.group, operations.key, operations.source, first,
                events.at, events.seq, events.values, events.amends, events.request_at,
                out, out_first,
            )  # fmt: skip
            if status == L.DONE:
                return
            if status == L.NEED_HEAP:
                self.heap = roomy(self.heap, 2 * self.heap.size)
            else:
                self.scratch = np.zeros(2 * self.scratch.size, dtype=np.int64)
