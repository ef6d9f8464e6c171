"""The operations of one group of a history, ordered by key and inside a key by the log.

Insert an event, read for a request, tell an outcome: one row each.  Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine import layout as L
from mintmark.engine.batch import Batch, column_of, factorise_keys
from mintmark.engine.outcomes import Amendments
from mintmark.engine.program import Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Key
    from mintmark.engine.kernel import Kernel

    Ints = NDArray[np.int64]

NO_AMENDS = np.empty((0, L.AMEND_SIZE), dtype=np.int64)


@dataclass(frozen=True)
class Mode:
    """What a fold of history is for: features of requests (`read`), the state after (`keep`)."""

    read: bool
    keep: bool


@dataclass(frozen=True)
class Job:
    """The operations of one group, ordered by key; `code` counts its keys from 0.

    kind, code, source, request : int64[n];  source is a row of the group's stream, or of `amends`;
    request is the row that a read answers, -1 for none;  inserts : int64[keys], events of each key;
    event_code : int64[events], the key of each row of the group's stream, -1 for none.
    """

    group: int
    events: Batch
    request_at: Ints
    amends: Ints
    kind: Ints
    code: Ints
    source: Ints
    request: Ints
    inserts: Ints
    keys: list[Key]
    event_code: Ints


def job_of(
    kernel: Kernel,
    program: Program,
    index: int,
    batches: Mapping[str, Batch],
    told: tuple[Amendments, ...],
    mode: Mode,
) -> Job:
    """Order the operations of one group."""
    group = program.groups[index]
    events, requests = batches[group.stream], batches[program.request]
    own = group.stream == program.request
    readers = requests if mode.read and not own else None
    event_code, reader_code, keys = _codes(group.roles, events, readers)
    rows = np.arange(len(events), dtype=np.int64)
    kind = L.OP_INSERT | (L.OP_READ if own and mode.read else 0)
    parts = [(events.seq, kind, event_code, rows, rows if own else -1)]
    if readers is not None:
        asked = np.arange(len(readers), dtype=np.int64)
        parts.append((readers.seq, L.OP_READ, reader_code, asked, asked))
    amends = [told[label] for label in group.labels]
    first = 0
    for change in amends:
        place = np.arange(first, first + len(change), dtype=np.int64)
        first += len(change)
        parts.append((change.effective_seq, L.OP_AMEND, event_code[change.event_row], place, -1))
    kind_of, code, source, request = _merged(parts)
    starts = np.zeros(len(keys) + 1, dtype=np.int64)
    order = kernel.by_key(code, starts)
    inserted = event_code[event_code >= 0]
    return Job(
        group=index,
        events=events,
        request_at=requests.at,
        amends=np.concatenate([NO_AMENDS, *(change.amends for change in amends)]),
        kind=kind_of[order],
        code=code[order],
        source=source[order],
        request=request[order],
        inserts=np.bincount(inserted, minlength=len(keys)).astype(np.int64),
        keys=keys,
        event_code=event_code,
    )


def _codes(
    roles: tuple[str, ...], events: Batch, readers: Batch | None
) -> tuple[Ints, Ints, list[Key]]:
    """The keys of a group, and the code of each event's and each reader's key."""
    if readers is None:
        columns = [column_of(events.table, role, "") for role in roles]
        codes, keys = factorise_keys(columns, len(events))
        return codes, codes[:0], keys
    both = [batch for batch in (events, readers) if len(batch)] or [events]
    columns = [
        pa.chunked_array([c for batch in both for c in column_of(batch.table, role, "").chunks])
        for role in roles
    ]
    codes, keys = factorise_keys(columns, len(events) + len(readers))
    return codes[: len(events)], codes[len(events) :], keys


def _merged(parts: list[tuple[Ints, int, Ints, Ints, Ints | int]]) -> tuple[Ints, Ints, Ints, Ints]:
    """(kind, code, source, request) of all parts in the order of seq, equals in the order given."""
    lengths = [len(part[0]) for part in parts]
    kind = np.repeat(np.array([part[1] for part in parts], dtype=np.int64), lengths)
    code = np.concatenate([part[2] for part in parts])
    source = np.concatenate([part[3] for part in parts])
    request = np.concatenate(
        [np.broadcast_to(part[4], n) for part, n in zip(parts, lengths, strict=True)]
    )
    if len(parts) > 1:
        order = np.argsort(np.concatenate([part[0] for part in parts]), kind="stable")
        kind, code, source, request = kind[order], code[order], source[order], request[order]
    return kind, code, source, np.ascontiguousarray(request)
