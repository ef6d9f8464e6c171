"""What a history does to one group, in the order of the log: insert, read, tell, remove.

Nothing is computed here; rows are told which key they belong to, and in which order they come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine import layout as L
from mintmark.engine.batch import Batch, Numbered, column_of, number_keys
from mintmark.engine.outcomes import Amendments
from mintmark.engine.program import Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.kernel import Kernel
    from mintmark.engine.versions import Changes

    Ints = NDArray[np.int64]

NO_AMENDS = np.empty((0, L.AMEND_SIZE), dtype=np.int64)


@dataclass(frozen=True)
class Mode:
    """What a fold of history is for: features of requests (`read`), the state after (`keep`)."""

    read: bool
    keep: bool


@dataclass(frozen=True)
class Job:
    """The operations of one group, ordered by seq.

    order_seq : int64[n], the place in the log at which each takes effect;  kind, code : int64[n],
    the key's number, -1 for none;  row : int64[n], what is inserted, a row of the stream's values;
    request : int64[n], the row of the request that a read answers;  amend : int64[n], a row of
    `amends`;  at, seq : int64[rows] of what is inserted;  values : int64[columns, rows];
    keys : the columns of the keys, for what they are;  numbered : the first row of each of them.
    """

    group: int
    order_seq: Ints
    kind: Ints | int
    code: Ints
    row: Ints | None
    request: Ints | None
    amend: Ints | None
    at: Ints
    seq: Ints
    values: Ints
    request_at: Ints
    amends: Ints
    keys: Sequence[pa.ChunkedArray]
    numbered: Numbered
    event_code: Ints


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
    change = changes.get(group.stream)
    amends = [told[label] for label in group.labels]
    inserts = L.OP_INSERT | (L.OP_READ if own and read and not apart else 0)
    job = Job(
        group=index, order_seq=events.seq, kind=inserts, code=codes, row=None, request=None,
        amend=None, at=events.at, seq=events.seq, values=events.values, request_at=requests.at,
        amends=NO_AMENDS, keys=keys, numbered=numbered, event_code=codes,
    )  # fmt: skip
    if not apart and change is None and not any(len(a) for a in amends):
        return job
    parts = _Parts()
    rows = np.arange(len(events), dtype=np.int64)
    plain = rows if change is None else rows[~change.affected]
    both = np.zeros(len(events), dtype=bool)
    if reader_code is not None and own:
        # A request that stands in the very state that it is read from is the newest there.
        both = (codes == reader_code) & (codes >= 0)
    kinds = np.where(both, L.OP_INSERT | L.OP_READ, inserts)
    parts.add(events.seq[plain], kinds[plain], codes[plain], plain, request=plain if own else 0)
    if change is not None:
        _add_changes(parts, change, codes, kinds, reader_code if own else None, group.labels)
        job = replace(
            job,
            values=np.concatenate([events.values, change.values], axis=1),
            at=np.concatenate([events.at, change.at]),
            seq=np.concatenate([events.seq, change.seq]),
        )
    if reader_code is not None:
        asked = np.arange(len(requests), dtype=np.int64)
        if own:
            asked = asked[~both if change is None else ~(both | change.affected)]
        parts.add(requests.seq[asked], L.OP_READ, reader_code[asked], 0, request=asked)
    amend_rows = [NO_AMENDS] if change is None else [change.amends]
    first = sum(map(len, amend_rows))
    for one in amends:
        place = np.arange(first, first + len(one), dtype=np.int64)
        first += len(one)
        amend_rows.append(one.amends)
        parts.add(one.effective_seq, L.OP_AMEND, codes[one.event_row], 0, amend=place)
    order_seq, kind, code, row, request, amend = parts.ordered()
    return replace(
        job, order_seq=order_seq, kind=kind, code=code, row=row, request=request, amend=amend,
        amends=np.concatenate(amend_rows),
    )  # fmt: skip


def _add_changes(
    parts: _Parts,
    change: Changes,
    codes: Ints,
    kinds: Ints,
    reader_code: Ints | None,
    labels: Sequence[int],
) -> None:
    """Add the steps of ids that are corrected or reversed; those of other labels are left out."""
    of_label = change.amends[change.amend, L.AMEND_LABEL] if len(change.amends) else change.amend
    mine = np.flatnonzero((change.kind != L.OP_AMEND) | np.isin(of_label, labels))
    own = change.kind[mine] & L.OP_READ != 0
    kind = np.where(own, kinds[change.key_row[mine]], change.kind[mine])
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
    parts.add(
        change.order_seq[mine], kind, code, change.row[mine],
        request=np.where(asks, change.key_row[mine], 0), amend=change.amend[mine],
    )  # fmt: skip


class _Parts:
    """Operations of several sorts, put into one order."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ints, ...]] = []

    def add(
        self,
        order_seq: Ints,
        kind: Ints | int,
        code: Ints,
        row: Ints | int,
        *,
        request: Ints | int = 0,
        amend: Ints | int = 0,
    ) -> None:
        n = len(order_seq)
        wide = [np.broadcast_to(np.asarray(x, dtype=np.int64), n) for x in (kind, row)]
        rest = [np.broadcast_to(np.asarray(x, dtype=np.int64), n) for x in (request, amend)]
        self._parts.append((order_seq, wide[0], code, wide[1], *rest))

    def ordered(self) -> tuple[Ints, ...]:
        """All of them in the order of seq, equals in the order in which they were added."""
        columns = [np.concatenate([part[k] for part in self._parts]) for k in range(6)]
        if len(self._parts) == 1:
            return tuple(columns)
        order = np.argsort(columns[0], kind="stable")
        return tuple(column[order] for column in columns)


def _codes(
    kernel: Kernel,
    roles: tuple[str, ...],
    reader_roles: tuple[str, ...] | None,
    events: Batch,
    requests: Batch,
) -> tuple[Ints, Ints | None, list[pa.ChunkedArray], Numbered]:
    """The key of each event and of each reader, by number."""
    columns = [column_of(events.table, role, "") for role in roles]
    if reader_roles is None:
        if roles not in events.codes:
            events.codes[roles] = number_keys(kernel, columns, len(events))
        codes, numbered = events.codes[roles]
        return codes, None, columns, numbered
    both = [
        _joined(column, column_of(requests.table, role, ""))
        for column, role in zip(columns, reader_roles, strict=True)
    ]
    codes, numbered = number_keys(kernel, both, len(events) + len(requests))
    return codes[: len(events)], codes[len(events) :], both, numbered


def _joined(first: pa.ChunkedArray, second: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = first.type if len(first) else second.type
    chunks = [*first.cast(kind).chunks, *second.cast(kind).chunks] if len(first) else second.chunks
    return pa.chunked_array(chunks, type=kind)
