"""Plans and logs drawn for tests of shards, and how their rows come to files and back."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from laws.drawn import Log, drawn_log, drawn_plan
from mintmark.engine.exchange import namings
from mintmark.engine.shards import seen_whole
from mintmark.flow.executor import said
from mintmark.flow.shard_work import Form, attempt
from mintmark.flow.sharded import Sharded
from mintmark.log.tables import Table
from mintmark.plan import Plan


def drawn_case(seed: int, rows: int = 40, *, lookups: bool = True) -> tuple[Plan, Log]:
    """Draw a plan and a log in which it is asked at least once."""
    random = Random(seed)
    plain = random.random() < 0.3
    plan = drawn_plan(random, plain=plain, lookups=lookups)
    log = drawn_log(random, rows=rows, plain=plain)
    while not any(stream == plan.request for stream, _ in log):
        log = drawn_log(random, rows=rows, plain=plain)
    return plan, log


def full_case(seed: int, rows: int = 60) -> tuple[Plan, Log]:
    """Draw a case, from a seed on, that takes every phase, with a table that each shard reads."""
    while True:
        plan, log = drawn_case(seed, rows)
        split = [group for group, told in enumerate(plan.groups) if told.roles]
        if any(namings(plan, group) and seen_whole(plan, group) for group in split):
            return plan, log
        seed += 1


def write_tables(
    tables: Mapping[str, pa.Table], folder: Path, *, files: int = 1
) -> dict[str, list[Path]]:
    """Write each stream as so many Parquet files, one after another in the order of the log."""
    folder.mkdir(parents=True)
    sources: dict[str, list[Path]] = {}
    for name, rows in tables.items():
        sources[name] = [folder / f"{name}-{place}.parquet" for place in range(files)]
        step = -(-len(rows) // files) or 1
        for place, path in enumerate(sources[name]):
            pq.write_table(rows.slice(place * step, step), path)
    return sources


def features_in(made: Sharded) -> bytes:
    """Return the bytes of the features that a sharded replay has left."""
    rows = Table(made.folder).read(0)
    columns = [rows[name].to_numpy() for name in made.names]
    return np.ascontiguousarray(np.column_stack(columns)).tobytes()


class Inline:
    """Does the tasks of a sharded replay in this process, one after another."""

    workers = 1

    def run(self, tasks: Sequence[Form]) -> Iterator[tuple[int, Form]]:
        """Do every task, as `flow.executor.Executor` says."""
        for place, task in enumerate(tasks):
            yield place, said(self.do(task))

    def do(self, task: Form) -> Form:
        """Do one task."""
        return attempt(task)


@contextmanager
def short_of_room(octets: int) -> Iterator[None]:
    """No file grows beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
