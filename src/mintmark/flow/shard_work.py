"""What a worker of a sharded replay does: read files by path, fold or answer, write one file.

A task is plain data that fits JSON, so that it goes to another process or machine as it is. It may
be done twice, or be broken off at any point: its file is there whole or not at all, and its bytes
are the same each time.

    fold    rows of a shard, of the streams' Parquet files  ─► its aggregates, an Arrow file
    answer  some requests, and the aggregates of all shards ─► their features, a Parquet file
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mintmark.engine import shards
from mintmark.engine.shards import Shard
from mintmark.ground import FlowError, MintmarkError
from mintmark.plan import Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

Form = Mapping[str, Any]
BATCH_ROWS = 1 << 17
BOUNDS = b"bounds"


def attempt(task: Form) -> Form:
    """Do a task; an error of ours comes back as data, for the driver to raise."""
    try:
        return WORK[task["do"]](task)
    except MintmarkError as error:
        parts = {name: getattr(error, name) for name in ("code", "at", "got", "want", "hint")}
        return {"error": {"what": error.what} | {k: v for k, v in parts.items() if v}}


def fold(task: Form) -> Form:
    """Fold one shard; say how many requests it answers.

    Cost: one pass over the columns that the group reads, and the fold of the shard's rows alone.
    """
    plan = plan_at(task["plan"])
    shard = Shard(task["group"], task["place"], task["of"])
    sources: Mapping[str, Sequence[str]] = task["sources"]
    wanted = shards.correcting(plan, shard.group)
    tables = {
        name: pa.Table.from_batches(_batches(sources[name], columns))
        for name, columns in wanted.items()
        if sources.get(name)
    }
    ids = shards.corrected(plan, shard.group, tables)
    del tables
    rows = {}
    for name, columns in shards.columns_of(plan, shard.group).items():
        if not sources.get(name):
            continue
        parts = [
            shards.rows_of_shard(plan, shard, name, pa.Table.from_batches([batch]), ids)
            for batch in _batches(sources[name], columns)
        ]
        rows[name] = pa.concat_tables(parts)
    part = shards.shard_aggregates(plan, shard, rows).combine_chunks()
    part = part.replace_schema_metadata({BOUNDS: json.dumps(_bounds(part["mm_seq"].to_numpy()))})
    with _whole(Path(task["out"])) as spare, pa.OSFile(str(spare), "wb") as sink:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(sink, part.schema, options=options) as writer:
            writer.write_table(part, max_chunksize=BATCH_ROWS)
    return {"rows": len(part)}


def answer(task: Form) -> Form:
    """Write the features of some requests; say how many, and the digest of their bytes."""
    plan = plan_at(task["plan"])
    columns = shards.request_columns(plan)
    first, end = task["rows"]
    requests = _slice(task["sources"], columns, first, end)
    seq = requests["mm_seq"].to_numpy()
    parts = [part for path in task["parts"] for part in _between(path, seq)]
    features = gathered(task["plan"]).features(requests, parts)
    told = {"mm_seq": pa.array(seq)}
    for place, name in enumerate(plan.names):
        told[name] = pa.array(np.ascontiguousarray(features[:, place]), from_pandas=True)
    with _whole(Path(task["out"])) as spare:
        pq.write_table(pa.table(told), spare, compression="zstd", compression_level=1)
    bits = hashlib.sha256(seq.tobytes())
    bits.update(features.tobytes())
    return {"rows": len(seq), "digest": f"sha256:{bits.hexdigest()}"}


WORK = {"fold": fold, "answer": answer}


@lru_cache(maxsize=4)
def plan_at(path: str) -> Plan:
    """Read a plan's form, once in a process."""
    return Plan.from_form(json.loads(Path(path).read_text(encoding="utf-8")))


@lru_cache(maxsize=4)
def gathered(path: str) -> shards.Gathered:
    """Make a plan's row expressions ready, once in a process."""
    return shards.Gathered(plan_at(path))


def _batches(paths: Sequence[str], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of some files, a few at a time, so that what a shard leaves out is let go."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            _require(path, columns, file.schema_arrow.names)
            yield from file.iter_batches(BATCH_ROWS, columns=list(columns), use_threads=False)


def _require(path: str, columns: Sequence[str], there: Sequence[str]) -> None:
    missing = [name for name in columns if name not in there]
    if missing:
        raise FlowError(
            "a file lacks a column that the plan reads",
            at=path,
            got=", ".join(there),
            want=", ".join(missing),
            code="flow.replay.column",
        )


def _slice(paths: Sequence[str], columns: Sequence[str], first: int, end: int) -> pa.Table:
    """Rows `first` up to `end` of some files, by the row groups that hold them."""
    parts, start = [], 0
    for path in paths:
        with pq.ParquetFile(path) as file:
            _require(path, columns, file.schema_arrow.names)
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if start < end and first < start + rows:
                    part = file.read_row_group(group, columns=list(columns), use_threads=False)
                    low = max(first - start, 0)
                    parts.append(part.slice(low, min(end - start, rows) - low))
                start += rows
    if not parts:
        return pq.read_schema(paths[0]).empty_table().select(list(columns))
    return pa.concat_tables(parts)


def _bounds(seq: Ints) -> list[list[int]]:
    """The first and the last seq of each batch of a file."""
    starts = range(0, len(seq), BATCH_ROWS)
    return [[int(seq[i]), int(seq[min(i + BATCH_ROWS, len(seq)) - 1])] for i in starts]


def _between(path: str, seq: Ints) -> Iterator[pa.Table]:
    """What a shard says of requests from the first to the last of some."""
    if not len(seq):
        return
    with pa.memory_map(path) as source, pa.ipc.open_file(source) as reader:
        bounds = json.loads(reader.schema.metadata[BOUNDS])
        for place, (first, last) in enumerate(bounds):
            if last < seq[0] or first > seq[-1]:
                continue
            part = pa.Table.from_batches([reader.get_batch(place)])
            theirs = part["mm_seq"].to_numpy()
            low = int(np.searchsorted(theirs, seq[0], "left"))
            high = int(np.searchsorted(theirs, seq[-1], "right"))
            if high > low:
                yield part.slice(low, high - low)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file to write that takes its name once it is whole, or is not there at all."""
    spare = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield spare
        os.replace(spare, path)
    finally:
        spare.unlink(missing_ok=True)
