"""What a worker of a sharded replay does: read files by path, compute, write one file.

A task is plain data that fits JSON, so that it goes to another process or machine as it is. It may
be done twice, or be broken off at any point: its file is there whole or not at all, and its bytes
are the same each time.

    note, split, settle     the exchange, in `flow.exchange_work`
    fold    rows of a shard, exchanged or of the sources    ─► its aggregates, by piece
    answer  some requests, and the aggregates of all shards ─► their features, a Parquet file
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mintmark.engine import shards
from mintmark.engine.feature_table import feature_table, write_features
from mintmark.engine.shards import Shard
from mintmark.flow import exchange_work, parcels
from mintmark.flow.exchange import Exchange
from mintmark.flow.source_files import Cut, batches, readable, require
from mintmark.ground import MintmarkError
from mintmark.plan import Plan

Form = Mapping[str, Any]
BATCH_ROWS = 1 << 17
DIGEST = b"mintmark.digest"


def attempt(task: Form) -> Form:
    """Do a task; an error of ours comes back as data, for the driver to raise."""
    try:
        return WORK[task["do"]](task)
    except MintmarkError as error:
        parts = {
            name: getattr(error, name) for name in ("code", "at", "got", "want", "hint", "kind")
        }
        return {"error": {"what": error.what} | {k: v for k, v in parts.items() if v}}


def note(task: Form) -> Form:
    """Note which ids a chunk of a stream speaks of; say how many."""
    plan, exchange, out = _told(task)
    return {"rows": exchange_work.note(plan, exchange, task["stream"], task["cut"], out)}


def split(task: Form) -> Form:
    """Write a chunk of a stream by shard; say how many rows it has."""
    plan, exchange, out = _told(task)
    return {"rows": exchange_work.split(plan, exchange, task["stream"], task["cut"], out)}


def settle(task: Form) -> Form:
    """Write a bucket of ids by shard; say how many rows it has."""
    plan, exchange, out = _told(task)
    return {"rows": exchange_work.settle(plan, exchange, task["group"], task["bucket"], out)}


def fold(task: Form) -> Form:
    """Fold one shard; say how many requests it answers.

    Cost: the rows of the shard, read and folded.
    """
    plan, exchange, out = _told(task)
    shard = Shard(task["group"], task["place"], task["of"])
    cuts: Mapping[str, Sequence[Cut]] = task["cuts"]
    columns = shards.columns_of(plan, shard.group)
    columns = {name: names for name, names in columns.items() if cuts.get(name)}
    rows, whole = {}, frozenset(columns)
    if shard.group in exchange.groups:
        rows = exchange_work.rows_of(plan, exchange, shard)
        whole = shards.seen_whole(plan, shard.group)
    rows |= {name: _all_rows(cuts[name], columns[name]) for name in whole & columns.keys()}
    for name, names in columns.items():
        if name not in rows:
            rows[name] = _no_rows(cuts[name], names)
    made = shards.shard_aggregates(plan, shard, rows).combine_chunks()
    edges = np.searchsorted(made["mm_seq"].to_numpy(), [*task["pieces"], np.iinfo(np.int64).max])
    run = (
        (place, made.slice(first, end - first))
        for place, (first, end) in enumerate(pairwise(edges.tolist()))
        if end > first
    )
    parcels.write(out, len(task["pieces"]), [run])
    return {"rows": len(made)}


def answer(task: Form) -> Form:
    """Write the features of some requests, with the digest of their bytes; say how many."""
    plan = plan_at(task["plan"])
    requests = _requests(task["requests"], shards.request_columns(plan))
    seq = requests["mm_seq"].to_numpy()
    folder, piece = Path(task["folded"]), task["piece"]
    paths = [folded(folder, shard) for shard in shards.shards_of(plan, task["of"])]
    parts = [part for path in paths for part in parcels.read(path, piece)]
    features = gathered(task["plan"]).features(requests, parts)
    bits = hashlib.sha256(seq.tobytes())
    bits.update(features.tobytes())
    table = feature_table(seq, plan.names, features)
    table = table.replace_schema_metadata({DIGEST: f"sha256:{bits.hexdigest()}"})
    with parcels.whole(Path(task["out"])) as spare:
        write_features(spare, table)
    return {"rows": len(seq)}


def digest_in(path: Path) -> str:
    """Return the digest of the features that `answer` has written into a file."""
    told: dict[bytes, bytes] = pq.read_metadata(path).metadata
    return told[DIGEST].decode()


WORK = {"note": note, "split": split, "settle": settle, "fold": fold, "answer": answer}


def folded(folder: Path, shard: Shard) -> Path:
    """Return the file of a shard's aggregates."""
    return folder / f"{shard.group:03}-{shard.place:05}.parcels"


@lru_cache(maxsize=4)
def plan_at(path: str) -> Plan:
    """Read a plan's form, once in a process."""
    return Plan.from_form(json.loads(Path(path).read_text(encoding="utf-8")))


@lru_cache(maxsize=4)
def gathered(path: str) -> shards.Gathered:
    """Make a plan's row expressions ready, once in a process."""
    return shards.Gathered(plan_at(path))


def _told(task: Form) -> tuple[Plan, Exchange, Path]:
    return plan_at(task["plan"]), Exchange.from_form(task["exchange"]), Path(task["out"])


def _all_rows(cuts: Sequence[Cut], columns: Sequence[str]) -> pa.Table:
    """The rows of a stream, for a shard that has to see all of them."""
    return pa.concat_tables([rows for cut in cuts for rows in batches(cut, columns, BATCH_ROWS)])


def _no_rows(cuts: Sequence[Cut], columns: Sequence[str]) -> pa.Table:
    """Columns of a stream without rows, as its first file has them."""
    path = cuts[0][0][0]
    with readable(path):
        schema = pq.read_schema(path)
    require(path, columns, schema.names)
    return schema.empty_table().select(list(columns))


def _requests(parts: Sequence[tuple[str, int, int, int]], columns: Sequence[str]) -> pa.Table:
    """Rows of requests, each part from one row up to another of a row group of a file."""
    found = []
    for path, place, first, end in parts:
        with readable(path), pq.ParquetFile(path) as file:
            require(path, columns, file.schema_arrow.names)
            rows = file.read_row_group(place, columns=list(columns), use_threads=False)
        found.append(rows.slice(first, end - first))
    return pa.concat_tables(found)
