"""Which event a label means, when live: ids of events, where they are, and labels that came first.

Exact and small: an event that no request can see any more is struck out of the book, and a label
for it then changes nothing that anybody could read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.sentinel import NULL
from mintmark.engine.snapshot import BookForm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Value
    from mintmark.engine.program import Program

    Ints = NDArray[np.int64]

AT, SEQ, FIRST = range(3)
FEWEST = 4096


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
    """The events of one stream that labels refer to.

    rows : int64[n, 2 + labels + groups], `at`, `seq`, the greatest revision of each label (NULL for
    none), the key's row in each group with outcomes (0 for none);  index : id to row;  parked :
    labels of ids that have not come;  horizon_us : FOREVER, or how long an event can be seen.
    """

    labels: tuple[int, ...]
    groups: tuple[int, ...]
    horizon_us: int
    rows: Ints
    index: dict[Value, int] = field(default_factory=dict)
    parked: dict[Value, list[Told]] = field(default_factory=dict)
    prune_above: int = FEWEST

    def form(self) -> BookForm:
        """Return what a snapshot keeps beside the rows."""
        parked = [
            (id_, [(told.label, told.revision, told.value) for told in waiting])
            for id_, waiting in self.parked.items()
        ]
        return BookForm(ids=list(self.index), parked=parked)

    def fill(self, form: BookForm, rows: Ints) -> None:
        """Take over what a snapshot kept."""
        self.rows = np.concatenate([rows, np.zeros_like(self.rows)])
        self.index = {id_: place for place, id_ in enumerate(form.ids)}
        self.parked = {id_: [Told(*told) for told in waiting] for id_, waiting in form.parked}
        self.prune_above = max(2 * len(rows), FEWEST)

    def enter(self, id_: Value, *, at: int, seq: int, keys: list[int]) -> list[Told]:
        """Note an event, by the row of its key in each group; return the labels that waited for it.

        An id that is in the book already stays as it is.
        """
        if id_ in self.index:
            return []
        place = len(self.index)
        if place == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
        self.rows[place] = [at, seq, *[NULL] * len(self.labels), *keys]
        self.index[id_] = place
        return self.parked.pop(id_, [])

    def tell(self, id_: Value, told: Told) -> Change | None:
        """Note a label; return what it changes, None if nothing.

        The label of an id that has not come is parked.
        """
        place = self.index.get(id_)
        if place is None:
            self.parked.setdefault(id_, []).append(told)
            return None
        row = self.rows[place]
        best = FIRST + self.labels.index(told.label)
        if told.revision < row[best]:
            return None
        row[best] = told.revision
        amend = [0] * L.AMEND_SIZE
        amend[L.AMEND_AT], amend[L.AMEND_SEQ] = int(row[AT]), int(row[SEQ])
        amend[L.AMEND_LABEL], amend[L.AMEND_VALUE] = told.label, told.value
        return Change(amend, [int(key) for key in row[FIRST + len(self.labels) :]])

    def prune(self, watermark: int) -> None:
        """Strike out what no request can see, when the book has doubled since the last time."""
        if len(self.index) < self.prune_above or self.horizon_us == L.FOREVER:
            return
        if watermark == NULL:
            return
        alive = self.rows[: len(self.index), AT] > watermark - self.horizon_us
        ids = [id_ for id_, kept in zip(self.index, alive.tolist(), strict=True) if kept]
        self.rows = np.concatenate([self.rows[: len(self.index)][alive], self.rows[:16] * 0])
        self.index = {id_: place for place, id_ in enumerate(ids)}
        self.prune_above = max(2 * len(ids), FEWEST)


def empty_book(program: Program, of: str) -> Book:
    """Return the book of a stream before its first event."""
    labels = tuple(code for code, label in enumerate(program.labels) if label.of == of)
    groups = tuple(g for g, group in enumerate(program.groups) if set(group.labels) & set(labels))
    horizons = [program.groups[group].horizon_us for group in groups]
    horizon_us = L.FOREVER if L.FOREVER in horizons else max(horizons, default=0)
    width = FIRST + len(labels) + len(groups)
    return Book(labels, groups, horizon_us, np.zeros((16, width), dtype=np.int64))
