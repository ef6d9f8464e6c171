"""What a history does to one group, in the order of the log: insert, read, tell, remove.

Nothing is computed here; rows are told which key they belong to, and in which order they come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mintmark.engine import layout as L
from mintmark.engine.batch import Batch, Numbered, number_keys
from mintmark.engine.outcomes import Amendments
from mintmark.engine.program import Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.kernel import Kernel
    from mintmark.engine.versions import Changes

    Codes = NDArray[np.int32]
    Ints = NDArray[np.int64]

NO_AMENDS = np.empty((0, L.AMEND_SIZE), dtype=np.int64)


@dataclass(frozen=True)
class Mode:
    """What a fold of history is for: features of requests (`read`), the state after (`keep`)."""

    read: bool
    keep: bool


@dataclass(frozen=True)
class Inserts:
    """Rows of a stream that come in as they are, in the order of seq.

    rows : int64[n], None for all of them;  kind : bits OP_* of each, or of all;  code : int32[n],
    the key's number, -1 for none.  A row that is read answers the request of its own number.
    """

    rows: Ints | None
    order_seq: Ints
    kind: Ints | int
    code: Codes


@dataclass(frozen=True)
class Part:
    """Other operations of one sort in the order of seq: int64[n] each, or one number for all.

    order_seq : the place in the log at which each takes effect;  kind : bits OP_*;  code : int32,
    the key's number, -1 for none;  row : what is inserted, a row of the stream or, from its length
    on, one that was made;  request : the row of the request that a read answers;  amend : a row of
    the job's `amends`.
    """

    order_seq: Ints
    kind: Ints | int
    code: Codes
    row: Ints | int
    request: Ints | int
    amend: Ints | int

    def between(self, before: int, until: int) -> list[Any]:
        """Return its columns for what takes effect after one seq and up to another."""
        first, last = np.searchsorted(self.order_seq, (before, until), side="right")
        columns = (self.order_seq, self.kind, self.code, self.row, self.request, self.amend)
        return [
            np.broadcast_to(np.int64(c), last - first) if isinstance(c, int) else c[first:last]
            for c in columns
        ]


@dataclass(frozen=True)
class Listed:
    """Some operations in the order of the log, as `Part` has them."""

    order_seq: Ints
    kind: Ints
    code: Codes
    row: Ints
    request: Ints
    amend: Ints


NOTHING = np.zeros(0, dtype=np.int64)
NO_CODES = np.zeros(0, dtype=np.int32)
NONE_LISTED = Listed(NOTHING, NOTHING, NO_CODES, NOTHING, NOTHING, NOTHING)


@dataclass(frozen=True)
class Job:
    """What a history does to one group.

    inserts : the rows that come in as they are;  others : all other operations, which of equals in
    the log come after those;  events : the stream;  made : rows made of others, counted on from
    the stream's;  request_at : int64[requests];  keys : the columns of the keys, for what they are;
    numbered : the first row of each of them;  event_code : int32[rows], the key of each row of the
    stream.
    """

    group: int
    inserts: Inserts
    others: tuple[Part, ...]
    events: Batch
    made: Changes | None
    request_at: Ints
    amends: Ints
    keys: Sequence[pa.ChunkedArray]
    numbered: Numbered
    event_code: Codes

    @property
    def most(self) -> int:
        """How many events are inserted at most."""
        return len(self.events) + (0 if self.made is None else len(self.made.at))

    def listed(self, before: int, until: int) -> Listed:
        """Return the others that take effect after one seq and up to another.

        Equals stand in the order of their parts.  Cost: a merge of the parts, 15 ns an operation.
        """
        if not self.others:
            return NONE_LISTED
        parts = [part.between(before, until) for part in self.others]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        if len(parts) > 1:
            order = np.argsort(columns[0], kind="stable")
            columns = [column[order] for column in columns]
        return Listed(*columns)


def job_of(
    kernel: Kernel,
    program: Program,
    index: int,
    batches: Mapping[str, Batch],
    told: Sequence[Amendments],
    changes: Mapping[str, Changes],
    mode: Mode,
) -> Job:
    """List the operations of one group."""
    group = program.groups[index]
    events, requests = batches[group.stream], batches[program.request]
    own = group.stream == program.request
    apart = not own or group.request_roles != group.roles
    read = mode.read
    reader_roles = group.request_roles if read and apart else None
    codes, reader_code, keys, numbered = _codes(kernel, group.roles, reader_roles, events, requests)
    change = None if group.every else changes.get(group.stream)
    amends = [told[label] for label in group.labels]
    inserts = L.OP_INSERT | (L.OP_READ if own and read and not apart else 0)
    kinds: Ints | int = inserts
    both = np.zeros(len(events), dtype=bool)
    if reader_code is not None and own:
        # A request that stands in the very state that it is read from is the newest there.
        both = (codes == reader_code) & (codes >= 0)
        kinds = np.where(both, L.OP_INSERT | L.OP_READ, inserts)
    others = []
    if change is not None:
        mine = reader_code if own else None
        others.append(_changes(change, codes, kinds, mine, group.labels))
    if reader_code is not None:
        asked = np.arange(len(requests), dtype=np.int64)
        if own:
            asked = asked[~both if change is None else ~(both | change.affected)]
        others.append(Part(requests.seq[asked], L.OP_READ, reader_code[asked], 0, asked, 0))
    first = 0 if change is None else len(change.amends)
    for one in amends:
        if len(one):
            place = np.arange(first, first + len(one), dtype=np.int64)
            others.append(Part(one.effective_seq, L.OP_AMEND, codes[one.event_row], 0, 0, place))
            first += len(one)
    told_of = [one.amends for one in amends]
    return Job(
        group=index, inserts=_inserts(events, codes, kinds, change), others=tuple(others),
        events=events, made=change, request_at=requests.at,
        amends=np.concatenate([NO_AMENDS if change is None else change.amends, *told_of]),
        keys=keys, numbered=numbered, event_code=codes,
    )  # fmt: skip


def _inserts(events: Batch, codes: Codes, kinds: Ints | int, change: Changes | None) -> Inserts:
    """The rows of the stream that stay as they came, each in its place."""
    if change is None:
        return Inserts(None, events.seq, kinds, codes)
    rows = np.flatnonzero(~change.affected).astype(np.int64)
    some = kinds if isinstance(kinds, int) else kinds[rows]
    return Inserts(rows, events.seq[rows], some, codes[rows])


def _changes(
    change: Changes,
    codes: Codes,
    kinds: Ints | int,
    reader_code: Codes | None,
    labels: Sequence[int],
) -> Part:
    """The steps of ids that are corrected or reversed; those of other labels are left out."""
    of_label = change.amends[change.amend, L.AMEND_LABEL] if len(change.amends) else change.amend
    mine = np.flatnonzero((change.kind != L.OP_AMEND) | np.isin(of_label, labels))
    own = change.kind[mine] & L.OP_READ != 0
    kind_of_row = kinds if isinstance(kinds, int) else kinds[change.key_row[mine]]
    kind = np.where(own, kind_of_row, change.kind[mine])
    code = codes[change.key_row[mine]]
    if reader_code is not None:
        # A request that looks elsewhere does so right after its own row has come in.
        apart = own & (kind & L.OP_READ == 0)
        twice = np.repeat(np.arange(len(mine)), 1 + apart)
        again = np.flatnonzero(np.diff(twice, prepend=-1) == 0)
        mine, own, kind, code = mine[twice], own[twice], kind[twice], code[twice]
        kind[again] = L.OP_READ
        code[again] = reader_code[change.key_row[mine[again]]]
    asks = kind & L.OP_READ != 0
    request = np.where(asks, change.key_row[mine], 0)
    return Part(change.order_seq[mine], kind, code, change.row[mine], request, change.amend[mine])


def _codes(
    kernel: Kernel,
    roles: tuple[str, ...],
    reader_roles: tuple[str, ...] | None,
    events: Batch,
    requests: Batch,
) -> tuple[Codes, Codes | None, list[pa.ChunkedArray], Numbered]:
    """The key of each event and of each reader, by number."""
    columns = [events.told(role) for role in roles]
    if reader_roles is None:
        if roles not in events.codes:
            events.codes[roles] = number_keys(kernel, columns, len(events))
        codes, numbered = events.codes[roles]
        return codes, None, columns, numbered
    both = [
        _joined(column, requests.told(role))
        for column, role in zip(columns, reader_roles, strict=True)
    ]
    codes, numbered = number_keys(kernel, both, len(events) + len(requests))
    return codes[: len(events)], codes[len(events) :], both, numbered


def _joined(first: pa.ChunkedArray, second: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = first.type if len(first) else second.type
    chunks = [*first.cast(kind).chunks, *second.cast(kind).chunks] if len(first) else second.chunks
    return pa.chunked_array(chunks, type=kind)
