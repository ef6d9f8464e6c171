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
from mintmark.engine.shards import (
    Gathered,
    columns_of,
    corrected,
    request_columns,
    rows_of_shard,
    shard_aggregates,
    shards_of,
)
from mintmark.flow.executor import said
from mintmark.flow.shard_work import Form, attempt
from mintmark.flow.sharded import Sharded
from mintmark.log.tables import Table
from mintmark.plan import Plan


def drawn_case(seed: int, rows: int = 40) -> tuple[Plan, Log]:
    """Draw a plan and a log in which it is asked at least once."""
    random = Random(seed)
    plan = drawn_plan(random, lookups=False)
    log = drawn_log(random, rows=rows)
    while not any(stream == plan.request for stream, _ in log):
        log = drawn_log(random, rows=rows)
    return plan, log


def in_shards(plan: Plan, tables: Mapping[str, pa.Table], of: int) -> bytes:
    """Replay by shards in this process; return the bytes of the features."""
    parts = []
    for shard in shards_of(plan, of):
        read = {s: c for s, c in columns_of(plan, shard.group).items() if s in tables}
        mine = {stream: tables[stream].select(list(columns)) for stream, columns in read.items()}
        ids = corrected(plan, shard.group, mine)
        rows = {s: rows_of_shard(plan, shard, s, t, ids) for s, t in mine.items()}
        parts.append(shard_aggregates(plan, shard, rows))
    requests = tables[plan.request].select(list(request_columns(plan)))
    return Gathered(plan).features(requests, parts).tobytes()


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
