"""A history folded: the operations of each group ordered by key, then the compiled fold.

The operations (insert an event, read for a request, tell an outcome) are ordered by key, inside a
key by the log, and handed to the same machine code that folds one event when live. Nothing here
computes a value; it only moves rows. A long history goes piece by piece, the state staying between:
of the whole of it only times, places and keys are held.

    rows ─► inputs ─► stored values ─► operations by key ─► fold ─► row expressions ─► features
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine import layout as L
from mintmark.engine.answers import Answers, Spare
from mintmark.engine.batch import Batch, empty_table, keys_at, read_batch, stored_values
from mintmark.engine.columns import whole_numbers
from mintmark.engine.expressions import Expressions
from mintmark.engine.interner import Interner
from mintmark.engine.kept_rows import HeldRows, Rows, rows_by_stream
from mintmark.engine.kernel import ready
from mintmark.engine.laying_out import Laid, Piece, room_for_rows
from mintmark.engine.looked_up import ToldRows, looking, lookup_plan, stored
from mintmark.engine.one_order import refuse_shared
from mintmark.engine.operations import NO_CODES, Job, Mode, job_of
from mintmark.engine.outcomes import Amendments, amendments
from mintmark.engine.program import Program, lower
from mintmark.engine.sentinel import NULL
from mintmark.engine.state import Size, Store, stores_of
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


def prepare(
    plan: Plan, given: Mapping[str, pa.Table | Rows], mode: Mode, *, pieces: bool = False
) -> Prepared:
    """List what the rows of some streams do, each in the order of the log.

    Raises
    ------
    EngineError
        `engine.batch.stream` without a table of requests; those of `rows_by_stream`, `read_batch`,
        `refuse_shared` and `lower`.
    """
    kernel = ready()
    program, tables = lower(plan), rows_by_stream(given)
    interner = Interner(program.texts, told=program.told)
    if program.request not in tables:
        raise EngineError(
            f'there are no rows of "{program.request}", whose requests the plan answers',
            got=", ".join(sorted(tables)) or "no tables",
            want=program.request,
            hint="for a history of none hand over its columns without rows",
            code="engine.batch.stream",
        )
    rows, lookups = _looked_up(plan, tables, mode)
    batches = _batches(program, rows)
    refuse_shared({
        name: batch.seq
        for some in (*(beside.batches for beside in lookups.values()), batches)
        for name, batch in some.items()
    })  # fmt: skip
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
    with ThreadPoolExecutor(_cores()) as pool:
        # Keys are numbered by compiled code, which lets other groups go on.
        jobs = tuple(
            pool.map(
                lambda g: job_of(kernel, program, g, batches, told, changes, mode),
                range(len(program.groups)),
            )
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
    plan: Plan, tables: Mapping[str, Rows], mode: Mode
) -> tuple[Mapping[str, Rows], dict[str, Prepared]]:
    """Put beside the rows of each stream what they look up, and keep what that was told from."""
    found: dict[str, Prepared] = {}
    rows: dict[str, Rows] = dict(tables)
    for stream in looking(plan):
        asks = lookup_plan(plan, stream)
        # Without rows it has the columns by which the plan itself reads it.
        none = HeldRows(empty_table(lower(plan).streams[stream]))
        asked = rows.get(stream, none)
        beside = prepare(asks, {**tables, stream: asked}, replace(mode, read=True), pieces=True)
        answers = [part.copy() for _, part in fold_pieces(beside, piece_of(beside.program))]
        told = stored(plan, stream, np.concatenate(answers))
        names = lookups_of(plan, stream)
        rows[stream] = ToldRows(asked, dict(zip(names, told.T, strict=True)))
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
    spare = Spare(len(program.names), min(piece, len(requests)))
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
            if not last or prepared.mode.keep:
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
        packed = room_for_rows(rows.stop - rows.start, batch.stream.columns)
        packed[:, L.FIELD_AT], packed[:, L.FIELD_SEQ] = batch.at[rows], batch.seq[rows]
        values = packed[:, L.FIELD_COLUMNS : L.FIELD_COLUMNS + batch.stream.columns].T
        stored_values(kernel, batch.stream, inputs, prepared.interner, values)
        read[name] = Piece(rows, inputs, packed)
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


def _batches(program: Program, tables: Mapping[str, Rows]) -> dict[str, Batch]:
    return {
        name: read_batch(stream, tables[name] if name in tables else HeldRows(empty_table(stream)))
        for name, stream in program.streams.items()
    }


def _fold_group(
    prepared: Prepared,
    index: int,
    seqs: tuple[int, int],
    read: Mapping[str, Piece],
    answers: Answers,
) -> None:
    """Fold the operations of one group that take effect after one seq and up to another."""
    kernel, group = prepared.kernel, prepared.program.groups[index]
    laid = Laid(prepared, index, seqs, read)
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
