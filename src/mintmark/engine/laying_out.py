"""Operations of a group in the order of keys: ordered as numbers, then brought together in parts.

rows as they come   0 1 2 3 4 5 ...      by number, without a list
what else happens     ^   ^^             labels, corrections, reads from elsewhere
by key              0 3 x 5 | 1 y 4 | 2 z ...
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.operations import NOTHING
from mintmark.engine.state import Operations, address_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.folding import Prepared
    from mintmark.engine.operations import Job
    from mintmark.engine.versions import Changes

    Ints = NDArray[np.int64]

LINE = 8
"""Words of a line of the cache."""
CHUNK = 1 << 14
"""Operations that are folded at a time: what they are answered stays in the cache."""


@dataclass(frozen=True)
class Piece:
    """The rows of one stream that a piece of history has.

    inputs : int64[slots, n], for the requests;  packed : int64[n, W], of each event its time, its
    place in the log and what is stored with it, side by side: one line of the cache brings it all.
    """

    rows: slice
    inputs: Ints
    packed: Ints


def room_for_rows(count: int, columns: int) -> Ints:
    """Return int64[count, W] for packed rows, none across more lines of the cache than it needs."""
    width = 1
    while width < L.FIELD_COLUMNS + columns:
        width *= 2
    room = np.empty(count * width + LINE, dtype=np.int64)
    first = -(address_of(room) // 8) % LINE
    packed: Ints = room[first : first + count * width].reshape(count, width)
    return packed


class Laid:
    """Operations of a group in the order of keys, brought together a few keys at a time."""

    def __init__(
        self, prepared: Prepared, index: int, seqs: tuple[int, int], read: Mapping[str, Piece]
    ) -> None:
        job, group, kernel = prepared.jobs[index], prepared.program.groups[index], prepared.kernel
        piece = read[group.stream]
        self._job, self._kernel = job, kernel
        self._first_key, self._request_at = prepared.first_keys[index], job.request_at
        self._columns = np.array(group.columns, dtype=np.int64)
        self._take_rows(job, piece, seqs)
        starts = np.zeros(job.numbered.count + 1, dtype=np.int64)
        kernel.count_keys(self._codes, self._others.code, starts)
        edges = _edges(starts)
        self.parts = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
        self.most = int(np.diff(edges).max(initial=0))
        # Laying out moves each start to where the operations of the key end.
        self._ends = starts
        self._order = np.empty(int(starts[-1]), dtype=np.int32)
        kernel.order_by_key(self._codes, self._others.code, self._before, starts, self._order)
        self._told = np.empty(7 * self.most, dtype=np.int64)
        self._stored = np.empty(len(self._columns) * self.most, dtype=np.int64)

    def _take_rows(self, job: Job, piece: Piece, seqs: tuple[int, int]) -> None:
        """Take what happens in a piece; rows are counted from its first, made ones after all."""
        begin, inserts, listed = piece.rows.start, job.inserts, job.listed(*seqs)
        self._packed, self._first_request = piece.packed, begin
        first, last = np.searchsorted(inserts.order_seq, seqs, side="right")
        self._rows = NOTHING if inserts.rows is None else inserts.rows[first:last] - begin
        self._codes = inserts.code[first:last]
        one = isinstance(inserts.kind, int)
        self._kinds = np.array([inserts.kind]) if one else np.asarray(inserts.kind)[first:last]
        self._before = np.searchsorted(
            inserts.order_seq[first:last], listed.order_seq, side="right"
        ).astype(np.int64)
        if job.made is not None:
            made, count = job.made, len(job.events)
            beyond = listed.row - count + len(self._packed)
            listed = replace(listed, row=np.where(listed.row < count, listed.row - begin, beyond))
            self._packed = np.concatenate([self._packed, _packed(made, self._packed.shape[1])])
        self._others = listed

    def operations(self, begin: int, end: int) -> tuple[Operations, Ints]:
        """Return some of them, good until the next are asked for, and the requests they answer."""
        n, others = end - begin, self._others
        key = int(np.searchsorted(self._ends, begin, side="right"))
        told = self._told[: 7 * n].reshape(7, n)
        stored = self._stored[: len(self._columns) * n].reshape(len(self._columns), n)
        self._kernel.lay_out(
            self._order[begin:end], begin, key, self._ends, self._rows, len(self._codes),
            self._kinds, self._first_request, self._packed, self._columns, others.kind, others.row,
            others.request, others.amend, self._request_at, self._first_key, told, stored,
        )  # fmt: skip
        kind, key, at, seq, amend, request = told[:6]
        rows = np.arange(len(self._columns), dtype=np.int64)
        # Mostly each of them asks.
        alike = not len(others.code) and len(self._kinds) == 1 and self._kinds[0] & L.OP_READ
        if not alike:
            request = request[kind & L.OP_READ != 0]
        return Operations(kind, key, at, seq, amend, stored, rows, self._job.amends), request

    def keyless(self) -> Ints:
        """Return the requests whose key has a null."""
        lost: Ints = np.flatnonzero(self._codes < 0).astype(np.int64)
        rows = self._rows[lost] if len(self._rows) else lost
        kinds = self._kinds[lost] if len(self._kinds) > 1 else np.repeat(self._kinds, len(lost))
        others = self._others
        asked = (others.code < 0) & (others.kind & L.OP_READ != 0)
        return np.concatenate(
            [rows[kinds & L.OP_READ != 0] + self._first_request, others.request[asked]]
        )


def _packed(made: Changes, width: int) -> Ints:
    """Rows that were made of others, as a piece has its own."""
    packed = np.zeros((len(made.at), width), dtype=np.int64)
    packed[:, L.FIELD_AT], packed[:, L.FIELD_SEQ] = made.at, made.seq
    packed[:, L.FIELD_COLUMNS : L.FIELD_COLUMNS + len(made.values)] = made.values.T
    return packed


def _edges(starts: Ints) -> Ints:
    """Where to cut operations ordered by key so that no key is cut, about a chunk apart."""
    wanted = np.arange(0, int(starts[-1]), CHUNK)
    edges = starts[np.searchsorted(starts, wanted, side="left")]
    return np.unique(np.concatenate([np.zeros(1, dtype=np.int64), edges, starts[-1:]]))
