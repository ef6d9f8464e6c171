"""Where one row is laid out for the kernel: the buffers of a stream, filled anew for each row.

Everything that can be wrong with a row is found here, before any state moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.book import Told
from mintmark.engine.sentinel import NULL
from mintmark.engine.state import Events, Operations

if TYPE_CHECKING:
    from mintmark.engine.interner import Interner, Key, Value
    from mintmark.engine.program import Program

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Feed:
    """What a row does to one group: inserts its event, is answered from it, or both."""

    group: int
    roles: tuple[str, ...]
    insert: bool
    read: bool


class Intake:
    """The buffers of one stream.

    Attributes
    ----------
    keys : list
        The row's key in each of `feeds`, None where a part of it is null.
    id : str or int
        The row's id.
    told : list of (label's stream, id, Told)
        What the row says as a label.
    """

    def __init__(self, program: Program, name: str) -> None:
        stream = program.streams[name]
        self.stream = stream
        self.feeds = tuple(_feeds(program, name))
        self.keys: list[Key | None] = [None] * len(self.feeds)
        self.id: Value | None = None
        self.told: list[tuple[str, Value, Told]] = []
        self.at = self.known_at = 0
        self._labels = [(c, x) for c, x in enumerate(program.labels) if x.stream == name]
        self.inputs = np.empty((len(stream.slots), 1), dtype=np.int64)
        self.values = np.empty((stream.columns, 1), dtype=np.int64)
        self.nothing = np.empty((1, 0))
        when, seq = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        amends = np.zeros((1, L.AMEND_SIZE), dtype=np.int64)
        self.events = Events(when, seq, self.values, amends, when)
        n = max(len(self.feeds), 1)
        zero = np.zeros(n, dtype=np.int64)
        self._operations = [
            Operations(zero.copy()[:k], zero.copy()[:k], zero.copy()[:k], zero[:k])
            for k in range(n + 1)
        ]

    def read(self, row: Row, interner: Interner) -> None:
        """Lay out a row.

        Raises KeyError, TypeError or OverflowError where it does not fit.
        """
        at = index(row["mm_at"])
        known_at = index(row["mm_known_at"])
        for place, slot in enumerate(self.stream.slots):
            value = at if slot.source == "at" else row[slot.name]
            if value is None:
                value = NULL
            elif slot.coded:
                value = interner.code(value)
            self.inputs[place, 0] = index(value)
        self.keys = [_key(row, feed.roles) for feed in self.feeds]
        self.id = row[self.stream.shape.id]
        hash((self.id, *self.keys))  # what cannot be hashed is found before anything moves
        self.told.clear()
        for code, label in self._labels:
            id_, value = row[label.refers_by], row[label.field]
            known = value is not None and abs(index(value)) <= label.limit
            told = Told(code, index(row["mm_revision"]), index(value) if known else NULL)
            if id_ is not None:
                self.told.append((label.of, id_, told))
        self.at = self.events.at[0] = at
        self.known_at = known_at

    def operations(self, todo: list[tuple[int, int, int]]) -> Operations:
        """Return (kind, group, key) of each of a few operations as the kernel takes them."""
        operations = self._operations[len(todo)]
        for n, (kind, group, key) in enumerate(todo):
            operations.kind[n], operations.group[n], operations.key[n] = kind, group, key
        return operations


def _feeds(program: Program, name: str) -> list[Feed]:
    feeds = []
    for index_, group in enumerate(program.groups):
        insert, read = group.stream == name, name == program.request
        if insert or read:
            feeds.append(Feed(index_, group.roles, insert, read))
    return feeds


def _key(row: Row, roles: tuple[str, ...]) -> Key | None:
    if len(roles) == 1:
        value: Key | None = row[roles[0]]
        return value
    key = tuple([row[role] for role in roles])
    return None if None in key else key
