"""Which event a label means, when live: ids of events, where they are, and labels that came first.

Exact and small: an event that no request can see any more is struck out of the book, and a label
for it then changes nothing that anybody could read.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.sentinel import NULL
from mintmark.engine.snapshot import BookForm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mintmark.engine.interner import Value
    from mintmark.engine.program import Program

    Ints = NDArray[np.int64]

AT, SEQ, FIRST = range(3)
FEWEST = 64


@dataclass(frozen=True)
class Told:
    """What one label row says: which label, its revision, its value in stored units."""

    label: int
    revision: int
    value: int


@dataclass(frozen=True)
class Change:
    """What a label changes: an amendment, and the key's row in each group with outcomes."""

    amend: list[int]
    keys: list[int]


@dataclass
class Book:
    """The events of one stream that labels refer to, as a ring in the order of their seq.

    rows : int64[n, 2 + labels + groups], n a power of two: `at`, `seq`, the greatest revision of
    each label (NULL for none), the key's row in each group with outcomes (0 for none);
    ids : of the events in the ring;  first : the number of the oldest of them;  index : id to
    number, which modulo n is the row;  parked : labels of ids that have not come;  horizon_us :
    FOREVER, or how long an event can be seen.
    """

    labels: tuple[int, ...]
    groups: tuple[int, ...]
    horizon_us: int
    rows: Ints
    ids: deque[Value] = field(default_factory=deque)
    first: int = 0
    index: dict[Value, int] = field(default_factory=dict)
    parked: dict[Value, list[Told]] = field(default_factory=dict)

    def form(self) -> BookForm:
        """Return what a snapshot keeps beside the rows."""
        parked = [
            (id_, [(told.label, told.revision, told.value) for told in waiting])
            for id_, waiting in self.parked.items()
        ]
        return BookForm(ids=list(self.ids), parked=parked)

    def ordered_rows(self) -> Ints:
        """Return the rows, the oldest first."""
        numbers = np.arange(self.first, self.first + len(self.ids))
        ordered: Ints = self.rows[numbers & (len(self.rows) - 1)]
        return ordered

    def fill(self, ids: Sequence[Value], rows: Ints) -> None:
        """Take over events and their rows, the oldest first."""
        self.ids, self.first = deque(ids), 0
        self.index = {id_: number for number, id_ in enumerate(ids)}
        self._reserve(rows, len(rows) + 1)

    def enter(self, id_: Value, *, at: int, seq: int, keys: list[int]) -> list[Told]:
        """Note an event, by the row of its key in each group; return the labels that waited for it.

        An id that is in the book already stays as it is.
        """
        if id_ in self.index:
            return []
        if len(self.ids) == len(self.rows):
            self._reserve(self.ordered_rows(), len(self.ids) + 1)
        number = self.first + len(self.ids)
        self.rows[number & (len(self.rows) - 1)] = [at, seq, *[NULL] * len(self.labels), *keys]
        self.index[id_] = number
        self.ids.append(id_)
        return self.parked.pop(id_, [])

    def tell(self, id_: Value, told: Told) -> Change | None:
        """Note a label; return what it changes, None if nothing.

        The label of an id that has not come is parked.
        """
        number = self.index.get(id_)
        if number is None:
            self.parked.setdefault(id_, []).append(told)
            return None
        place = number & (len(self.rows) - 1)
        row = self.rows[place].tolist()
        best = FIRST + self.labels.index(told.label)
        if told.revision < row[best]:
            return None
        self.rows[place, best] = told.revision
        amend = [0] * L.AMEND_SIZE
        amend[L.AMEND_AT], amend[L.AMEND_SEQ] = row[AT], row[SEQ]
        amend[L.AMEND_LABEL], amend[L.AMEND_VALUE] = told.label, told.value
        return Change(amend, row[FIRST + len(self.labels) :])

    def forget(self, watermark: int) -> None:
        """Strike out up to two of the oldest events, if no request can see them any more.

        Two for each that is entered, so that the book shrinks without a pause.
        """
        if self.horizon_us == L.FOREVER or watermark == NULL:
            return
        for _ in range(2):
            if not self.ids:
                return
            if self.rows[self.first & (len(self.rows) - 1), AT] > watermark - self.horizon_us:
                return
            del self.index[self.ids.popleft()]
            self.first += 1

    def _reserve(self, rows: Ints, least: int) -> None:
        """Lay the rows out anew, in a ring with room for `least`, the oldest at its number."""
        size = FEWEST
        while size < least:
            size *= 2
        ring = np.zeros((size, self.rows.shape[1]), dtype=np.int64)
        ring[np.arange(self.first, self.first + len(rows)) & (size - 1)] = rows
        self.rows = ring


def empty_book(program: Program, of: str) -> Book:
    """Return the book of a stream before its first event."""
    labels = tuple(code for code, label in enumerate(program.labels) if label.of == of)
    groups = tuple(g for g, group in enumerate(program.groups) if set(group.labels) & set(labels))
    horizons = [program.groups[group].horizon_us for group in groups]
    known = [horizon for horizon in horizons if horizon is not None]
    horizon_us = L.FOREVER if None in horizons else max(known, default=0)
    width = FIRST + len(labels) + len(groups)
    return Book(labels, groups, horizon_us, np.zeros((FEWEST, width), dtype=np.int64))
