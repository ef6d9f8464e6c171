"""A table of whole numbers that compiled code looks into, as Python keeps it (`engine.places`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from mintmark.engine import places_layout as P
from mintmark.engine.kernel import ready
from mintmark.engine.state import address_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

FEWEST = 64
_LINE = 8


class Finder:
    """What whole numbers, or pairs of them, stand for; whoever looks is told when it moves.

    Cost: 32 bytes an entry, of which a quarter to a half are used.
    """

    def __init__(self, entries: Iterable[tuple[int, int, int]] = ()) -> None:
        told = np.array(list(entries), dtype=np.int64).reshape(-1, 3)
        self._note = ready().note.quick_call
        self._looking: list[Ints] = []
        self._one = np.zeros(P.NOTE_SIZE + 3, dtype=np.int64)
        self._words, self._at = self._one.data, address_of(self._one)
        for place, word in enumerate((P.NOTE_A, P.NOTE_B, P.NOTE_VALUES)):
            self._one[word] = self._at + 8 * (P.NOTE_SIZE + place)
        self._one[P.NOTE_COUNT] = 1
        self._fill(told)

    def tell(self, record: Ints) -> None:
        """Keep the first two words of a record pointed at the table and its entries."""
        self._looking.append(record)
        record[:2] = self._address, self._size

    def add(self, a: int, b: int, value: int) -> None:
        """Note what a pair stands for; a number that stands alone has 0 as its second."""
        if 2 * (self._used + 1) > self._size:
            kept = self._table[self._table[:, P.ENTRY_VALUE] > 0, : P.ENTRY_VALUE + 1]
            kept[:, P.ENTRY_VALUE] -= 1
            self._fill(kept)
            for record in self._looking:
                record[:2] = self._address, self._size
        words = self._words
        words[P.NOTE_SIZE], words[P.NOTE_SIZE + 1], words[P.NOTE_SIZE + 2] = a, b, value
        self._used += self._note(self._at)

    def _fill(self, told: Ints) -> None:
        """Lay out a table, from the beginning of a line on, that holds entries and has room."""
        self._size = FEWEST
        while self._size < 4 * len(told):
            self._size *= 2
        memory = np.zeros(P.ENTRY_SIZE * self._size + _LINE, dtype=np.int64)
        first = -(address_of(memory) >> 3) % _LINE
        self._table = memory[first : first + P.ENTRY_SIZE * self._size].reshape(-1, P.ENTRY_SIZE)
        self._address = address_of(self._table)
        self._one[P.NOTE_TABLE], self._one[P.NOTE_ENTRIES] = self._address, self._size
        many, columns = self._one.copy(), np.ascontiguousarray(told.T)
        for row, word in enumerate((P.NOTE_A, P.NOTE_B, P.NOTE_VALUES)):
            many[word] = address_of(columns) + 8 * row * len(told)
        many[P.NOTE_COUNT] = len(told)
        self._used = self._note(address_of(many))
