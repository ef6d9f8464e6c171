"""A history folded: the operations of each group ordered by key, then the compiled fold.

The operations (insert an event, read for a request, tell an outcome) are ordered by key, inside a
key by the log, and handed to the same machine code that folds one event when live. Nothing here
computes a value; it only moves rows. A long history goes piece by piece, the state staying between.

    tables ─► inputs ─► stored values ─► operations by key ─► fold ─► row expressions ─► features
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine import layout as L
from mintmark.engine.batch import Batch, empty_table, keys_at, read_batch
from mintmark.engine.expressions import Expressions
from mintmark.engine.interner import Interner
from mintmark.engine.kernel import ready
from mintmark.engine.operations import Job, Mode, job_of
from mintmark.engine.outcomes import Amendments, amendments
from mintmark.engine.program import Program, lower
from mintmark.engine.state import Operations, Size, Store, stores_of
from mintmark.engine.versions import Changes, changes_of, versioned
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Key
    from mintmark.engine.kernel import Kernel
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


@dataclass(frozen=True)
class Prepared:
    """A history read, joined and listed, before anything is folded.

    stores : the state of each group;  first_keys : the row of the first key of each.
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

    @property
    def requests(self) -> Batch:
        """The rows that are answered."""
        return self.batches[self.program.request]

    def keys(self, group: int) -> list[Key]:
        """Return the keys of a group in the order of their rows."""
        job = self.jobs[group]
        return keys_at(job.keys, job.numbered.first)


def prepare(
    plan: Plan, tables: Mapping[str, pa.Table], mode: Mode, *, pieces: bool = False
) -> Prepared:
    """Read tables of rows, each in the order of the log, and list what they do.

    Raises
    ------
    EngineError
        `engine.batch.stream` without a table of requests; those of `read_batch` and `lower`.
    """
    kernel = ready()
    program = lower(plan)
    interner = Interner(program.texts, told=program.told)
    batches = _batches(kernel, program, tables, interner)
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
        Size(0 if release else group.fields * len(job.at), job.numbered.count)
        for group, job in zip(program.groups, jobs, strict=True)
    ]
    stores = stores_of(program, sizes, release=release)
    firsts = []
    for store, job in zip(stores, jobs, strict=True):
        firsts.append(store.new_keys(job.numbered.count))
        store.see_texts(interner)
    return Prepared(
        program, kernel, batches, interner, told, changes, jobs, stores, tuple(firsts), mode
    )


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
            runs = [
                pool.submit(_fold_group, prepared, group, (before, until), rows, aggregates)
                for group in range(len(prepared.jobs))
            ]
            for run in runs:
                run.result()
            features = np.empty((end - start, len(program.names))) if into is None else into[rows]
            if prepared.mode.read and len(features):
                _answer(prepared, rows, aggregates, features, pool)
            yield rows, features
            before = until
            if not last:
                _move_watermarks(prepared, end)


def _move_watermarks(prepared: Prepared, end: int) -> None:
    """Tell the states how far requests have come, so that they forget what nobody sees again."""
    requests = prepared.requests
    watermark = int(np.minimum(requests.at[:end], requests.known_at[:end]).max())
    for store in prepared.stores:
        store.meta[L.META_WATERMARK] = watermark


def watermark_of(requests: Batch) -> int | None:
    """Return how far requests have come, None before the first."""
    if not len(requests):
        return None
    return int(np.minimum(requests.at, requests.known_at).max())


def _batches(
    kernel: Kernel, program: Program, tables: Mapping[str, pa.Table], interner: Interner
) -> dict[str, Batch]:
    if program.request not in tables:
        raise EngineError(
            f'there are no rows of "{program.request}", whose requests the plan answers',
            got=", ".join(sorted(tables)) or "no tables",
            want=program.request,
            code="engine.batch.stream",
        )
    return {
        name: read_batch(
            kernel, stream, tables[name] if name in tables else empty_table(stream), interner
        )
        for name, stream in program.streams.items()
    }


CHUNK = 1 << 17
"""Operations that are folded at a time: what they are answered stays in the cache."""
NONE = np.zeros(0, dtype=np.int64)


def _fold_group(
    prepared: Prepared, index: int, seqs: tuple[int, int], rows: slice, aggregates: Floats
) -> None:
    """Fold the operations of one group that take effect after one seq and up to another."""
    job, kernel = prepared.jobs[index], prepared.kernel
    first, last = np.searchsorted(job.order_seq, seqs, side="right")
    codes = job.code[first:last]
    starts = np.zeros(job.numbered.count + 1, dtype=np.int64)
    kernel.count_keys(codes, starts)
    operations, asked = _laid_out(prepared, index, slice(int(first), int(last)), starts)
    low, high = prepared.program.groups[index].out
    edges = _edges(starts)
    out = np.empty((high - low) * int(np.diff(edges).max(initial=0)))
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        chunk = operations.part(begin, end)
        answered = asked[begin:end]
        if job.row is not None:
            answered = answered[chunk.kind & L.OP_READ != 0]
        reads = len(answered) if prepared.mode.read else 0
        told = out[: (high - low) * reads].reshape(high - low, reads)
        prepared.stores[index].fold(kernel.fold, chunk, told)
        if told.size:
            kernel.scatter(told, answered - rows.start, aggregates, low)


def _edges(starts: Ints) -> Ints:
    """Where to cut operations ordered by key so that no key is cut, about a chunk apart."""
    wanted = np.arange(0, int(starts[-1]), CHUNK)
    edges = starts[np.searchsorted(starts, wanted, side="left")]
    return np.unique(np.concatenate([np.zeros(1, dtype=np.int64), edges, starts[-1:]]))


def _laid_out(
    prepared: Prepared, index: int, part: slice, starts: Ints
) -> tuple[Operations, Ints]:
    """Some operations of a group by key, and the request that each answers if it reads."""
    job, group = prepared.jobs[index], prepared.program.groups[index]
    n = int(starts[-1])
    kind, key, at, seq, amend, asked = (np.empty(n, dtype=np.int64) for _ in range(6))
    columns = np.array(group.columns, dtype=np.int64)
    values = np.empty((len(columns), n), dtype=np.int64)
    plain = job.row is None
    kinds = np.array([job.kind], dtype=np.int64) if isinstance(job.kind, int) else job.kind[part]
    listed = [NONE if some is None else some[part] for some in (job.row, job.request, job.amend)]
    prepared.kernel.spread(
        job.code[part], starts, part.start, kinds, *listed, job.at, job.seq, job.request_at,
        np.ascontiguousarray(job.values), columns, prepared.first_keys[index],
        kind, key, at, seq, amend, asked, values,
    )  # fmt: skip
    rows = np.arange(len(columns), dtype=np.int64)
    return Operations(kind, key, at, seq, kind if plain else amend, values, rows, job.amends), asked


def _answer(
    prepared: Prepared,
    rows: slice,
    aggregates: Floats,
    features: Floats,
    pool: ThreadPoolExecutor,
) -> None:
    """Turn aggregates into features, row by row, each thread its part of the rows."""
    program, count = prepared.program, len(features)
    inputs = np.ascontiguousarray(prepared.requests.inputs[:, rows])
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
