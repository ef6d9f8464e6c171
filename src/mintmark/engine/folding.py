"""A history folded: the operations of each group ordered by key, then the compiled fold.

The operations (insert an event, read for a request, tell an outcome) are ordered by key, inside a
key by the log, and handed to the same machine code that folds one event when live. Nothing here
computes a value; it only moves rows. A long history goes piece by piece, the state staying between:
of the whole of it only times, places and keys are held.

    rows ─► inputs ─► stored values ─► operations by key ─► fold ─► row expressions ─► features
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from weakref import finalize

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
from mintmark.engine.looked_up import ToldRows, looking, lookup_plan, stored
from mintmark.engine.operations import NO_CODES, Job, Mode, job_of
from mintmark.engine.outcomes import Amendments, amendments
from mintmark.engine.program import Program, lower
from mintmark.engine.sentinel import NULL
from mintmark.engine.state import Operations, Size, Store, stores_of
from mintmark.engine.versions import Changes, changes_of, versioned
from mintmark.ground import EngineError
from mintmark.plan import lookups_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Key
    from mintmark.engine.kernel import Kernel
    from mintmark.engine.windows import GroupProgram
    from mintmark.plan import Plan

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

PIECE_BYTES = 1 << 30
"""About how many bytes of features are held between one answer and the next.

Longer pieces mean longer batches of one key, and a state that need not be kept at all for one
piece; shorter ones were slower at every size tried (bench/README.md)."""


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def piece_of(program: Program) -> int:
    """Return how many requests a history of a plan is folded by."""
    return max(PIECE_BYTES // (8 * max(len(program.names), 1)), 1 << 15)


@dataclass
class Prepared:
    """A history joined and listed, before anything is folded.

    stores : the state of each group;  first_keys : the row of the first key of each;  watermark :
    how far requests have come in what was folded so far, NULL before the first;  lookups : of each
    stream whose events look tables up, the history of what they were told.
    """

    plan: Plan
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
    lookups: Mapping[str, Prepared] = field(default_factory=dict)

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
    if program.request not in tables:
        raise EngineError(
            f'there are no rows of "{program.request}", whose requests the plan answers',
            got=", ".join(sorted(tables)) or "no tables",
            want=program.request,
            code="engine.batch.stream",
        )
    tables, lookups = _looked_up(plan, tables, mode)
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
        plan, program, kernel, batches, interner, told, changes, jobs, stores, tuple(firsts), mode,
        lookups=lookups,
    )  # fmt: skip


def _looked_up(
    plan: Plan, tables: Mapping[str, pa.Table | Rows], mode: Mode
) -> tuple[Mapping[str, pa.Table | Rows], dict[str, Prepared]]:
    """Put beside the rows of each stream what they look up, and keep what that was told from."""
    found: dict[str, Prepared] = {}
    rows = dict(tables)
    for stream in looking(plan):
        asks = lookup_plan(plan, stream)
        asked = rows.get(stream, empty_table(lower(asks).streams[stream]))
        beside = prepare(asks, {**tables, stream: asked}, replace(mode, read=True), pieces=True)
        answers = [part.copy() for _, part in fold_pieces(beside, piece_of(beside.program))]
        told = stored(plan, stream, np.concatenate(answers))
        names = lookups_of(plan, stream)
        rows[stream] = ToldRows(rows_of(asked), dict(zip(names, told.T, strict=True)))
        found[stream] = beside
    return rows, found


def _expected(kernel: Kernel, group: GroupProgram, job: Job, first: int) -> Ints:
    """About how many events each key will hold at once: its share of the time that is kept."""
    ends = np.zeros(job.numbered.count + 1, dtype=np.int64)
    kernel.count_keys(job.event_code, NO_CODES, ends)
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

    into : float64[requests, F] that takes all features, else each piece has an array of its own,
    whose columns stand in a row each.
    The last piece takes all that comes after the last request too.
    """
    requests, program = prepared.requests, prepared.program
    before = -1
    kept = len(program.rest.kept)
    spare = _Spare(len(program.names), min(piece, len(requests)))
    # One buffer for all pieces: its pages are asked for once.
    buffer = np.empty(kept * min(piece, len(requests)))
    with ThreadPoolExecutor(_cores()) as pool:
        for start in range(0, max(len(requests), 1), piece):
            end = min(start + piece, len(requests))
            last = end == len(requests)
            until = np.iinfo(np.int64).max if last else int(requests.seq[end - 1])
            rows = slice(start, end)
            aggregates = buffer[: kept * (end - start)].reshape(kept, end - start)
            features = spare.take(end - start) if into is None else into[rows]
            read = _read(prepared, (before, until))
            answers = Answers(program, start, aggregates, features)
            runs = [
                pool.submit(_fold_group, prepared, group, (before, until), read, answers)
                for group in range(len(prepared.jobs))
            ]
            for run in runs:
                run.result()
            if prepared.mode.read and len(features) and len(program.rest.rows.outputs):
                _answer(prepared, read[program.request].inputs, aggregates, features, pool)
            _move_watermark(prepared, rows)
            yield rows, features
            before = until


class _Spare:
    """Room for the features of a piece, used again once nobody holds what stood there.

    The columns of features stand in a row each, as files want them.  Asking the system for half a
    gigabyte a piece costs more than filling it.
    """

    def __init__(self, columns: int, most: int) -> None:
        self._columns, self._size = columns, columns * most
        self._free: list[Floats] = []

    def take(self, count: int) -> Floats:
        """Return room for some requests: float64[count, F], by column."""
        room = self._free.pop() if self._free else np.empty(self._size)
        # All that is made of the room leads back to this one array; its end is theirs.
        whole = np.frombuffer(room.data, dtype=np.float64)
        finalize(whole, self._free.append, room)
        taken: Floats = whole[: self._columns * count].reshape(self._columns, count).T
        return taken


class Answers:
    """Where the aggregates of some requests go: to their features, or to what is evaluated."""

    def __init__(self, program: Program, first: int, aggregates: Floats, features: Floats) -> None:
        self.first = first
        self._rest, self._targets = program.rest, (aggregates, features)
        flat = features.reshape(-1) if features.flags.c_contiguous else features.T.reshape(-1)
        self._features = (flat, *(stride // 8 for stride in features.strides))
        self._aggregates = (aggregates.reshape(-1), 1, aggregates.shape[1])

    def of(self, kernel: Kernel, out: tuple[int, int]) -> Callable[[Floats, Ints], None]:
        """Return what takes the aggregates from one register up to another of some requests."""
        low, high = out
        direct = [(r - low, f) for r, f in self._rest.direct if low <= r < high]
        kept = [(r - low, place) for place, r in enumerate(self._rest.kept) if low <= r < high]
        ways = [
            (np.array(pairs, dtype=np.int64), *target)
            for pairs, target in ((direct, self._features), (kept, self._aggregates))
            if pairs
        ]

        def take(told: Floats, requests: Ints) -> None:
            rows = requests - self.first
            for pairs, flat, row_stride, column_stride in ways:
                kernel.deliver(told, rows, pairs, flat, row_stride, column_stride)

        return take


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
    return {
        name: read_batch(
            stream, rows_of(tables[name]) if name in tables else HeldRows(empty_table(stream))
        )
        for name, stream in program.streams.items()
    }


CHUNK = 1 << 15
"""Operations that are folded at a time: what they are answered stays in the cache."""
NONE = np.zeros(0, dtype=np.int64)


def _fold_group(
    prepared: Prepared,
    index: int,
    seqs: tuple[int, int],
    read: Mapping[str, Piece],
    answers: Answers,
) -> None:
    """Fold the operations of one group that take effect after one seq and up to another."""
    kernel, group = prepared.kernel, prepared.program.groups[index]
    laid = _Laid(prepared, index, seqs, read)
    outs = group.out[1] - group.out[0]
    take = answers.of(kernel, group.out)
    out = np.empty(outs * laid.most)
    for begin, end in laid.parts:
        chunk, asked = laid.operations(begin, end)
        reads = len(asked) if prepared.mode.read else 0
        told = out[: outs * reads].reshape(outs, reads)
        prepared.stores[index].fold(kernel.fold, chunk, told)
        if told.size:
            take(told, asked)
    if prepared.mode.read and len(keyless := laid.keyless()):
        take(np.full((outs, len(keyless)), np.nan), keyless)


class _Laid:
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
        self._order = np.empty(int(starts[-1]), dtype=np.int32)
        kernel.order_by_key(self._codes, self._others.code, self._before, starts, self._order)
        self._told = np.empty(7 * self.most, dtype=np.int64)
        self._stored = np.empty(len(self._columns) * self.most, dtype=np.int64)

    def _take_rows(self, job: Job, piece: Piece, seqs: tuple[int, int]) -> None:
        """Take what happens in a piece; rows are counted from its first, made ones after all."""
        begin, inserts, listed = piece.rows.start, job.inserts, job.listed(*seqs)
        self._at, self._seq = job.events.at[piece.rows], job.events.seq[piece.rows]
        self._values, self._first_request = piece.values, begin
        first, last = np.searchsorted(inserts.order_seq, seqs, side="right")
        self._rows = NONE if inserts.rows is None else inserts.rows[first:last] - begin
        self._codes = inserts.code[first:last]
        one = isinstance(inserts.kind, int)
        self._kinds = np.array([inserts.kind]) if one else np.asarray(inserts.kind)[first:last]
        self._before = np.searchsorted(
            inserts.order_seq[first:last], listed.order_seq, side="right"
        ).astype(np.int64)
        if job.made is not None:
            made, count = job.made, len(job.events)
            beyond = listed.row - count + len(self._at)
            listed = replace(listed, row=np.where(listed.row < count, listed.row - begin, beyond))
            self._at = np.concatenate([self._at, made.at])
            self._seq = np.concatenate([self._seq, made.seq])
            self._values = np.concatenate([self._values, made.values], axis=1)
        self._others = listed

    def operations(self, begin: int, end: int) -> tuple[Operations, Ints]:
        """Return some of them, good until the next are asked for, and the requests they answer."""
        n, others = end - begin, self._others
        told = self._told[: 7 * n].reshape(7, n)
        stored = self._stored[: len(self._columns) * n].reshape(len(self._columns), n)
        self._kernel.lay_out(
            self._order[begin:end], self._rows, self._codes, self._kinds, self._first_request,
            self._at, self._seq, self._values, self._columns, others.code, others.kind, others.row,
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


def _edges(starts: Ints) -> Ints:
    """Where to cut operations ordered by key so that no key is cut, about a chunk apart."""
    wanted = np.arange(0, int(starts[-1]), CHUNK)
    edges = starts[np.searchsorted(starts, wanted, side="left")]
    return np.unique(np.concatenate([np.zeros(1, dtype=np.int64), edges, starts[-1:]]))


def _answer(
    prepared: Prepared,
    inputs: Ints,
    aggregates: Floats,
    features: Floats,
    pool: ThreadPoolExecutor,
) -> None:
    """Evaluate the features that are more than one aggregate, each thread a part of the rows."""
    program, count = prepared.program, len(features)
    nothing = np.zeros((0, 0), dtype=np.int64)
    share = -(-count // _cores())
    runs = []
    for first in range(0, count, share):
        expressions = Expressions(program.rest.rows, len(program.streams[program.request].slots))
        expressions.see_texts(prepared.interner)
        expressions.aim(inputs, aggregates, nothing, features)
        expressions.part(first, min(first + share, count))
        runs.append(pool.submit(expressions.run, prepared.kernel.evaluate))
    for run in runs:
        run.result()
