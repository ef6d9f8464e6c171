"""A history folded at once: the operations of each group ordered by key, then the compiled fold.

The operations (insert an event, read for a request, tell an outcome) are ordered by key, inside a
key by the log, and handed to the same machine code that folds one event when live. Nothing here
computes a value; it only moves rows.

    tables ─► inputs ─► stored values ─► operations by key ─► fold ─► row expressions ─► features
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine import layout as L
from mintmark.engine.batch import Batch, empty_table, read_batch
from mintmark.engine.interner import Interner
from mintmark.engine.kernel import ready
from mintmark.engine.operations import NO_AMENDS, Job, Mode, job_of
from mintmark.engine.outcomes import Amendments, amendments
from mintmark.engine.program import Program, lower
from mintmark.engine.state import FIRST_SCRATCH, Events, Operations, State
from mintmark.ground import EngineError, Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Key
    from mintmark.engine.kernel import Kernel
    from mintmark.plan import Plan

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

CHUNK = 1 << 15
"""Operations between one gather and the next: their rows stay in the second-level cache."""
THREADS = 2


@dataclass(frozen=True)
class History:
    """A history folded: features of every request, and what goes on from there.

    features : float64[n, F];  keys, first_keys : the keys of each group and the row of the first of
    them in the directory;  event_keys : int64[events] for each group, each event's row there, 0 for
    none;  amendments : one for each label of the program.
    """

    program: Program
    batches: Mapping[str, Batch]
    interner: Interner
    features: Floats
    state: State
    keys: tuple[list[Key], ...]
    first_keys: tuple[int, ...]
    amendments: tuple[Amendments, ...]
    event_keys: tuple[Ints, ...]


def fold_history(
    plan: Plan, tables: Mapping[str, pa.Table], mode: Mode, progress: Progress
) -> History:
    """Fold tables of rows, each in the order of the log, from the beginning.

    Raises
    ------
    EngineError
        `engine.batch.stream` without a table of requests; those of `read_batch` and `lower`.
    """
    kernel = ready()
    program = lower(plan)
    interner = Interner(program.texts)
    progress.start("replay", len(program.groups) + 2)
    batches = _batches(kernel, program, tables, interner)
    told = tuple(
        amendments(kernel, code, label, batches[label.of], batches[label.stream])
        for code, label in enumerate(program.labels)
    )
    progress.advance(1)
    jobs = [job_of(kernel, program, g, batches, told, mode) for g in range(len(program.groups))]
    state, states, first_keys = _presize(program, jobs, mode)
    requests = batches[program.request]
    out = np.full((len(requests) if mode.read else 0, program.aggregates), np.nan)
    with ThreadPoolExecutor(THREADS) as pool:
        runs = [
            pool.submit(_run, kernel, program, job, states[job.group], first_keys[job.group], out)
            for job in jobs
        ]
        for run in runs:
            run.result()
            progress.advance(1)
    features = np.empty((len(out), len(program.names)))
    if mode.read:
        _answer(kernel, program, requests, out, features)
    progress.done(f"{len(requests):,} rows, {len(program.names)} features")
    keys = tuple(job.keys for job in jobs)
    event_keys = tuple(
        np.where(job.event_code < 0, 0, job.event_code + first)
        for job, first in zip(jobs, first_keys, strict=True)
    )
    return History(program, batches, interner, features, state, keys, first_keys, told, event_keys)


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


def _presize(
    program: Program, jobs: list[Job], mode: Mode
) -> tuple[State, list[State], tuple[int, ...]]:
    """States with a block of exactly the right size for every key.

    To keep, all blocks stand one after another in one state; else each group has one block's room,
    used by one key after the other, and stays in the cache.
    """
    strides = [L.FIELD_COLUMNS + group.columns for group in program.groups]
    first_keys = np.cumsum([1] + [len(job.keys) for job in jobs])
    first_words = np.cumsum(
        [1] + [s * int(job.inserts.sum()) for s, job in zip(strides, jobs, strict=True)]
    )
    state = State.empty(program)
    if mode.keep:
        # Room to go on live: pages that nobody writes cost nothing.
        state = State.empty(program, keys=2 * int(first_keys[-1]), heap=2 * int(first_words[-1]))
        state.n_keys = int(first_keys[-1])
        state.meta[L.META_USED] = first_words[-1]
    states = []
    firsts = []
    for job, stride in zip(jobs, strides, strict=True):
        mine, first, word = state, int(first_keys[job.group]), int(first_words[job.group])
        starts = word + stride * (np.cumsum(job.inserts) - job.inserts)
        if not mode.keep:
            words = 1 + stride * int(job.inserts.max(initial=0))
            mine, first = State.empty(program, keys=1 + len(job.keys), heap=words), 1
            starts = np.ones_like(job.inserts)
        rows = slice(first, first + len(job.keys))
        mine.keys[rows, L.KEY_START] = starts
        mine.keys[rows, L.KEY_CAPACITY] = job.inserts
        states.append(replace(mine, scratch=np.zeros(FIRST_SCRATCH, dtype=np.int64)))
        firsts.append(first)
    return state, states, tuple(firsts)


def _run(
    kernel: Kernel, program: Program, job: Job, state: State, first_key: int, out: Floats
) -> None:
    """Fold the operations of one group, a chunk at a time, its rows gathered to lie in order."""
    low, high = program.groups[job.group].out
    places = np.arange(min(CHUNK, len(job.kind)), dtype=np.int64)
    groups = np.full(len(places), job.group, dtype=np.int64)
    answers = np.empty((len(places), high - low))
    for start in range(0, len(job.kind), CHUNK):
        kind = job.kind[start : start + CHUNK]
        source = job.source[start : start + CHUNK]
        request = job.request[start : start + CHUNK]
        event = np.where(kind & L.OP_INSERT, source, 0)
        amend = np.where(kind & L.OP_AMEND, source, 0)
        values = np.empty((len(job.events.values), len(kind)), dtype=np.int64)
        if len(job.events):
            kernel.gather(job.events.values, event, values)
        operations = Operations(
            kind=kind,
            group=groups[: len(kind)],
            key=job.code[start : start + CHUNK] + first_key,
            source=places[: len(kind)],
        )
        events = Events(
            at=job.events.at[event] if len(job.events) else event,
            seq=job.events.seq[event] if len(job.events) else event,
            values=values,
            amends=job.amends[amend] if len(job.amends) else NO_AMENDS,
            request_at=job.request_at[np.maximum(request, 0)] if len(job.request_at) else request,
        )
        state.fold(kernel, program, operations, events, answers, low)
        if len(out) and high > low:
            kernel.scatter(answers, request, out, low)


def _answer(
    kernel: Kernel, program: Program, requests: Batch, aggregates: Floats, features: Floats
) -> None:
    """Turn aggregates into features, row by row."""
    rows = program.answer
    kernel.evaluate(
        rows.code, rows.constants, rows.limits, rows.zones, requests.inputs, aggregates,
        rows.stores, np.empty((0, len(requests)), dtype=np.int64), rows.outputs, rows.codes,
        features,
    )  # fmt: skip
