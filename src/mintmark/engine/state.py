"""The memory that the kernel folds into: for each group an arena of blocks and a directory of keys.

Plain arrays, so that a snapshot is a copy of them. The kernel never allocates: it says what is
short, and `Store.fold` grows that and lets it go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.arena import grown, memory_bytes, reserved
from mintmark.engine.sentinel import NULL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mintmark.engine.interner import Interner
    from mintmark.engine.kernel import Unit
    from mintmark.engine.program import Program
    from mintmark.engine.windows import GroupProgram

    Ints = NDArray[np.int64]

FIRST_SCRATCH = 1 << 12
SETTLED_TOGETHER = 1 << 10


def address_of(array: NDArray[Any]) -> int:
    """Return where an array stands in memory; it must be kept alive by the caller."""
    return int(array.ctypes.data)


@dataclass(frozen=True)
class Operations:
    """What to fold into one group, in order, the operations of a key one after another.

    kind, key, at, seq : int64[n], bits OP_*, row of the directory, times and places;
    source : int64[n], row of `amends`;  values : int64[rows, n], stored values;
    rows : int64[columns], which of them the group keeps;  amends : int64[m, 4].
    """

    kind: Ints
    key: Ints
    at: Ints
    seq: Ints
    source: Ints
    values: Ints
    rows: Ints
    amends: Ints

    def part(self, first: int, last: int) -> Operations:
        """Return some of them; columns of values stay where they are."""
        some = slice(first, last)
        return Operations(
            self.kind[some], self.key[some], self.at[some], self.seq[some], self.source[some],
            self.values[:, some], self.rows, self.amends,
        )  # fmt: skip


class Size(NamedTuple):
    """About how much a state will hold: words of its heap, and keys."""

    heap: int
    keys: int


FIRST = Size(1 << 14, 16)


class Store:
    """The state of one group.

    heap : int64[h], the arena; word 0 is never used;  keys : int64[k, KEY_SIZE], row 0 an empty
    key;  free : heads of lists of free runs;  meta : words in use, and the watermark;  n_keys :
    rows of `keys` in use;  expected : int64[keys], how many events each will hold, or none.
    """

    def __init__(self, group: GroupProgram, size: Size = FIRST, *, release: bool = False) -> None:
        most = memory_bytes() // 8
        self.heap = reserved(most, max(size.heap, FIRST.heap))
        keys = max(size.keys, FIRST.keys) * L.KEY_SIZE
        self.keys = _rows(reserved(most // 8 // L.KEY_SIZE * L.KEY_SIZE, keys))
        self.free = np.zeros(L.SIZE_CLASSES, dtype=np.int64)
        self.meta = np.zeros(L.META_SIZE, dtype=np.int64)
        self.meta[L.META_USED], self.meta[L.META_WATERMARK] = 1, NULL
        self.n_keys = 1
        self.table = group.table
        self.contexts: list[Ints] = []
        self.expected: Ints | None = None
        self.texts = np.zeros(4, dtype=np.int64)
        self._temp = np.zeros(L.TEMP_SIZE, dtype=np.int64)
        self._scratch = np.zeros(FIRST_SCRATCH if group.table[L.GROUP_SCRATCH] else 1, np.int64)
        self._release = release

    @property
    def bytes(self) -> int:
        """Bytes held, in use or free to be used again; what nobody wrote to yet takes none."""
        return 8 * (self.n_keys * L.KEY_SIZE + int(self.meta[L.META_USED]))

    def new_keys(self, count: int) -> int:
        """Return the row of the first of some new keys, all empty."""
        first = self.n_keys
        if first + count > len(self.keys):
            self.keys = grown(self.keys, 2 * (first + count))
            self._move()
        self.n_keys += count
        return first

    def fill(self, heap: Ints, keys: Ints) -> None:
        """Take over what a snapshot holds."""
        if len(heap) > len(self.heap):
            self.heap = grown(self.heap, 2 * len(heap))
        self.heap[: len(heap)] = heap
        self.n_keys = 0
        self.new_keys(len(keys))
        self.keys[: len(keys)] = keys
        living = int((keys[:, L.KEY_END] - keys[:, L.KEY_HEAD]).max(initial=0))
        if self.table[L.GROUP_SCRATCH] and len(self._scratch) < 16 * living:
            self._scratch = np.zeros(16 * living, dtype=np.int64)
        self._move()

    def see_texts(self, interner: Interner) -> None:
        """Note where the interner keeps the texts."""
        self.texts[1:] = interner.addresses

    def aimed(self, operations: Operations, out: NDArray[np.float64], first: int = 0) -> Ints:
        """Return a context for operations, whose reads are answered from row `first` of `out` on.

        It stays good while the state grows; the caller keeps the arrays alive.
        """
        c = np.zeros(L.FOLD_SIZE, dtype=np.int64)
        c[L.FOLD_RELEASE] = int(self._release)
        c[L.FOLD_KIND] = address_of(operations.kind)
        c[L.FOLD_KEY] = address_of(operations.key)
        c[L.FOLD_SOURCE] = address_of(operations.source)
        c[L.FOLD_OPERATIONS] = len(operations.kind)
        c[L.FOLD_AT] = address_of(operations.at)
        c[L.FOLD_SEQ] = address_of(operations.seq)
        c[L.FOLD_VALUES] = address_of(operations.values)
        c[L.FOLD_VALUES_ROWS] = len(operations.values)
        # A part of columns that stand in a larger table keeps the table's stride.
        c[L.FOLD_STRIDE] = max(operations.values.strides[0] // 8, len(operations.at))
        c[L.FOLD_ROWS] = address_of(operations.rows)
        c[L.FOLD_AMENDS] = address_of(operations.amends)
        c[L.FOLD_OUT] = address_of(out) + 8 * first * out.shape[1]
        c[L.FOLD_OUT_STRIDE] = out.shape[1]
        self.contexts.append(c)
        self._point(c)
        return c

    def fold(self, unit: Unit, operations: Operations, out: NDArray[np.float64]) -> None:
        """Apply operations to their end, growing whatever runs short."""
        context = self.aimed(operations, out)
        while (status := unit.call(address_of(context))) != L.DONE:
            self.grow(status)
        self.contexts.pop()

    def settle(self, unit: Unit, group: GroupProgram, at: int) -> None:
        """Read every key that keeps its pace, at some time, for nobody; no read changes a value.

        Cost: that of reading its windows, once.
        """
        self._all(unit, group, L.OP_READ, np.flatnonzero(self.keys[: self.n_keys, L.KEY_PACE]), at)

    def forget(self, unit: Unit, group: GroupProgram) -> None:
        """Let what is in the past of each key leave, and give back the room that this frees.

        Cost: 50 ns a key, and what adding the events to their pasts takes.
        """
        if group.table[L.GROUP_WAITS]:
            rows = np.flatnonzero(self.keys[: self.n_keys, L.KEY_END])
            self._all(unit, group, L.OP_FORGET, rows, 0)

    def _all(self, unit: Unit, group: GroupProgram, kind: int, rows: Ints, at: int) -> None:
        """Do one thing to many keys, for nobody."""
        columns = np.array(group.columns, dtype=np.int64)
        values = np.zeros((int(columns.max(initial=0)) + 1, SETTLED_TOGETHER), dtype=np.int64)
        out = np.empty((group.out[1] - group.out[0], SETTLED_TOGETHER))
        for first in range(0, len(rows), SETTLED_TOGETHER):
            some = rows[first : first + SETTLED_TOGETHER]
            nothing = np.zeros(len(some), dtype=np.int64)
            reads = Operations(
                kind=nothing + kind, key=some, at=nothing + at, seq=nothing, source=nothing,
                values=values[:, : len(some)], rows=columns,
                amends=np.zeros((1, L.AMEND_SIZE), dtype=np.int64),
            )  # fmt: skip
            self.fold(unit, reads, out)

    def grow(self, status: int) -> None:
        """Make room for what the fold said is short."""
        if status == L.NEED_HEAP:
            self.heap = grown(self.heap, 2 * len(self.heap))
        else:
            self._scratch = np.zeros(2 * len(self._scratch), dtype=np.int64)
        self._move()

    def _move(self) -> None:
        """Tell every context where everything stands now."""
        for context in self.contexts:
            self._point(context)

    def _point(self, c: Ints) -> None:
        """Write down where everything stands."""
        c[L.FOLD_TABLE], c[L.FOLD_TABLE_SIZE] = address_of(self.table), len(self.table)
        c[L.FOLD_HEAP], c[L.FOLD_HEAP_SIZE] = address_of(self.heap), len(self.heap)
        c[L.FOLD_KEYS] = address_of(self.keys)
        c[L.FOLD_FREE], c[L.FOLD_META] = address_of(self.free), address_of(self.meta)
        c[L.FOLD_TEMP] = address_of(self._temp)
        c[L.FOLD_SCRATCH] = address_of(self._scratch)
        c[L.FOLD_SCRATCH_SIZE] = len(self._scratch)
        c[L.FOLD_TEXTS] = address_of(self.texts)
        c[L.FOLD_EXPECTED] = 0 if self.expected is None else address_of(self.expected)


def _rows(words: Ints) -> Ints:
    return words[: len(words) // L.KEY_SIZE * L.KEY_SIZE].reshape(-1, L.KEY_SIZE)


def stores_of(
    program: Program, sizes: Sequence[Size] | None = None, *, release: bool = False
) -> list[Store]:
    """Return an empty state for each group of a program."""
    told = sizes or [FIRST] * len(program.groups)
    return [
        Store(group, size, release=release)
        for group, size in zip(program.groups, told, strict=True)
    ]


def bytes_of(stores: Sequence[Store]) -> int:
    """Return the bytes that some states take."""
    return sum(store.bytes for store in stores)
