"""Rows sorted out by shard in one pass, each by what it says itself.

An event goes to the place of its key, a request to the place that it asks. A label, a reversal or a
correction speaks of an event by its id alone, which does not tell that event's key: it goes to a
bucket of ids, and so do the events that it may speak of. The rows of one bucket, taken together,
say which places have to see them. No place sees more than its own rows and what speaks of them.
A table that every place has to see whole (`shards.seen_whole`) is not sorted out: it is read there.

    rows ─► spread ─┬─► places ─────────────────► shards
                    └─► buckets of ids ─► settle ─┘

Which events may be spoken of is asked of a sieve, which answers for all ids in little memory, and
sometimes says yes for no: such an event only takes the longer way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine.columns import column_of, told_column, whole_numbers
from mintmark.engine.interner import factorise, hash_of
from mintmark.engine.kept_rows import HeldRows
from mintmark.engine.program import lower
from mintmark.engine.shape import shapes_of
from mintmark.engine.shards import (
    columns_of,
    group_plan,
    hashes,
    place_of_keys,
    seen_whole,
    tables_by_key,
)
from mintmark.engine.versions import versioned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.shape import Shape
    from mintmark.plan import Plan

    Bools = NDArray[np.bool_]
    Hashes = NDArray[np.uint64]
    Ints = NDArray[np.int64]

SIEVE_BITS = (10, 28)
"""Least and most slots of a sieve, a byte each, as powers of two."""
_RADIX = 1 << 16


@dataclass(frozen=True)
class Naming:
    """A column whose ids may be spoken of by other rows.

    again : whether only in rows whose revision is not 0;  salt : keeps apart the ids of a reversal
    from those of the events.
    """

    stream: str
    column: str
    again: bool
    salt: int = 0


@dataclass(frozen=True)
class _Ids:
    """How rows of each stream speak of a group's events, by id.

    own : the column of an event's id;  named : stream to the columns that name one;  revised :
    stream to the column of its own id, for a reversal that may name another event later;  shapes :
    of all streams.
    """

    own: str
    named: Mapping[str, tuple[str, ...]]
    revised: Mapping[str, str]
    namings: tuple[Naming, ...]
    shapes: Mapping[str, Shape]


@lru_cache(maxsize=256)
def _ids_of(plan: Plan, group: int) -> _Ids:
    program = lower(group_plan(plan, group))
    (told,) = program.groups
    own = program.streams[told.stream].shape.id
    named: dict[str, tuple[str, ...]] = {}
    revised = {}
    found = [Naming(told.stream, own, again=True)] if versioned(program, told.stream) else []
    for label in program.labels:
        named[label.stream] = (label.refers_by,)
    for name, stream in program.streams.items():
        shape = stream.shape
        if shape.of == told.stream and shape.reverses:
            named[name] = (*named.get(name, ()), str(shape.refers_by))
            if shape.revised:
                revised[name] = shape.id
                found.append(Naming(name, shape.id, again=True, salt=hash_of(name)))
    named = {name: tuple(dict.fromkeys(columns)) for name, columns in named.items()}
    found += [Naming(name, column, again=False) for name in named for column in named[name]]
    return _Ids(own, named, revised, tuple(found), shapes_of(plan))


def sorted_out(plan: Plan, group: int) -> dict[str, tuple[str, ...]]:
    """Return the columns of each stream whose rows go to some of a group's places and not to all.

    What is left of `shards.columns_of` every place reads for itself.
    """
    whole = seen_whole(plan, group)
    return {name: c for name, c in columns_of(plan, group).items() if name not in whole}


def namings(plan: Plan, group: int) -> tuple[Naming, ...]:
    """Return the columns whose ids a group's sieve has to know; none where all ids come once."""
    return _ids_of(plan, group).namings


def marks(plan: Plan, naming: Naming, rows: pa.Table) -> Hashes:
    """Return the hashes of the ids in some rows that may be spoken of."""
    hashed, known = hashes(_told(rows, naming.column, shapes_of(plan)[naming.stream]))
    if naming.again:
        revision = whole_numbers(column_of(HeldRows(rows), "mm_revision", naming.stream))
        known = known & (revision != 0)
    return hashed[known] ^ np.uint64(naming.salt % 2**64)


class Sieve:
    """Whether an id may be among those that were added: never a wrong no, sometimes a wrong yes.

    expected : about how many are added. Up to 2**25, one wrong yes among eight ids or fewer.

    Cost: 8 bytes an id, 256 MiB at most.
    """

    def __init__(self, expected: int) -> None:
        low, high = SIEVE_BITS
        slots = 1 << min(max((8 * expected).bit_length(), low), high)
        self._seen, self._mask = np.zeros(slots, dtype=bool), np.uint64(slots - 1)

    def add(self, hashed: Hashes) -> None:
        """Add ids by their hashes."""
        self._seen[hashed & self._mask] = True

    def has(self, hashed: Hashes) -> Bools:
        """Return which ids may be among them."""
        found: Bools = self._seen[hashed & self._mask]
        return found


@dataclass(frozen=True)
class Sorted:
    """Rows ordered by where they go, and inside that as they came.

    order : int64[m], rows, some of them more than once;  starts : int64[slots + 1].
    """

    order: Ints
    starts: Ints

    def parts(self, rows: pa.Table) -> Iterator[tuple[int, pa.Table]]:
        """Yield the rows of each slot that has any."""
        taken = rows.take(pa.array(self.order))
        for slot in np.flatnonzero(np.diff(self.starts)).tolist():
            start, end = self.starts[slot : slot + 2].tolist()
            yield slot, taken.slice(start, end - start)


def spread(
    plan: Plan, group: int, of: int, stream: str, rows: pa.Table, sieve: Sieve | None, buckets: int
) -> Sorted:
    """Return where some rows of a stream go: places from 0 to `of` - 1, and buckets after them.

    rows : columns of `sorted_out`, in any part of the stream;  sieve : of what `namings`
    names over all rows of all streams, None where that is nothing.

    Cost: 0.1 us a row, 1 us a different text.
    """
    told, ids = plan.groups[group], _ids_of(plan, group)
    shape = ids.shapes[stream]
    asking = told.request_roles or told.roles
    spoken = np.zeros(len(rows), dtype=bool)
    found: list[tuple[Ints, Ints]] = []
    if stream == told.stream:
        slots = _places(rows, told.roles, of, shape)
        if sieve is not None:
            hashed, known = hashes(_told(rows, ids.own, shape))
            spoken = known & sieve.has(hashed)
            slots = np.where(spoken, of + _bucket(hashed, buckets), slots)
        found.append((np.arange(len(rows), dtype=np.int64), slots))
    if stream == plan.request and (stream != told.stream or asking != told.roles):
        # Who asks and is spoken of is seen by all places of its id, its own request's among them.
        asked = np.flatnonzero(~spoken)
        found.append((asked, _places(rows, asking, of, shape)[asked]))
    if stream in (tables := tables_by_key(plan, group)):
        found.append((np.arange(len(rows)), _places(rows, tables[stream], of, shape)))
    everywhere = _revised(ids, stream, rows, sieve)
    for column in ids.named.get(stream, ()):
        hashed, known = hashes(_told(rows, column, shape))
        mine = np.flatnonzero(known & ~everywhere)
        found.append((mine, of + _bucket(hashed[mine], buckets)))
    if everywhere.any():
        again = np.flatnonzero(everywhere)
        found.append((np.repeat(again, of), np.tile(np.arange(of), len(again))))
    return _sorted(found, len(rows), of + buckets)


def settle(plan: Plan, group: int, of: int, tables: Mapping[str, pa.Table]) -> dict[str, Sorted]:
    """Return where the rows of one bucket go: to each place that has a row of their event's id.

    tables : stream name to the rows that `spread` has put into the bucket.
    """
    told, ids = plan.groups[group], _ids_of(plan, group)
    if told.stream not in tables:
        return {}
    named = [(told.stream, ids.own)]
    named += [(name, column) for name, columns in ids.named.items() for column in columns]
    named = [(name, column) for name, column in named if name in tables]
    codes = _codes([_told(tables[name], column, ids.shapes[name]) for name, column in named])
    events = tables[told.stream]
    shape = ids.shapes[told.stream]
    places = [_places(events, told.roles, of, shape)]
    if told.stream == plan.request:
        places.append(_places(events, told.request_roles or told.roles, of, shape))
    known = codes[0] >= 0
    pairs = np.unique(np.concatenate([(codes[0] * of + place)[known] for place in places]))
    found: dict[str, list[tuple[Ints, Ints]]] = {}
    for (name, _), code in zip(named, codes, strict=True):
        found.setdefault(name, []).append(_joined(code, pairs, of))
    return {name: _sorted(parts, len(tables[name]), of) for name, parts in found.items()}


def _told(rows: pa.Table, name: str, shape: Shape) -> pa.ChunkedArray:
    return told_column(HeldRows(rows), name, shape)


def _places(rows: pa.Table, roles: Sequence[str], of: int, shape: Shape) -> Ints:
    return place_of_keys([_told(rows, role, shape) for role in roles], len(rows), of)


def _bucket(hashed: Hashes, buckets: int) -> Ints:
    """The bucket of each id, by other bits than a sieve looks at."""
    return ((hashed >> np.uint64(32)) % np.uint64(max(buckets, 1))).astype(np.int64)


def _revised(ids: _Ids, stream: str, rows: pa.Table, sieve: Sieve | None) -> Bools:
    """Which rows are of a reversal that comes more than once, and may name several events."""
    if stream not in ids.revised or sieve is None:
        return np.zeros(len(rows), dtype=bool)
    hashed, known = hashes(_told(rows, ids.revised[stream], ids.shapes[stream]))
    return known & sieve.has(hashed ^ np.uint64(hash_of(stream) % 2**64))


def _codes(columns: Sequence[pa.ChunkedArray]) -> list[Ints]:
    """Ids of several columns by numbers that they share, -1 for null."""
    kind = columns[0].type
    chunks = [chunk for column in columns for chunk in column.cast(kind).chunks]
    codes, _ = factorise(pa.chunked_array(chunks, type=kind))
    return np.split(codes, np.cumsum([len(column) for column in columns])[:-1])


def _joined(codes: Ints, pairs: Ints, of: int) -> tuple[Ints, Ints]:
    """Rows by id, joined with pairs of id and place: rows, and the place of each."""
    first = np.searchsorted(pairs, codes * of)
    count = np.where(codes < 0, 0, np.searchsorted(pairs, codes * of + of) - first)
    rows = np.repeat(np.arange(len(codes), dtype=np.int64), count)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return rows, pairs[np.repeat(first, count) + within] % of


def _sorted(found: Sequence[tuple[Ints, Ints]], count: int, slots: int) -> Sorted:
    """Rows and their slots put in order, each row once in a slot."""
    if len(found) == 1:
        ((rows, slot),) = found
        # Sixteen bits are sorted by radix, a tenth of the time.
        order = np.argsort(slot.astype(np.uint16) if slots <= _RADIX else slot, kind="stable")
        rows, slot = rows[order], slot[order]
    else:
        nothing = np.zeros(0, dtype=np.int64)
        keys = [slot * count + rows for rows, slot in found]
        slot, rows = np.divmod(np.unique(np.concatenate([nothing, *keys])), max(count, 1))
    return Sorted(rows, np.searchsorted(slot, np.arange(slots + 1)))
