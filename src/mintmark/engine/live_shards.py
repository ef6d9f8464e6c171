"""Live state split by key: what one place of many holds, and how its answers come together.

The order stays with one sequencer. It hands each row to the places that own the row's keys, and the
answers of a request are joined where the row expressions are evaluated. A place folds each group's
keys by a live state of that group alone; it never needs a row that touches none of its keys, but
for labels, reversals, and the rows of a stream that may be corrected: a correction may move an
event from one key to another, so every place that keeps the stream hears of it. Every place of a
group hears of the tables that its events look up, too, unless these go by the group's own key.

    rows in order ─► Routes: who folds, who answers ─► LivePlace, one of n ─► Joined ─► features
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mintmark.engine.bad_rows import bad_row, out_of_order, sound, whole
from mintmark.engine.batch import empty_table
from mintmark.engine.interner import Interner
from mintmark.engine.kernel import ready
from mintmark.engine.lane import Lane
from mintmark.engine.live import Live, Row
from mintmark.engine.looked_up import looking, lookup_plan
from mintmark.engine.program import lower, roles_of
from mintmark.engine.row_rules import RowRules
from mintmark.engine.sentinel import LIMIT
from mintmark.engine.shards import (
    Shard,
    at_home,
    coded_of,
    columns_of,
    group_plan,
    members_of,
    place_of_key,
    rows_of_shard,
    seen_whole,
    tables_by_key,
)
from mintmark.engine.versions import versioned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Value
    from mintmark.engine.program import Program
    from mintmark.plan import Plan

    Floats = NDArray[np.float64]

Call = tuple[int, str, Row, bool]
"""What a place is asked to do: the group, the stream, its row, and whether that asks."""
Answer = list[Any]
"""A group's aggregates: numbers, or for categories texts."""
LEAST = 2**63
NOBODY = -1


class LivePlace:
    """The state of the keys, of all groups, that fall in one place of `of`."""

    def __init__(
        self, plan: Plan, place: int, of: int, tables: Mapping[str, pa.Table] | None = None
    ) -> None:
        self._plan = plan
        nothing = empty_table(lower(plan).streams[plan.request])
        told = {plan.request: nothing} if tables is None else tables
        self._lives: dict[int, _Answering] = {}
        for group, one in enumerate(plan.groups):
            if place == 0 or one.roles:
                rows = _rows_of(plan, Shard(group, place, of if one.roles else 1), told)
                self._lives[group] = _Answering(plan, group, rows)

    @property
    def bytes(self) -> int:
        """Bytes of the events and of the directory of keys."""
        return sum(one.live.bytes for one in self._lives.values())

    def take(self, calls: Sequence[Call]) -> list[Answer]:
        """Fold rows in their order; return the aggregates of those that ask.

        Raises the errors of `Live.decide`.
        """
        answers = []
        for group, stream, row, asked in calls:
            one = self._lives[group]
            if asked:
                answers.append(one.decide(row))
            else:
                one.live.fold(stream, row)
        return answers


class _Answering:
    """One group's live state, whose answers are understood in other processes."""

    def __init__(self, plan: Plan, group: int, tables: Mapping[str, pa.Table]) -> None:
        self.live = Live.start(group_plan(plan, group), tables)
        coded = coded_of(plan)
        self._coded = [k for k, m in enumerate(members_of(plan, group)) if m in coded]
        self._texts: list[Value] = []

    def decide(self, row: Row) -> Answer:
        answer: Answer = self.live.decide(row).tolist()
        for place in self._coded:
            code = answer[place]
            answer[place] = None if code != code else self._text(int(code))
        return answer

    def _text(self, code: int) -> Value:
        if code >= len(self._texts):
            self._texts += self.live.texts_from(len(self._texts))
        return self._texts[code]


@dataclass(frozen=True)
class _Route:
    """What a stream's rows mean to one group.

    insert, read : the roles of the key that is inserted, or that is asked about;  of : how many
    places have the group;  all : each of them has to hear of the row;  free : the role that is told
    as null to a place that owns neither key, None where that would change what is read.
    """

    group: int
    insert: tuple[str, ...] | None
    read: tuple[str, ...] | None
    of: int
    all: bool
    free: str | None


class Routes:
    """Which places fold a row, and which of them answer it; and what no place could fold."""

    def __init__(self, plan: Plan, of: int) -> None:
        self._routes: dict[str, list[_Route]] = {}
        for group, told in enumerate(plan.groups):
            for name in columns_of(plan, group):
                route = _route(plan, group, name, of if told.roles else 1)
                self._routes.setdefault(name, []).append(route)
        self._checks = _checks_of(plan)

    def check(self, stream: str, row: Row, newest: int) -> int:
        """Return the seq of a row that can be folded after another.

        Raises
        ------
        EngineError
            `engine.live.order`, `engine.live.row`, as `Live.decide`.
        """
        try:
            seq = index(row["mm_seq"])
            if seq <= newest:
                raise out_of_order(stream, got=seq, newest=newest)
            if seq > LIMIT:
                raise OverflowError(f"mm_seq {seq} is beyond {LIMIT}")
            for check in self._checks.get(stream, ()):
                check.sound(row)
        except (KeyError, TypeError, OverflowError) as error:
            raise bad_row(stream, error) from None
        return seq

    def calls(self, stream: str, row: Row) -> list[tuple[int, Call]]:
        """Return what to ask of which place; one place answers for each group."""
        found = []
        for route in self._routes.get(stream, ()):
            owner = reader = NOBODY
            if route.insert is not None:
                owner = self._place(row, route.insert, route.of)
            if route.read is not None:
                same = route.read == route.insert
                reader = owner if same else self._place(row, route.read, route.of)
            concerned = range(route.of) if route.all else {owner, reader} - {NOBODY}
            for place in concerned:
                told = row
                if route.free is not None and place not in (owner, reader):
                    told = {**row, route.free: None}
                found.append((place, (route.group, stream, told, place == reader)))
        return found

    @staticmethod
    def _place(row: Row, roles: tuple[str, ...], of: int) -> int:
        return place_of_key([row[role] for role in roles], of)


def _route(plan: Plan, group: int, name: str, of: int) -> _Route:
    """What a stream means to a group."""
    told, program = plan.groups[group], lower(group_plan(plan, group))
    insert = told.roles if name == told.stream else tables_by_key(plan, group).get(name) or None
    read = (told.request_roles or told.roles) if name == plan.request else None
    every = name in seen_whole(plan, group)
    if name in program.streams:
        shape = program.streams[name].shape
        every |= name == told.stream and versioned(program, name)
        every |= shape.reverses is not None and shape.of == told.stream
        every |= any(label.stream == name for label in program.labels)
    alone = read is None or read == insert
    return _Route(group, insert, read, of, every, insert[0] if insert and alone else None)


def _checks_of(plan: Plan) -> dict[str, list[_Check]]:
    """What a row of each stream has to be, and of each table that events look up."""
    found: dict[str, list[_Check]] = {}
    for program in (lower(plan), *(lower(lookup_plan(plan, of)) for of in looking(plan))):
        for name in program.streams:
            found.setdefault(name, []).append(_Check(program, name))
    return found


class _Check:
    """What a row of a stream has to be, so that every place that hears of it can fold it."""

    def __init__(self, program: Program, name: str) -> None:
        stream = program.streams[name]
        slots = [slot for slot in stream.slots if slot.name and slot.source != "lookup"]
        self._shape, self._rules = stream.shape, RowRules(program, name)
        self._numbers = ["mm_revision"]
        self._numbers += [slot.name for slot in slots if not slot.coded]
        self._told = [*roles_of(program, name), *(slot.name for slot in slots if slot.coded)]

    def sound(self, row: Row) -> None:
        """Raise what `Live` would raise of the row."""
        if max(abs(index(row["mm_at"])), abs(index(row["mm_known_at"]))) > LIMIT:
            raise OverflowError(f"its time is not within {LIMIT} us of 1970")
        for name in self._numbers:
            if row[name] is not None and not -LEAST <= whole(row[name], name, self._shape) < LEAST:
                raise OverflowError(f'"{name}" has more than 64 bits')
        for name in self._told:
            if row[name] is not None:
                sound(row[name], name, self._shape)
        self._rules.read(row)


class Joined:
    """The answers to a request brought together: its row expressions, evaluated."""

    def __init__(self, plan: Plan) -> None:
        program = lower(plan)
        stream = program.streams[plan.request]
        self._interner = Interner(program.texts, told=program.told)
        self._coded = coded_of(plan)
        self._registers = {
            group: (told.out[0], members_of(plan, group))
            for group, told in enumerate(program.groups)
        }
        # No group and no column: what is left of the lane is the answer alone.
        alone = replace(program, groups=(), streams={plan.request: replace(stream, columns=0)})
        self._lane = Lane(alone, plan.request, ready(), ())
        self._untold = dict.fromkeys(stream.shape.lookups)
        self.names = program.names

    def features(self, row: Row, answers: Mapping[int, Answer]) -> Floats:
        """Return the features of a request, given the aggregates of each group."""
        lane = self._lane
        # What is looked up is stored with the request, which is the places' business.
        inputs = lane.read({**row, **self._untold}, self._interner)
        lane.write(inputs, index(row["mm_at"]), index(row["mm_seq"]), ())
        for group, answer in answers.items():
            first, members = self._registers[group]
            for place, (member, value) in enumerate(zip(members, answer, strict=True), first):
                lane.aggregates[place, 0] = self._number(value) if member in self._coded else value
        lane.see_texts(self._interner)
        lane.run(asked=True)
        features: Floats = lane.features[0].copy()
        return features

    def _number(self, value: Value | None) -> float:
        return np.nan if value is None else float(self._interner.code(value))


def _rows_of(plan: Plan, shard: Shard, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """The rows of a history that a place has to know of one group.

    Of a stream that may be corrected these are all, for a correction may come later still.
    """
    found = {}
    for name, columns in columns_of(plan, shard.group).items():
        if name not in tables:
            continue
        rows = tables[name].select(list(columns))
        route = _route(plan, shard.group, name, shard.of)
        if not route.all:
            rows = rows_of_shard(plan, shard, name, rows, pa.array([], pa.null()))
        elif route.free is not None and len(rows):
            place, column = rows.column_names.index(route.free), rows[route.free]
            home = pa.array(at_home(plan, shard, name, rows, route.insert or ()))
            rows = rows.set_column(place, route.free, pc.if_else(home, column, None))
        found[name] = rows
    return found
