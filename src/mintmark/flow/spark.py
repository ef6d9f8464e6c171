"""Spark, for those who have it: the features of Spark frames, by `mapInArrow` (`mintmark[spark]`).

A plan is run as in `flow.sharded`, with Spark for the files and the exchange. What goes through its
shuffle are Arrow tables as bytes, each with the number of the part that it belongs to, so that the
exchange costs one row for many. Nothing of Spark's own computes a value.

    frames ─► rows of each shard ─► fold ─► aggregates by piece ─► answer ─► features
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mintmark.engine import shards
from mintmark.ground import FlowError
from mintmark.plan import Plan

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Batches = Iterable[pa.RecordBatch]
PIECE_SEQS = 1 << 20
"""Places of the log whose requests are answered together."""
_PARCELS = "part bigint, stream string, first bigint, octets binary"
_REQUESTS = "?"


def features_on_spark(
    plan: Plan, frames: Mapping[str, DataFrame], *, of: int, piece: int = PIECE_SEQS
) -> DataFrame:
    """Return a frame of `mm_seq` and one double a feature, in no order; the bits are `replay`'s.

    Parameters
    ----------
    frames : stream name to rows
        The columns that `engine.replay` takes, in stored units, in any order.
    of : int
        Into how many shards the keys of each group are split.
    piece : int
        How many places of the log are answered by one task.

    Raises
    ------
    FlowError
        `flow.replay.empty` without a frame of requests.

    The executors have this package. Ids that are corrected or reversed are collected to the driver.
    """
    if plan.request not in frames:
        raise FlowError(
            f'there is no frame of "{plan.request}", whose requests the plan answers',
            got=", ".join(sorted(frames)) or "no frames",
            want=plan.request,
            code="flow.replay.empty",
        )
    wanted = shards.shards_of(plan, of)
    ids = [_corrected(plan, group, frames) for group in range(len(plan.groups))]
    parcels = [
        frame.select(*_columns(plan, name)).mapInArrow(_sorter(plan, name, wanted, ids), _PARCELS)
        for name, frame in frames.items()
        if _columns(plan, name)
    ]
    asked = frames[plan.request].select(*shards.request_columns(plan))
    answered = [asked.mapInArrow(_cutter(piece), _PARCELS)]
    if wanted and parcels:
        rows = _union(parcels).repartition(len(wanted), "part")
        answered.append(rows.mapInArrow(_folder(plan, wanted, piece), _PARCELS))
    names = ", ".join(["mm_seq bigint", *(f"`{name}` double" for name in plan.names)])
    return _union(answered).repartition(of, "part").mapInArrow(_answerer(plan), names)


def _union(frames: list[DataFrame]) -> DataFrame:
    whole, *others = frames
    for frame in others:
        whole = whole.unionAll(frame)
    return whole


def _columns(plan: Plan, stream: str) -> list[str]:
    """What any group reads of a stream."""
    read = [shards.columns_of(plan, group).get(stream, ()) for group in range(len(plan.groups))]
    return list(dict.fromkeys(name for names in read for name in names))


def _corrected(plan: Plan, group: int, frames: Mapping[str, DataFrame]) -> pa.Array:
    """The ids of a group's stream that may be corrected or reversed."""
    stream = plan.groups[group].stream
    tables = {}
    for name, columns in shards.correcting(plan, group).items():
        if name in frames:
            frame = frames[name].select(*columns)
            tables[name] = (frame.where("mm_revision != 0") if name == stream else frame).toArrow()
    # A stream that reverses itself is read whole: any of its rows may name an id.
    if stream in tables and len(shards.correcting(plan, group)[stream]) > 2:
        tables[stream] = frames[stream].select(*shards.correcting(plan, group)[stream]).toArrow()
    return shards.corrected(plan, group, tables)


Mapped = Callable[[Batches], Iterator[pa.RecordBatch]]


def _sorter(
    plan: Plan, stream: str, wanted: tuple[shards.Shard, ...], ids: list[pa.Array]
) -> Mapped:
    """Rows of a stream to parcels, one for each shard that has to see some of them."""
    reads = [shards.columns_of(plan, group).get(stream) for group in range(len(plan.groups))]

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = pa.Table.from_batches([batch])
            for part, shard in enumerate(wanted):
                columns = reads[shard.group]
                if columns is None:
                    continue
                mine = rows.select(list(columns))
                mine = shards.rows_of_shard(plan, shard, stream, mine, ids[shard.group])
                if len(mine):
                    yield _parcel(part, stream, mine)

    return run


def _cutter(piece: int) -> Mapped:
    """Requests to parcels, one for each piece of the log."""

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from _cut(pa.Table.from_batches([batch]), _REQUESTS, piece)

    return run


def _folder(plan: Plan, wanted: tuple[shards.Shard, ...], piece: int) -> Mapped:
    """Parcels of shards to parcels of aggregates."""

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        for part, parcels in _opened(batches):
            if plan.request in parcels:
                shard = wanted[part]
                tables = {stream: _in_order(rows) for stream, rows in parcels.items()}
                made = shards.shard_aggregates(plan, shard, tables)
                yield from _cut(made, str(shard.group), piece)

    return run


def _answerer(plan: Plan) -> Mapped:
    """Parcels of requests and aggregates to features."""

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        joined = None
        for _, parcels in _opened(batches):
            requests = _in_order(parcels.pop(_REQUESTS))
            joined = joined or shards.Gathered(plan)
            parts = [part for told in parcels.values() for part in told]
            features = joined.features(requests, parts)
            columns: dict[str, Any] = {"mm_seq": requests["mm_seq"]}
            for place, name in enumerate(plan.names):
                told = np.ascontiguousarray(features[:, place])
                columns[name] = pa.array(told, from_pandas=True)
            yield from pa.table(columns).to_batches()

    return run


def _cut(rows: pa.Table, stream: str, piece: int) -> Iterator[pa.RecordBatch]:
    """Parcels of rows by the piece of the log that they belong to."""
    part = rows["mm_seq"].to_numpy() // piece
    for place in np.unique(part):
        yield _parcel(int(place), stream, rows.filter(pa.array(part == place)))


def _parcel(part: int, stream: str, rows: pa.Table) -> pa.RecordBatch:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    columns = {
        "part": pa.array([part], pa.int64()),
        "stream": pa.array([stream]),
        "first": pa.array([rows["mm_seq"][0].as_py()], pa.int64()),
        "octets": pa.array([sink.getvalue().to_pybytes()], pa.binary()),
    }
    return pa.RecordBatch.from_pydict(columns)


def _opened(batches: Batches) -> Iterator[tuple[int, dict[str, list[pa.Table]]]]:
    """The parcels of each part, by stream."""
    found: dict[int, dict[str, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    for batch in batches:
        for row in batch.to_pylist():
            found[row["part"]][row["stream"]].append(row["octets"])
    for part in sorted(found):
        parcels = found.pop(part)
        yield part, {s: [pa.ipc.open_stream(p).read_all() for p in o] for s, o in parcels.items()}


def _in_order(parcels: list[pa.Table]) -> pa.Table:
    """Parcels of one stream put together in the order of the log."""
    return pa.concat_tables(parcels).sort_by("mm_seq")
