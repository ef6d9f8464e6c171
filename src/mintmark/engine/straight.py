"""The straight way of a request into live state: what most are, in as few steps as Python takes.

A request goes straight where its stream tells of no other row, none of its columns is null, its
numbers are whole, and its texts were met before.  Everything else, every error among it, is left to
`Live`, which reads the row anew: nothing has moved by then.

Where all keys are whole numbers compiled code finds them (`engine.places`), all at once; else they
are looked up here, and were met before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from struct import Struct
from struct import error as pack_error
from typing import TYPE_CHECKING, Any

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine import single_layout as S
from mintmark.engine.finder import Finder
from mintmark.engine.program import roles_of
from mintmark.engine.sentinel import LIMIT
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from mintmark.engine.interner import Interner, Key
    from mintmark.engine.lane import Lane
    from mintmark.engine.program import Program
    from mintmark.engine.registers import Slot

Row = Mapping[str, Any]
Straight = Callable[[Row, int], tuple[int, Any] | None]
"""Folds and answers a row that comes after the newest seq; its seq and id, None if it did not."""
Kinds = tuple[tuple[str, type], ...]
"""Columns, and the type that a value of each has to have to go straight."""
_BAD = (KeyError, TypeError, OverflowError, EngineError, pack_error)
_WORD = 2**63


class Finders:
    """The tables in which compiled code finds the keys and codes of a stream that has numbers.

    codes : what numbers are coded as;  rows : for each group, the row of a key.
    """

    def __init__(self, lane: Lane, interner: Interner, keys: Sequence[dict[Key, int]]) -> None:
        self._interner, self._coded = interner, len(interner)
        codes: dict[Key, int] = {value: code for code, value in enumerate(interner.values)}
        self.codes = Finder(_entries(codes))
        self.rows = {feed.group: Finder(_entries(keys[feed.group])) for feed in lane.feeds}

    def met(self, group: int, key: Key, row: int) -> None:
        """Note a key that was not met before."""
        for entry in _entries({key: row}):
            self.rows[group].add(*entry)

    def coded(self) -> None:
        """Note what got a code since the last time."""
        if len(self._interner) == self._coded:
            return
        fresh = self._interner.values_from(self._coded)
        for entry in _entries({value: self._coded + i for i, value in enumerate(fresh)}):
            self.codes.add(*entry)
        self._coded += len(fresh)


def _entries(told: Mapping[Key, int]) -> list[tuple[int, int, int]]:
    """What a finder keeps of keys: those of one or two whole numbers that fit a word."""
    found = []
    for key, value in told.items():
        parts = key if type(key) is tuple else (key, 0)
        if len(parts) == 2 and all(type(k) is int and -_WORD <= k < _WORD for k in parts):
            found.append((*parts, value))
    return found


def finders_of(lane: Lane, interner: Interner, keys: Sequence[dict[Key, int]]) -> Finders | None:
    """Return the tables of a request's keys, None where some key or input is no whole number."""
    numbered = lane.stream.shape.numbered
    names = _coded(lane.stream.slots)
    roles = [role for feed in lane.feeds for role in feed.roles]
    if any(len(feed.roles) > 2 for feed in lane.feeds) or not numbered.issuperset(names + roles):
        return None
    return Finders(lane, interner, keys)


def kinds_of(program: Program, lane: Lane, *, reads_id: bool) -> Kinds:
    """Return the columns whose type a table of keys would not tell: 5.0 is found where 5 is."""
    own = lane.stream.shape
    mixed = any(
        stream.shape.numbered.intersection([*roles_of(program, name), *_coded(stream.slots)])
        for name, stream in program.streams.items()
    )
    names = [*_coded(lane.stream.slots), *lane.roles] if mixed else []
    names += [own.id] if reads_id else []
    return tuple((name, int if name in own.numbered else str) for name in dict.fromkeys(names))


def _coded(slots: Sequence[Slot]) -> list[str]:
    return [slot.name for slot in slots if slot.coded]


def straight_of(
    lane: Lane,
    kinds: Kinds,
    interner: Interner,
    keys: Sequence[dict[Key, int]],
    finders: Finders | None,
    meet: Callable[[Row], None],
) -> Straight | None:
    """Return the straight way of a request, None where there is none.

    kinds : as `kinds_of` has them;  meet : makes keys and codes of a row's numbers that were not
    met before.
    """
    if not lane.feeds or any(f.insert is None or f.read is not f.insert for f in lane.feeds):
        return None
    if finders is not None:
        # What is no whole number is not packed.
        own = tuple(told for told in kinds if told[0] == lane.stream.shape.id)
        return _numbered(lane, own, finders, meet)
    return _looked_up(lane, kinds, interner, keys)


def _columns(lane: Lane) -> list[str]:
    """The columns at the front of the buffer."""
    return [
        *("mm_at" if at else name for name, _, at in lane.slots), "mm_at", "mm_seq", "mm_known_at",
    ]  # fmt: skip


def _numbered(lane: Lane, kinds: Kinds, finders: Finders, meet: Callable[[Row], None]) -> Straight:
    columns = _columns(lane)
    front = len(columns)
    places: dict[str, int] = {}
    for feed in lane.feeds:
        for role in feed.roles:
            places.setdefault(role, front + len(places))
    finds = []
    for place, (_, coded, _) in enumerate(lane.slots):
        if coded:
            finds.append((finders.codes, place, -1, place))
    for number, feed in enumerate(lane.feeds):
        a, b = (*(places[role] for role in feed.roles), -1)[:2]
        finds.append((finders.rows[feed.group], a, b, front + number))
    raw = np.zeros(front + len(places) + 2 * len(finds), dtype=np.int64)
    context = lane.finding(raw, front, len(finds))
    records = context[0][-S.FIND_SIZE * len(finds) :].reshape(-1, S.FIND_SIZE)
    for record, (finder, *words) in zip(records, finds, strict=True):
        finder.tell(record)
        record[S.FIND_A :] = words
    read = itemgetter(*columns, *places)
    seq_at, id_name = front - 2, lane.stream.shape.id
    pack, into = Struct(f"={front + len(places)}q").pack_into, raw.data.cast("B")
    run, address = lane.kernel.run_steps.quick_call, context[1]

    def straight(row: Row, newest: int) -> tuple[int, Any] | None:
        try:
            values = read(row)
            seq = values[seq_at]
            if type(seq) is not int or not newest < seq <= LIMIT:
                return None
            if abs(values[seq_at - 1]) > LIMIT or abs(values[seq_at + 1]) > LIMIT:
                return None
            for name, kind in kinds:
                if type(row[name]) is not kind:
                    return None
            pack(into, 0, *values)
            id_ = row[id_name]
        except _BAD:
            return None
        status = run(address)
        if status == S.UNKNOWN_KEY:
            # All of the row is sound by now, but for a key that no history holds.
            try:
                meet(row)
            except _BAD:
                return None
            status = run(address)
        if status != L.DONE:
            if status == S.UNKNOWN_KEY:
                return None
            lane.finish(context)
        return seq, id_

    return straight


def _looked_up(
    lane: Lane, kinds: Kinds, interner: Interner, keys: Sequence[dict[Key, int]]
) -> Straight:
    read = itemgetter(lane.stream.shape.id, *_columns(lane))
    coded = [place for place, (_, text, _) in enumerate(lane.slots) if text]
    code_of = interner.known
    finds = [(keys[f.group].get, f.insert) for f in lane.feeds if f.insert is not None]
    front = len(lane.slots) + 3 + len(finds)
    pack, into = Struct(f"={front}q").pack_into, lane.bytes
    run, address = lane.kernel.run_steps.quick_call, lane.asked[1]

    def straight(row: Row, newest: int) -> tuple[int, Any] | None:
        try:
            id_, *inputs, at, seq, known_at = read(row)
            if not (type(seq) is type(at) is type(known_at) is int and newest < seq <= LIMIT):
                return None
            if abs(at) > LIMIT or abs(known_at) > LIMIT:
                return None
            for name, kind in kinds:
                if type(row[name]) is not kind:
                    return None
            for place in coded:
                inputs[place] = code_of(inputs[place])
            # None, for what is null or was never met, does not pack.
            found = [find(key_of(row)) for find, key_of in finds]
            pack(into, 0, *inputs, at, seq, at if at < known_at else known_at, *found)
        except _BAD:
            return None
        if run(address) != L.DONE:
            lane.finish(lane.asked)
        return seq, id_

    return straight
