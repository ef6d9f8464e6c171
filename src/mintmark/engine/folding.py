"""A history folded: the operations of each group ordered by key, then the compiled fold.

The operations (insert an event, read for a request, tell an outcome) are ordered by key, inside a
key by the log, and handed to the same machine code that folds one event when live. Nothing here
computes a value; it only moves rows. A long history goes piece by piece, the state staying between:
of the whole of it only times, places and keys are held.

    rows ─► inputs ─► stored values ─► operations by key ─► fold ─► row expressions ─► features
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine import layout as L
from mintmark.engine.batch import (
    Batch,
    empty_table,
    keys_at,
    read_batch,
    stored_values,
    whole_numbers,
)
from mintmark.engine.expressions import Expressions
from mintmark.engine.interner import Interner
from mintmark.engine.kept_rows import HeldRows, Rows, rows_of
from mintmark.engine.kernel import ready
from mintmark.engine.operations import Job, Mode, job_of
from mintmark.engine.outcomes import Amendments, amendments
from mintmark.engine.program import Program, lower
from mintmark.engine.sentinel import NULL
from mintmark.engine.state import Operations, Size, Store, stores_of
from mintmark.engine.versions import Changes, changes_of, versioned
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Key
    from mintmark.engine.kernel import Kernel
    from mintmark.engine.windows import GroupProgram
    from mintmark.plan import Plan

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

THREADS = 2
PIECE_BYTES = 1 << 30
"""About how many bytes of aggregates are held between one answer and the next.

Longer pieces mean longer batches of one key, and a state that need not be kept at all for one
piece; shorter ones were slower at every size tried (bench/README.md)."""


def piece_of(program: Program) -> int:
    """Return how many requests a history of a plan is folded by."""
    return max(PIECE_BYTES // (8 * max(program.aggregates, 1)), 1 << 15)


@dataclass
class Prepared:
    """A history joined and listed, before anything is folded.

    stores : the state of each group;  first_keys : the row of the first key of each;  watermark :
    how far requests have come in what was folded so far, NULL before the first.
    """

    program: Program
    kernel: Kernel
    batches: Mapping[str, Batch]
    interner: Interner
    amendments: tuple[Amendments, ...]
    changes: Mapping[str, Changes]
    jobs: tuple[Job, ...]
    stores: list[Store]
    first_keys: tuple[int, ...]
    mode: Mode
    watermark: int = NULL

    @property
    def requests(self) -> Batch:
        """The rows that are answered."""
        return self.batches[self.program.request]

    def keys(self, group: int) -> list[Key]:
        """Return the keys of a group in the order of their rows."""
        job = self.jobs[group]
        return keys_at(job.keys, job.numbered.first)


@dataclass(frozen=True)
class Piece:
    """The rows of one stream that a piece of history has.

    inputs : int64[slots, n], for the requests;  values : int64[columns, n], what is stored with
    each event.
    """

    rows: slice
    inputs: Ints
    values: Ints


def prepare(
    plan: Plan, tables: Mapping[str, pa.Table | Rows], mode: Mode, *, pieces: bool = False
) -> Prepared:
    """List what the rows of some streams do, each in the order of the log.

    Raises
    ------
    EngineError
        `engine.batch.stream` without a table of requests; those of `read_batch` and `lower`.
    """
    kernel = ready()
    program = lower(plan)
    interner = Interner(program.texts, told=program.told)
    batches = _batches(program, tables)
    changed = (
        (of, changes_of(kernel, program, of, batches, interner, every=mode.keep))
        for of in program.streams
        if versioned(program, of)
    )
    changes = {of: change for of, change in changed if change is not None}
    told = tuple(
        amendments(
            kernel, code, label, batches[label.of], batches[label.stream],
            changes[label.of].affected if label.of in changes else None,
        )
        for code, label in enumerate(program.labels)
    )  # fmt: skip
    jobs = tuple(
        job_of(kernel, program, g, batches, told, changes, mode) for g in range(len(program.groups))
    )
    release = not (mode.keep or pieces)
    sizes = [
        Size(0 if release else group.fields * job.most, job.numbered.count)
        for group, job in zip(program.groups, jobs, strict=True)
    ]
    stores = stores_of(program, sizes, release=release)
    firsts = []
    for group, store, job in zip(program.groups, stores, jobs, strict=True):
        firsts.append(store.new_keys(job.numbered.count))
        if not release:
            store.expected = _expected(kernel, group, job, firsts[-1])
    return Prepared(
        program, kernel, batches, interner, told, changes, jobs, stores, tuple(firsts), mode
    )


def _expected(kernel: Kernel, group: GroupProgram, job: Job, first: int) -> Ints:
    """About how many events each key will hold at once: its share of the time that is kept."""
    ends = np.zeros(job.numbered.count + 1, dtype=np.int64)
    kernel.count_keys(job.event_code, ends)
    counts = np.diff(ends)
    at = job.events.at
    horizon = int(group.table[L.GROUP_HORIZON])
    if horizon != L.FOREVER and len(at):
        span = max(int(at.max()) - int(at.min()), 1)
        share = np.ceil(counts * min(1.0, max(horizon, 0) / span)).astype(np.int64)
        counts = np.minimum(counts, share + int(group.table[L.GROUP_NEWEST]))
    return np.concatenate([np.zeros(first, dtype=np.int64), counts])


def fold_pieces(
    prepared: Prepared, piece: int, into: Floats | None = None
) -> Iterator[tuple[slice, Floats]]:
    """Fold a prepared history, `piece` requests at a time; yield the requests and their features.

    into : float64[requests, F] that takes all features, else each piece has an array of its own.
    The last piece takes all that comes after the last request too.
    """
    requests, program = prepared.requests, prepared.program
    before = -1
    # One buffer for all pieces: it stays in the cache, and its pages are asked for once.
    buffer = np.empty(program.aggregates * min(piece, len(requests)))
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, max(len(requests), 1), piece):
            end = min(start + piece, len(requests))
            last = end == len(requests)
            until = np.iinfo(np.int64).max if last else int(requests.seq[end - 1])
            rows = slice(start, end)
            aggregates = buffer[: program.aggregates * (end - start)]
            aggregates = aggregates.reshape(program.aggregates, end - start)
            aggregates.fill(np.nan)
            read = _read(prepared, (before, until))
            runs = [
                pool.submit(_fold_group, prepared, group, (before, until), read, aggregates)
                for group in range(len(prepared.jobs))
            ]
            for run in runs:
                run.result()
            features = np.empty((end - start, len(program.names))) if into is None else into[rows]
            if prepared.mode.read and len(features):
                _answer(prepared, read[program.request].inputs, aggregates, features, pool)
            _move_watermark(prepared, rows)
            yield rows, features
            before = until


def _read(prepared: Prepared, seqs: tuple[int, int]) -> dict[str, Piece]:
    """Read the rows of each stream that is folded or answered."""
    program, kernel = prepared.program, prepared.kernel
    stored = {group.stream for group in program.groups}
    read = {}
    for name in dict.fromkeys([program.request, *sorted(stored)]):
        batch = prepared.batches[name]
        rows = batch.between(*seqs)
        inputs = batch.inputs(rows, prepared.interner)
        read[name] = Piece(
            rows, inputs, stored_values(kernel, batch.stream, inputs, prepared.interner)
        )
    for store in prepared.stores:
        store.see_texts(prepared.interner)
    return read


def _move_watermark(prepared: Prepared, rows: slice) -> None:
    """Note how far requests have come, so that states forget what nobody sees again."""
    if rows.start == rows.stop:
        return
    requests = prepared.requests
    part = requests.rows.part(rows.start, rows.stop, ["mm_known_at"])
    known_at = whole_numbers(part.column(0))
    newest = int(np.minimum(requests.at[rows], known_at).max())
    prepared.watermark = max(prepared.watermark, newest)
    for store in prepared.stores:
        store.meta[L.META_WATERMARK] = prepared.watermark


def _batches(program: Program, tables: Mapping[str, pa.Table | Rows]) -> dict[str, Batch]:
    if program.request not in tables:
        raise EngineError(
            f'there are no rows of "{program.request}", whose requests the plan answers',
            got=", ".join(sorted(tables)) or "no tables",
            want=program.request,
            code="engine.batch.stream",
        )
    return {
        name: read_batch(
            stream, rows_of(tables[name]) if name in tables else HeldRows(empty_table(stream))
        )
        for name, stream in program.streams.items()
    }


CHUNK = 1 << 17
"""Operations that are folded at a time: what they are answered stays in the cache."""
NONE = np.zeros(0, dtype=np.int64)


def _fold_group(
    prepared: Prepared,
    index: int,
    seqs: tuple[int, int],
    read: Mapping[str, Piece],
    aggregates: Floats,
) -> None:
    """Fold the operations of one group that take effect after one seq and up to another."""
    kernel, first_row = prepared.kernel, read[prepared.program.request].rows.start
    operations, asked, starts = _laid_out(prepared, index, seqs, read)
    low, high = prepared.program.groups[index].out
    plain = prepared.jobs[index].plain is not None
    edges = _edges(starts)
    out = np.empty((high - low) * int(np.diff(edges).max(initial=0)))
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        chunk = operations.part(begin, end)
        answered = asked[begin:end]
        if not plain:
            answered = answered[chunk.kind & L.OP_READ != 0]
        reads = len(answered) if prepared.mode.read else 0
        told = out[: (high - low) * reads].reshape(high - low, reads)
        prepared.stores[index].fold(kernel.fold, chunk, told)
        if told.size:
            kernel.scatter(told, answered - first_row, aggregates, low)


def _edges(starts: Ints) -> Ints:
    """Where to cut operations ordered by key so that no key is cut, about a chunk apart."""
    wanted = np.arange(0, int(starts[-1]), CHUNK)
    edges = starts[np.searchsorted(starts, wanted, side="left")]
    return np.unique(np.concatenate([np.zeros(1, dtype=np.int64), edges, starts[-1:]]))


def _laid_out(
    prepared: Prepared, index: int, seqs: tuple[int, int], read: Mapping[str, Piece]
) -> tuple[Operations, Ints, Ints]:
    """Some operations of a group by key, the request that each answers if it reads, and where the
    operations of each key begin."""
    job, group, kernel = prepared.jobs[index], prepared.program.groups[index], prepared.kernel
    piece = read[group.stream]
    at, seq, values = job.events.at[piece.rows], job.events.seq[piece.rows], piece.values
    if job.plain is not None:
        codes, kinds = job.event_code[piece.rows], np.array([job.plain], dtype=np.int64)
        row = request = told = NONE
    else:
        listed = job.listed(*seqs)
        codes, kinds, request, told = listed.code, listed.kind, listed.request, listed.amend
        row = listed.row - piece.rows.start
        if job.made is not None:
            beyond = len(job.events) - len(at)
            row = np.where(listed.row < len(job.events), row, listed.row - beyond)
            at, seq = np.concatenate([at, job.made.at]), np.concatenate([seq, job.made.seq])
            values = np.concatenate([values, job.made.values], axis=1)
    starts = np.zeros(job.numbered.count + 1, dtype=np.int64)
    kernel.count_keys(codes, starts)
    n = int(starts[-1])
    kind, key, at_, seq_, amend, asked = (np.empty(n, dtype=np.int64) for _ in range(6))
    columns = np.array(group.columns, dtype=np.int64)
    laid = np.empty((len(columns), n), dtype=np.int64)
    kernel.spread(
        codes, starts, piece.rows.start, kinds, row, request, told, at, seq, job.request_at,
        np.ascontiguousarray(values), columns, prepared.first_keys[index],
        kind, key, at_, seq_, amend, asked, laid,
    )  # fmt: skip
    rows = np.arange(len(columns), dtype=np.int64)
    source = kind if job.plain is not None else amend
    return Operations(kind, key, at_, seq_, source, laid, rows, job.amends), asked, starts


def _answer(
    prepared: Prepared,
    inputs: Ints,
    aggregates: Floats,
    features: Floats,
    pool: ThreadPoolExecutor,
) -> None:
    """Turn aggregates into features, row by row, each thread its part of the rows."""
    program, count = prepared.program, len(features)
    nothing = np.zeros((0, 0), dtype=np.int64)
    share = -(-count // THREADS)
    runs = []
    for first in range(0, count, share):
        expressions = Expressions(program.answer, len(program.streams[program.request].slots))
        expressions.see_texts(prepared.interner)
        expressions.aim(inputs, aggregates, nothing, features)
        expressions.part(first, min(first + share, count))
        runs.append(pool.submit(expressions.run, prepared.kernel.evaluate))
    for run in runs:
        run.result()
