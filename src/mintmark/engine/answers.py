"""Where what a history is answered goes: features, and the room that they stand in.

An aggregate that is a feature is written to its place at once; a matrix takes only those of which
other features are made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import finalize

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.kernel import Kernel
    from mintmark.engine.program import Program

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


class Spare:
    """Room for the features of a piece, used again once nobody holds what stood there.

    The columns of features stand in a row each, as files want them.  Asking the system for half a
    gigabyte a piece costs more than filling it.
    """

    def __init__(self, columns: int, most: int) -> None:
        self._columns, self._size = columns, columns * most
        self._free: list[Floats] = []

    def take(self, count: int) -> Floats:
        """Return room for some requests: float64[count, F], by column."""
        room = self._free.pop() if self._free else np.empty(self._size)
        # All that is made of the room leads back to this one array; its end is theirs.
        whole = np.frombuffer(room.data, dtype=np.float64)
        finalize(whole, self._free.append, room)
        taken: Floats = whole[: self._columns * count].reshape(self._columns, count).T
        return taken


class Answers:
    """Where the aggregates of some requests go: to their features, or to what is evaluated."""

    def __init__(self, program: Program, first: int, aggregates: Floats, features: Floats) -> None:
        self.first = first
        self._rest = program.rest
        flat = features.reshape(-1) if features.flags.c_contiguous else features.T.reshape(-1)
        self._features = (flat, *(stride // 8 for stride in features.strides))
        self._aggregates = (aggregates.reshape(-1), 1, aggregates.shape[1])

    def of(self, kernel: Kernel, out: tuple[int, int]) -> Callable[[Floats, Ints], None]:
        """Return what takes the aggregates from one register up to another of some requests."""
        low, high = out
        direct = [(r - low, f) for r, f in self._rest.direct if low <= r < high]
        kept = [(r - low, place) for place, r in enumerate(self._rest.kept) if low <= r < high]
        ways = [
            (np.array(pairs, dtype=np.int64), *target)
            for pairs, target in ((direct, self._features), (kept, self._aggregates))
            if pairs
        ]

        def take(told: Floats, requests: Ints) -> None:
            rows = requests - self.first
            for pairs, flat, row_stride, column_stride in ways:
                kernel.deliver(told, rows, pairs, flat, row_stride, column_stride)

        return take
