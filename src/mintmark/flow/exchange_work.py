"""What a worker does for the exchange: note ids, split rows by shard, settle what names others.

Each task holds one run of its chunk's rows, or one bucket; see `flow.exchange` for the picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine import exchange as engine
from mintmark.engine.exchange import Sieve, sorted_out
from mintmark.engine.shards import Shard
from mintmark.flow import parcels
from mintmark.flow.exchange import Exchange
from mintmark.flow.source_files import batches
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from mintmark.flow.source_files import Cut
    from mintmark.plan import Plan

RUN_ROWS = 1 << 20
"""Rows that a task sorts out at a time."""


def note(plan: Plan, exchange: Exchange, stream: str, cut: Cut, out: Path) -> int:
    """Write the ids that a chunk's rows speak of, as hashes; return how many."""
    slots = exchange.namings(plan)
    mine = [(slot, naming) for slot, naming in enumerate(slots) if naming.stream == stream]
    columns = [naming.column for _, naming in mine]
    columns += ["mm_revision"] if any(naming.again for _, naming in mine) else []
    count = 0

    def run(rows: pa.Table) -> parcels.Run:
        nonlocal count
        for slot, naming in mine:
            hashed = engine.marks(plan, naming, rows)
            count += len(hashed)
            yield slot, pa.table({"hash": hashed})

    parcels.write(out, len(slots), map(run, batches(cut, list(dict.fromkeys(columns)), RUN_ROWS)))
    return count


def split(plan: Plan, exchange: Exchange, stream: str, cut: Cut, out: Path) -> int:
    """Write a chunk's rows by shard; return how many rows were read.

    Raises
    ------
    EngineError
        `engine.batch.order` when they are not in the order of the log.
    """
    read = {group: sorted_out(plan, group).get(stream) for group in exchange.groups}
    reading = {group: list(columns) for group, columns in read.items() if columns}
    sieves = {group: _sieve(plan, exchange, group) for group in reading}
    columns = list(dict.fromkeys(name for names in reading.values() for name in names))
    count = 0

    def run(rows: pa.Table) -> parcels.Run:
        nonlocal count
        count += len(rows)
        for group, names in reading.items():
            first, buckets = exchange.first(plan, group), exchange.buckets(plan, group)
            mine, sieve = rows.select(names), sieves[group]
            told = engine.spread(plan, group, exchange.of, stream, mine, sieve, buckets)
            for slot, part in told.parts(mine):
                yield first + slot, part

    rows = _in_order(stream, batches(cut, columns, RUN_ROWS))
    parcels.write(out, exchange.slots(plan), map(run, rows))
    return count


def settle(plan: Plan, exchange: Exchange, group: int, bucket: int, out: Path) -> int:
    """Write the rows of one bucket of ids by shard; return how many there were."""
    slot = exchange.first(plan, group) + exchange.of + bucket
    streams = tuple(sorted_out(plan, group))
    found = {stream: _slot(exchange, stream, slot) for stream in streams}
    tables = {stream: pa.concat_tables(parts) for stream, parts in found.items() if parts}
    placed = engine.settle(plan, group, exchange.of, tables)
    run = (
        (streams.index(stream) * exchange.of + place, part)
        for stream, told in placed.items()
        for place, part in told.parts(tables[stream])
    )
    parcels.write(out, len(streams) * exchange.of, [run])
    return sum(map(len, tables.values()))


def rows_of(plan: Plan, exchange: Exchange, shard: Shard) -> dict[str, pa.Table]:
    """Return the rows that came for a shard, in the order of the log; streams without any not.

    Raises
    ------
    FlowError
        `flow.parcels.broken`.
    """
    slot = exchange.first(plan, shard.group) + shard.place
    buckets = range(exchange.buckets(plan, shard.group))
    rows = {}
    for number, stream in enumerate(sorted_out(plan, shard.group)):
        parts, place = _slot(exchange, stream, slot), number * shard.of + shard.place
        late = [t for b in buckets for t in parcels.read(exchange.settled(shard.group, b), place)]
        if late:
            told = pa.concat_tables([*parts, *late])
            # A row that asks here and is spoken of may have come by both ways.
            _, order = np.unique(told["mm_seq"].to_numpy(), return_index=True)
            rows[stream] = told.take(pa.array(order))
        elif parts:
            rows[stream] = pa.concat_tables(parts)
    return rows


def _slot(exchange: Exchange, stream: str, slot: int) -> list[pa.Table]:
    """What all chunks of a stream hold for a slot."""
    chunks = range(exchange.chunks.get(stream, 0))
    return [table for c in chunks for table in parcels.read(exchange.split(stream, c), slot)]


def _sieve(plan: Plan, exchange: Exchange, group: int) -> Sieve | None:
    wanted = engine.namings(plan, group)
    if not wanted:
        return None
    slots = exchange.namings(plan)
    read = tuple(
        (str(exchange.note(naming.stream, chunk)), slots.index(naming))
        for naming in wanted
        for chunk in range(exchange.chunks.get(naming.stream, 0))
    )
    return _filled(exchange.told[group], read)


@lru_cache(maxsize=4)
def _filled(expected: int, read: tuple[tuple[str, int], ...]) -> Sieve:
    """Make a sieve of some notes, once in a process."""
    sieve = Sieve(expected)
    for path, slot in read:
        for table in parcels.read(Path(path), slot):
            sieve.add(table["hash"].to_numpy())
    return sieve


def _in_order(stream: str, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Pass rows on if they are in the order of the log."""
    newest = None
    for rows in tables:
        seq = rows["mm_seq"].to_numpy()
        if np.any(seq[1:] <= seq[:-1]) or (newest is not None and len(seq) and seq[0] <= newest):
            raise EngineError(
                f'the rows of "{stream}" are not in the order of the log',
                want="mm_seq that grows from row to row",
                code="engine.batch.order",
            )
        newest = int(seq[-1]) if len(seq) else newest
        yield rows
