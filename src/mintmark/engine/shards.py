"""A plan split so that parts of it fold alone: one group's keys, or one n-th of them, at a time.

The state of a key never looks at another key, and a group never at another group. So a shard, the
keys of one group whose hash falls in one of n places, is replayed by a plan of that group alone,
over the rows that touch those keys; what it gives are the aggregates of the requests that look
there. The row expressions are evaluated once all aggregates of a request are together. Both halves
are what `replay` does in one process, so they give its bits.

    rows ─► rows of a shard ─► replay of one group ─► aggregates ┐
    rows ─► rows of a shard ─► replay of one group ─► aggregates ┴─► row expressions ─► features

What events look up when they come, each shard looks up for its own (`engine.looked_up`): it sees
the tables' rows, all of them unless they go by the very key that the group does.

Aggregates travel as tables: `mm_seq`, and one column for each, named by its place. Codes of texts
mean nothing outside their process, so a category travels as its texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mintmark.engine.batch import read_batch
from mintmark.engine.columns import column_of, told_column, whole_numbers
from mintmark.engine.expressions import Expressions
from mintmark.engine.folding import fold_pieces, piece_of, prepare
from mintmark.engine.interner import Interner, Value, factorise, hash_of
from mintmark.engine.kept_rows import HeldRows
from mintmark.engine.kernel import ready
from mintmark.engine.looked_up import ToldRows, looking, lookup_plan
from mintmark.engine.operations import Mode
from mintmark.engine.program import lower
from mintmark.engine.sentinel import NULL
from mintmark.engine.shape import shapes_of
from mintmark.engine.versions import amount_fields, versioned
from mintmark.plan import Node, Output, Plan, lookup_parts, lookups_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.program import Program, StreamProgram

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Hashes = NDArray[np.uint64]
    Ints = NDArray[np.int64]

_LOG = ("mm_seq", "mm_at", "mm_known_at", "mm_revision")
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Shard:
    """The keys of one group whose hash falls in one of `of` places.

    group : place of the group in the plan;  place : from 0 to `of` - 1.
    """

    group: int
    place: int
    of: int


def shards_of(plan: Plan, of: int) -> tuple[Shard, ...]:
    """Return all shards of a plan; a group without a key has one."""
    return tuple(
        Shard(group, place, of)
        for group, told in enumerate(plan.groups)
        for place in range(of if told.roles else 1)
    )


def members_of(plan: Plan, group: int) -> tuple[int, ...]:
    """Return the places of a group's aggregates, in the order in which a shard gives them."""
    return tuple(i for i, one in enumerate(plan.aggregates) if one.group == group)


def coded_of(plan: Plan) -> frozenset[int]:
    """Return the places of the aggregates whose values are texts."""
    found = (node for node in plan.nodes if node.op == "aggregate" and node.kind == "category")
    return frozenset(int(node.value) for node in found if isinstance(node.value, int))


@lru_cache(maxsize=64)
def group_plan(plan: Plan, group: int) -> Plan:
    """Return a plan of one group, whose features are the group's aggregates as they are."""
    told = plan.groups[group]
    columns = {old: new for new, old in enumerate(told.columns)}
    kept = [plan.columns[old] for old in told.columns]
    nodes, places = _read_by(plan, told.stream, [c.node for c in kept if c.node is not None])
    members = [plan.aggregates[i] for i in members_of(plan, group)]
    own = [
        replace(one, group=0, column=None if one.column is None else columns[one.column])
        for one in members
    ]
    return replace(
        plan,
        label=None,
        event_nodes={told.stream: nodes},
        columns=tuple(replace(c, node=None if c.node is None else places[c.node]) for c in kept),
        groups=(replace(told, columns=tuple(range(len(kept)))),),
        aggregates=tuple(own),
        nodes=tuple(Node("aggregate", (), place) for place in range(len(own))),
        outputs=tuple(Output(f"{place:06}", place) for place in range(len(own))),
    )


def _read_by(
    plan: Plan, stream: str, roots: Sequence[int]
) -> tuple[tuple[Node, ...], dict[int, int]]:
    """The nodes that some roots read, and where each of them stands among those."""
    nodes = plan.event_nodes.get(stream, ())
    read = set(roots)
    for place in range(len(nodes) - 1, -1, -1):
        if place in read:
            read.update(nodes[place].args)
    places = {old: new for new, old in enumerate(sorted(read))}
    moved = (replace(nodes[old], args=tuple(places[a] for a in nodes[old].args)) for old in places)
    return tuple(moved), places


def columns_of(plan: Plan, group: int) -> dict[str, tuple[str, ...]]:
    """Return the columns of each stream that a group's shards read; other streams they do not."""
    alone = group_plan(plan, group)
    program = lower(alone)
    (told,) = program.groups
    read: dict[str, tuple[str, ...]] = {}
    for name, stream in program.streams.items():
        shape = stream.shape
        labels = [label for label in program.labels if label.stream == name]
        reverses = shape.reverses is not None and shape.of == told.stream
        if name not in (told.stream, program.request) and not labels and not reverses:
            continue
        names = [*_LOG, shape.id, *_read_in(stream)]
        names += told.roles if name == told.stream else ()
        names += told.request_roles if name == program.request else ()
        names += amount_fields(program, name) if versioned(program, name) else ()
        names += [label.field for label in labels]
        names += [shape.refers_by] if shape.refers_by else []
        names += [shape.reverses] if shape.reverses not in (None, "all") else []
        read[name] = tuple(dict.fromkeys(names))
    for looks in looking(alone):
        beside = lookup_plan(alone, looks)
        for place in range(len(beside.groups)):
            for name, columns in columns_of(beside, place).items():
                read[name] = tuple(dict.fromkeys((*read.get(name, ()), *columns)))
    return read


def _read_in(stream: StreamProgram) -> list[str]:
    """The columns of a stream's rows that are read by name, what they look up left out."""
    return [slot.name for slot in stream.slots if slot.name and slot.source != "lookup"]


@lru_cache(maxsize=256)
def tables_by_key(plan: Plan, group: int) -> Mapping[str, tuple[str, ...]]:
    """Return the tables that a group's events look up, and the keys that send their rows to places.

    A table that is looked up by the group's own key alone goes by that: no other place answers for
    an event of that key. The rows of any other go to every place, for which the keys are (); so do
    those that a correction may move from one key to another.
    """
    told = plan.groups[group]
    asked: dict[str, set[str]] = {}
    for name in lookups_of(group_plan(plan, group), told.stream):
        table, _, role = lookup_parts(name)
        asked.setdefault(table, set()).add(role)
    return {
        table: tuple(plan.event(table)["keys"])
        if len(told.roles) == 1 and roles == {*told.roles} and _stays(plan.event(table))
        else ()
        for table, roles in asked.items()
    }


def _stays(table: Mapping[str, Any]) -> bool:
    """Whether the rows of an id have one key: none comes again, or the key is part of the id."""
    return table.get("revision") is None or bool(table.get("id_of"))


def seen_whole(plan: Plan, group: int) -> frozenset[str]:
    """Return the streams of which each shard of a group has to see every row, whatever it says."""
    return frozenset(table for table, keys in tables_by_key(plan, group).items() if not keys)


def request_columns(plan: Plan) -> tuple[str, ...]:
    """Return the columns of a request that the row expressions read."""
    return tuple(dict.fromkeys([*_LOG, *_read_in(lower(plan).streams[plan.request])]))


def correcting(plan: Plan, group: int) -> dict[str, tuple[str, ...]]:
    """Return the columns of each stream that `corrected` reads; nothing where all ids come once."""
    program = lower(group_plan(plan, group))
    (told,) = program.groups
    if not versioned(program, told.stream):
        return {}
    read: dict[str, tuple[str, ...]] = {}
    read[told.stream] = ("mm_revision", program.streams[told.stream].shape.id)
    for name, stream in program.streams.items():
        if stream.shape.of == told.stream and stream.shape.reverses:
            read[name] = (*read.get(name, ()), str(stream.shape.refers_by))
    return read


def corrected(plan: Plan, group: int, tables: Mapping[str, pa.Table]) -> pa.Array:
    """Return the ids of the group's stream that may be corrected or reversed.

    All rows of such an id go to every shard, for a correction may move it from key to key. An id
    that comes twice has a revision that is not 0.

    tables : the group's stream and what reverses it, or parts of them.
    """
    program = lower(group_plan(plan, group))
    (told,) = program.groups
    shape = program.streams[told.stream].shape
    named: list[pa.ChunkedArray] = []
    for name in correcting(plan, group):
        if name not in tables:
            continue
        rows, reversal = HeldRows(tables[name]), program.streams[name].shape
        if name == told.stream:
            again = pa.array(whole_numbers(column_of(rows, "mm_revision", name)) != 0)
            named.append(told_column(rows, shape.id, shape).filter(again))
        if reversal.of == told.stream and reversal.reverses:
            named.append(told_column(rows, str(reversal.refers_by), reversal))
    found = [pc.unique(column.drop_null()) for column in named if len(column)]
    found = [part for part in found if len(part)]
    if not found:
        return pa.array([], pa.null())
    return pc.unique(pa.concat_arrays([part.cast(found[0].type) for part in found]))


def place_of_keys(columns: Sequence[pa.ChunkedArray], rows: int, of: int) -> Ints:
    """Return the place, of `of`, of each row's key; a key with a null part goes to the first.

    The same key has the same place in any process.  Cost: 10 ns a row, 1 us a different text.
    """
    if not columns or of == 1:
        return np.zeros(rows, dtype=np.int64)
    hashed, known = hashes(columns[0])
    for column in columns[1:]:
        other, there = hashes(column)
        hashed, known = _mixed(hashed * np.uint64(31) + other), known & there
    return np.where(known, (hashed >> np.uint64(11)) % np.uint64(of), 0).astype(np.int64)


def place_of_key(parts: Sequence[Value | None], of: int) -> int:
    """Return the place of one key, as `place_of_keys` does."""
    if not parts or of == 1 or None in parts:
        return 0
    hashed, *others = (hash_of(part) & _MASK for part in parts if part is not None)
    for other in others:
        hashed = hash_of(_signed(hashed * 31 + other)) & _MASK
    return (hashed >> 11) % of


_MASK = 2**64 - 1


def _signed(word: int) -> int:
    word &= _MASK
    return word - 2**64 if word >= 2**63 else word


def hashes(column: pa.ChunkedArray) -> tuple[Hashes, Bools]:
    """Return the hash of each value, as `interner.hash_of` has it, and which are not null."""
    if pa.types.is_integer(column.type):
        values = whole_numbers(column)
        return _mixed(values.astype(np.uint64)), values != NULL
    places, different = factorise(column)
    table = np.array([hash_of(value) & _MASK for value in different] + [0], dtype=np.uint64)
    return table[places], places >= 0


def _mixed(z: Hashes) -> Hashes:
    """Splitmix64 of 64-bit words."""
    with np.errstate(over="ignore"):
        z = z + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def rows_of_shard(
    plan: Plan, shard: Shard, stream: str, rows: pa.Table, corrected_ids: pa.Array
) -> pa.Table:
    """Return the rows of a stream that a shard has to see, in their order.

    rows : the columns of `columns_of`, all rows of the stream or any part of them.
    """
    told = plan.groups[shard.group]
    tables = tables_by_key(plan, shard.group)
    if stream in seen_whole(plan, shard.group):
        return rows
    wanted = np.zeros(len(rows), dtype=bool)
    if stream in tables:
        wanted |= at_home(plan, shard, stream, rows, tables[stream])
    if stream == told.stream:
        wanted |= at_home(plan, shard, stream, rows, told.roles)
        if len(corrected_ids):
            shape = lower(group_plan(plan, shard.group)).streams[stream].shape
            ids = told_column(HeldRows(rows), shape.id, shape).cast(corrected_ids.type)
            wanted |= np.asarray(pc.is_in(ids, value_set=corrected_ids))
    if stream == plan.request:
        wanted |= at_home(plan, shard, stream, rows, told.request_roles or told.roles)
    if stream not in (told.stream, plan.request, *tables):
        return rows
    return rows if wanted.all() else rows.filter(pa.array(wanted))


def at_home(plan: Plan, shard: Shard, stream: str, rows: pa.Table, roles: Sequence[str]) -> Bools:
    """Return which rows of a stream have their key in a shard."""
    shape = shapes_of(plan)[stream]
    columns = [told_column(HeldRows(rows), role, shape) for role in roles]
    here: Bools = place_of_keys(columns, len(rows), shard.of) == shard.place
    return here


def shard_aggregates(plan: Plan, shard: Shard, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return a shard's aggregates for the requests that look into it, in the order of the log.

    Parameters
    ----------
    tables : stream name to rows
        As `rows_of_shard` gives them, each in the order of the log.

    Raises and costs as `replay` over one group.
    """
    alone = group_plan(plan, shard.group)
    piece = piece_of(lower(alone))
    many = len(tables.get(alone.request, ())) > piece
    prepared = prepare(alone, tables, Mode(read=True, keep=False), pieces=many)
    told, requests = plan.groups[shard.group], tables[plan.request]
    roles = told.request_roles or told.roles
    asked = np.flatnonzero(at_home(plan, shard, plan.request, requests, roles))
    features = np.concatenate([part for _, part in fold_pieces(prepared, piece)])[asked]
    seq = prepared.requests.seq[asked]
    return aggregate_table(plan, shard.group, seq, features, prepared.interner.values)


def aggregate_table(
    plan: Plan, group: int, seq: Ints, values: Floats, texts: Sequence[Value]
) -> pa.Table:
    """Return aggregates as they travel.

    values : float64[n, A], those of a group;  texts : what the codes among them stand for.
    """
    coded = coded_of(plan)
    columns: dict[str, Any] = {"mm_seq": pa.array(seq)}
    for column, member in enumerate(members_of(plan, group)):
        told = np.ascontiguousarray(values[:, column])
        columns[str(member)] = _decoded(told, texts) if member in coded else pa.array(told)
    return pa.table(columns)


def _decoded(codes: Floats, texts: Sequence[Value]) -> pa.Array:
    """Codes as the values that they stand for."""
    null = np.isnan(codes)
    different, places = np.unique(np.where(null, -1.0, codes), return_inverse=True)
    values = [None if code < 0 else texts[int(code)] for code in different]
    whole = any(isinstance(value, int) for value in values)
    dictionary = pa.array(values, pa.int64() if whole else pa.string())
    return dictionary.take(pa.array(places))


class Gathered:
    """The row expressions of a plan, evaluated over aggregates that came from shards."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self._kernel, self._program = plan, ready(), lower(plan)
        self._interner = Interner(self._program.texts, told=self._program.told)
        self._registers = _registers(plan, self._program)
        self.names = self._program.names

    def features(self, requests: pa.Table, parts: Sequence[pa.Table]) -> Floats:
        """Return the features of some requests: float64[n, F], NaN for null.

        Parameters
        ----------
        requests : table
            The columns of `request_columns`, in the order of the log.
        parts : tables of aggregates
            Of each group those of all these requests, and of others or not.

        Raises
        ------
        EngineError
            `engine.batch.column`, `engine.batch.order`.
        """
        program, count = self._program, len(requests)
        # What is stored with an event, and looked up for it, is the shards' business.
        stream = replace(program.streams[program.request], columns=0)
        untold = {name: np.full(count, NULL) for name in stream.shape.lookups}
        batch = read_batch(stream, ToldRows(HeldRows(requests), untold))
        inputs = batch.inputs(slice(0, count), self._interner)
        aggregates = np.full((program.aggregates, count), np.nan)
        for part in parts:
            self._place(part, batch.seq, aggregates)
        features = np.empty((count, len(program.names)))
        if count:
            expressions = Expressions(program.answer, len(stream.slots))
            expressions.see_texts(self._interner)
            expressions.aim(inputs, aggregates, np.zeros((0, 0), dtype=np.int64), features)
            expressions.run(self._kernel.evaluate)
        return features

    def _place(self, part: pa.Table, seq: Ints, aggregates: Floats) -> None:
        """Write what a part says of these requests into their columns."""
        theirs = part["mm_seq"].to_numpy()
        rows = np.searchsorted(seq, theirs)
        mine = rows < len(seq)
        mine[mine] = seq[rows[mine]] == theirs[mine]
        rows = rows[mine]
        for name in part.column_names[1:]:
            told = self._numbers(part[name])
            aggregates[self._registers[int(name)], rows] = told[mine]

    def _numbers(self, column: pa.ChunkedArray) -> Floats:
        """A travelling column as the kernel reads it: texts by this process's codes."""
        if pa.types.is_floating(column.type):
            values: Floats = column.to_numpy()
            return values
        codes = self._interner.column(column)
        return np.where(codes == NULL, np.nan, codes.astype(np.float64))


def _registers(plan: Plan, program: Program) -> dict[int, int]:
    """The register of each aggregate: those of a group stand side by side."""
    return {
        member: program.groups[group].out[0] + place
        for group in range(len(plan.groups))
        for place, member in enumerate(members_of(plan, group))
    }
