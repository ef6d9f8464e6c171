"""Live state: the same compiled fold as replay, one event at a time.

One thread folds; a row is taken whole or, when its columns are wrong, not at all. `decide` inserts
a request and answers its features; `fold` takes any other row. A read changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from heapq import merge
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mintmark.define import role_words
from mintmark.engine import layout as L
from mintmark.engine.bad_rows import bad_row, out_of_order
from mintmark.engine.book import Book, Change, Told, empty_book
from mintmark.engine.folding import Prepared, fold_pieces, piece_of, prepare
from mintmark.engine.interner import Interner
from mintmark.engine.kept_rows import one_by_one, rows_by_stream
from mintmark.engine.kernel import ready
from mintmark.engine.lane import Lane
from mintmark.engine.looked_up import lookup_plan, told_one
from mintmark.engine.measure import StateMemory, state_memory
from mintmark.engine.operations import Mode
from mintmark.engine.outcomes import filled_book
from mintmark.engine.program import lower
from mintmark.engine.row_rules import RowRules, RowTold
from mintmark.engine.sentinel import FORMAT, LIMIT, NULL
from mintmark.engine.snapshot import (
    Header,
    Snapshot,
    place_of,
    place_to_write,
    read_snapshot,
    shapes_of,
    write_snapshot,
)
from mintmark.engine.state import Size, Store, bytes_of, stores_of
from mintmark.engine.straight import finders_of, kinds_of, straight_of
from mintmark.engine.subject import In, Out, Step, Subjects, Version
from mintmark.engine.versions import versioned
from mintmark.ground import Progress, Silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Key, Value
    from mintmark.engine.kept_rows import Rows
    from mintmark.engine.program import Program
    from mintmark.engine.straight import Finders, Straight
    from mintmark.plan import Plan

Row = Mapping[str, Any]
Keys = list[tuple["Key | None", "Key | None"]]
"""The keys by which a row is inserted and read for, one pair for each feed."""


class Live:
    """The state of a plan after some row of the log, and what it answers next.

    Attributes
    ----------
    names : tuple of str
        The features, in the order in which `decide` gives them.
    seq : int
        The `mm_seq` of the newest row that was folded, -1 before the first.
    """

    def __init__(
        self,
        program: Program,
        stores: list[Store],
        interner: Interner,
        keys: list[dict[Key, int]],
        books: dict[str, Book],
        subjects: dict[str, Subjects],
    ) -> None:
        self._program, self._stores, self._interner = program, stores, interner
        self._keys, self._books, self._subjects = keys, books, subjects
        kernel = ready()
        self._lanes = {name: Lane(program, name, kernel, stores) for name in program.streams}
        self._rules = {name: RowRules(program, name) for name in program.streams}
        self._moves = -1
        self.watermark = NULL
        self._request = self._lanes[program.request]
        self._book = books.get(program.request)
        self._finders: Finders | None = None
        self._straight = self._straight_way()
        self._see_texts()
        self.names = program.names
        self.seq = -1
        self._lookups: dict[str, Live] = {}
        self._tells: dict[str, Callable[[NDArray[np.float64]], Mapping[str, int | None]]] = {}

    @classmethod
    def start(
        cls, plan: Plan, tables: Mapping[str, pa.Table | Rows], progress: Progress | None = None
    ) -> Live:
        """Return the state of a plan after all rows of some tables.

        Raises the errors of `replay`.  Cost: 0.5 s for a million rows and two groups.
        """
        steps = progress or Silent()
        steps.start("replay", None)
        prepared = prepare(plan, tables, Mode(read=False, keep=True))
        for _ in fold_pieces(prepared, piece_of(prepared.program)):
            pass
        steps.done(f"{len(prepared.requests):,} rows")
        return cls.after(prepared)

    @classmethod
    def after(cls, prepared: Prepared) -> Live:
        """Return live state that goes on where a folded history ends."""
        keys: list[dict[Key, int]] = []
        for group, first in enumerate(prepared.first_keys):
            found = prepared.keys(group)
            keys.append(dict(zip(found, range(first, first + len(found)), strict=True)))
        for store in prepared.stores:
            # What is expected holds for the keys of the history alone.
            store.expected = None
        program = prepared.program
        books = {
            of: filled_book(prepared, of)
            for of in dict.fromkeys(label.of for label in program.labels)
            if not versioned(program, of)
        }
        subjects = {of: Subjects() for of in program.streams if versioned(program, of)}
        live = cls(program, prepared.stores, prepared.interner, keys, books, subjects)
        live.watermark = prepared.watermark
        for of, change in prepared.changes.items():
            subjects[of] = change.subjects
            live._adopt(of, change.subjects, prepared)
        for of, history in prepared.lookups.items():
            live._look(prepared.plan, of, cls.after(history))
        live._settle()
        newest = [int(batch.seq[-1]) for batch in prepared.batches.values() if len(batch)]
        live.seq = max(newest, default=-1)
        return live

    @property
    def bytes(self) -> int:
        """Bytes of the events and of the directory of keys; ids and texts come on top.

        What was given back and is held to be used again is among them: `memory` tells both.
        """
        beside = sum(live.bytes for live in self._lookups.values())
        return bytes_of(self._stores) + beside

    def memory(self) -> StateMemory:
        """Return what the state takes, group by group."""
        names = [
            f"{group.stream} by {role_words(group.roles, group.request_roles)}"
            + (", all that came" if group.every else "")
            for group in self._program.groups
        ]
        ids = sum(len(subjects.known) for subjects in self._subjects.values())
        ids += sum(len(book.ids) for book in self._books.values())
        known = ids, len(self._interner.values)
        mine = state_memory(names, self._program.groups, self._stores, known)
        others = [
            replace(group, name=f"{group.name}, as {of} comes")
            for of, live in self._lookups.items()
            for group in live.memory().groups
        ]
        return replace(mine, groups=(*mine.groups, *others))

    def texts_from(self, code: int) -> list[Value]:
        """Return what the codes of texts stand for, from one code on."""
        return self._interner.values_from(code)

    def decide(self, row: Row) -> NDArray[np.float64]:
        """Fold one request and return its features.

        Parameters
        ----------
        row : mapping
            `mm_seq`, `mm_at`, `mm_known_at`, `mm_revision` and the declared columns, in stored
            units (Money, Fixed, Integer, Time as int; Flag as bool; strings as str; null as None).
            A number that its field does not allow is null: what refuses it is a log.

        Returns
        -------
        float64[F], NaN for null.

        Raises
        ------
        EngineError
            `engine.live.order` for a row that is not after the newest one, `engine.live.row` for a
            missing column or a value of a wrong type; nothing is folded then.
        """
        lane = self._request
        gone = self._straight(row, self.seq)
        if gone is None:
            self._take(lane.stream.name, row, asked=True)
        else:
            self.seq, id_ = gone
            if self._book is not None:
                self._enter(lane, self._book, id_, index(row["mm_at"]), self.seq, lane.rows)
            if lane.mark > self.watermark:
                self.watermark = lane.mark
        answer: NDArray[np.float64] = lane.answered.copy()
        return answer

    def fold(self, stream: str, row: Row) -> None:
        """Fold one row that nobody asks about: a label, another stream's event, a past request.

        A row of a stream that the plan does not read moves nothing but `seq`.  Raises as `decide`.
        """
        self._take(stream, row, asked=False)

    def fold_all(self, tables: Mapping[str, pa.Table | Rows]) -> None:
        """Fold all rows of some tables, each in the order of the log, and answer none of them.

        What `start` would give after these rows too, for those that come after a snapshot.

        Parameters
        ----------
        tables : stream name to rows
            As `start` takes them, in memory or in files, of rows after the newest one.

        Raises
        ------
        EngineError
            As `fold`; the rows before the wrong one are folded then.  `engine.batch.tables` and
            `engine.batch.column` before any is.

        Cost: that of `fold` for each row, about 25 us, against 4 to 8 in a `start`.
        """
        streams = [one_by_one(name, rows) for name, rows in rows_by_stream(tables).items()]
        for _, name, row in merge(*streams, key=lambda one: one[0]):
            self.fold(name, row)

    def snapshot(self, path: str | Path) -> None:
        """Write the state to a file, whole or not at all.

        Nothing may be folded meanwhile: who must not wait has it written by another process, which
        folds the same log (`mintmark.serve.follow`).

        Raises
        ------
        EngineError
            `engine.snapshot.place` where no file can be written.
        GroundError
            `ground.disk.full`, kind "world".
        """
        place = place_to_write(path)
        header, arrays = self._content()
        write_snapshot(place, Snapshot(header, arrays))

    def _content(self) -> tuple[Header, dict[str, NDArray[np.int64]]]:
        arrays: dict[str, NDArray[np.int64]] = {}
        for group, (store, keys) in enumerate(zip(self._stores, self._keys, strict=True)):
            arrays[f"heap {group}"] = store.heap[: store.meta[L.META_USED]]
            arrays[f"keys {group}"] = store.keys[: store.n_keys]
            arrays[f"free {group}"], arrays[f"meta {group}"] = store.free, store.meta
            arrays[f"rows {group}"] = np.fromiter(keys.values(), dtype=np.int64, count=len(keys))
        for of, book in self._books.items():
            arrays[f"book {of}"] = book.ordered_rows()
        inner = {of: live._content() for of, live in self._lookups.items()}
        for of, (_, theirs) in inner.items():
            arrays |= {f"{of}: {name}": array for name, array in theirs.items()}
        header = Header(
            format=FORMAT,
            plan=self._program.plan_digest,
            seq=self.seq,
            watermark=self.watermark,
            shapes=shapes_of(arrays),
            texts=self._interner.values,
            keys=[list(keys) for keys in self._keys],
            books={of: book.form() for of, book in self._books.items()},
            subjects={of: subjects.form() for of, subjects in self._subjects.items()},
            lookups={of: theirs for of, (theirs, _) in inner.items()},
            layout=self._program.layout,
        )
        return header, arrays

    @classmethod
    def restore(cls, path: str | Path, plan: Plan) -> Live:
        """Return the state that a snapshot holds, ready for the row after it.

        Raises
        ------
        EngineError
            `engine.snapshot.place`, `.missing`, `.foreign`, `.damaged`, `.version` or `.plan`;
            `engine.plan.none` for what is no plan.
        """
        program = lower(plan)
        snapshot = read_snapshot(place_of(path), program.plan_digest, program.layout)
        return cls._filled(plan, snapshot.header, snapshot.arrays)

    @classmethod
    def _filled(cls, plan: Plan, header: Header, arrays: Mapping[str, Any]) -> Live:
        program = lower(plan)
        groups = range(len(program.groups))
        sizes = [Size(arrays[f"heap {g}"].size, len(arrays[f"keys {g}"])) for g in groups]
        stores = stores_of(program, sizes)
        keys = []
        for group, store in enumerate(stores):
            store.fill(arrays[f"heap {group}"], arrays[f"keys {group}"])
            store.free[:], store.meta[:] = arrays[f"free {group}"], arrays[f"meta {group}"]
            rows = arrays[f"rows {group}"].tolist()
            keys.append(dict(zip(header.keys[group], rows, strict=True)))
        books = {of: empty_book(program, of) for of in header.books}
        for of, form in header.books.items():
            books[of].fill(form.ids, arrays[f"book {of}"])
            books[of].parked = {id_: [Told(*t) for t in waiting] for id_, waiting in form.parked}
        subjects = {of: Subjects.from_form(form) for of, form in header.subjects.items()}
        interner = Interner(header.texts, told=program.told)
        live = cls(program, stores, interner, keys, books, subjects)
        live.seq, live.watermark = header.seq, header.watermark
        for of, inner in header.lookups.items():
            first = f"{of}: "
            mine = {n[len(first) :]: a for n, a in arrays.items() if n.startswith(first)}
            live._look(plan, of, cls._filled(lookup_plan(plan, of), inner, mine))
        return live

    def _look(self, plan: Plan, of: str, live: Live) -> None:
        """Let the events of a stream look up in a state what they are stored with."""
        self._lookups[of], self._tells[of] = live, partial(told_one, plan, of)
        # A row that is to be completed goes no straight way.
        self._finders, self._straight = None, _never

    def _looked_up(self, name: str, row: Row, seq: int) -> Row:
        """The row with what it looks up; rows of tables are told to those who look there."""
        found, own = row, self._lookups.get(name)
        if own is not None:
            # What it is looked up by may be wrong yet: no other has moved then.
            found = {**row, **self._tells[name](own.decide(row))}
        for live in self._lookups.values():
            if live is not own and name in live._lanes:
                live.fold(name, row)
            live.seq = seq
        return found

    def _take(self, name: str, row: Row, *, asked: bool) -> None:
        lane = self._lanes.get(name)
        try:
            seq = index(row["mm_seq"])
            if seq <= self.seq:
                raise out_of_order(name, got=seq, newest=self.seq)
            if seq > LIMIT:
                raise OverflowError(f"mm_seq {seq} is beyond {LIMIT}")
            for beside in self._lookups.values():
                # A table may be told to several, and it is told to all of them or to none.
                if name in beside._lanes and name not in self._lookups:
                    beside._laid(beside._lanes[name], row, seq)
            if lane is None:
                self._looked_up(name, row, seq)
                self.seq = seq
                return
            if name in self._lookups:
                row = {**row, **dict.fromkeys(self._program.streams[name].shape.lookups)}
            at, known_at, inputs, keys, told = self._laid(lane, row, seq)
        except (KeyError, TypeError, OverflowError) as error:
            raise bad_row(name, error) from None
        row = self._looked_up(name, row, seq)
        if name in self._lookups:
            inputs = lane.read(row, self._interner)
            if self._interner.moves != self._moves:
                self._see_texts()
        self.seq = seq
        if name in self._subjects:
            placed = self._placed(lane, keys)
            version = Version(told.revision, seq, at, (inputs, placed, keys), told.amounts)
            self._walk(name, self._subjects[name].of(told.id).arrive(version), asked=asked)
        else:
            found = self._rows_of(lane, keys)
            lane.write(inputs, at, seq, found)
            lane.run(asked=asked)
            if name in self._books:
                inserted = found[len(lane.feeds) :: 2]
                placed = [max(f, g) for f, g in zip(found, inserted, strict=False)]
                self._enter(lane, self._books[name], told.id, at, seq, placed)
        for of, id_, label in told.labels:
            self._tell(of, id_, label)
        for of, reversal in told.reversals:
            self._walk(of, self._subjects[of].reverse(*reversal), asked=False)
        if name == self._program.request:
            self._move(min(at, known_at))

    def _laid(self, lane: Lane, row: Row, seq: int) -> tuple[int, int, list[int], Keys, RowTold]:
        """Lay a row out: its times, inputs and keys, and what else it says; nothing moves.

        Raises KeyError, TypeError, OverflowError or EngineError where it does not fit.
        """
        try:
            at, known_at = index(row["mm_at"]), index(row["mm_known_at"])
            if max(abs(at), abs(known_at)) > LIMIT:
                raise OverflowError(f"its time is not within {LIMIT} us of 1970")
            inputs = lane.read(row, self._interner)
            keys = lane.keys_of(row)
            told = self._rules[lane.stream.name].read(row)
            lane.write(inputs, at, seq)
        finally:
            # Texts that a bad row brought have been met too.
            if self._interner.moves != self._moves:
                self._see_texts()
        return at, known_at, inputs, keys, told

    def _straight_way(self) -> Straight:
        """How a request that is like most others is laid out; never, where it tells of others."""
        name = self._program.request
        if name not in self._subjects and not self._rules[name].tells:
            self._finders = finders_of(self._request, self._interner, self._keys)
            lane, keys = self._request, self._keys
            kinds = kinds_of(self._program, lane, reads_id=self._rules[name].reads_id)
            way = straight_of(lane, kinds, self._interner, keys, self._finders, self._meet)
            if way is not None:
                return way
        self._finders = None
        return _never

    def _meet(self, row: Row) -> None:
        """Make keys and codes of what a sound request brings that was not met before."""
        lane = self._request
        # All of them are sound before any is met.
        for feed, (key, _) in zip(lane.feeds, lane.keys_of(row), strict=True):
            if key is not None and key not in self._keys[feed.group]:
                self._new_key(feed.group, key)
        for name, coded, _ in lane.slots:
            if coded:
                self._interner.code(row[name])
        if self._interner.moves != self._moves:
            self._see_texts()
        assert self._finders is not None
        self._finders.coded()

    def _move(self, watermark: int) -> None:
        """Note how far requests have come."""
        if watermark > self.watermark:
            self.watermark = watermark
            for store in self._stores:
                store.meta[L.META_WATERMARK] = watermark

    def _rows_of(self, lane: Lane, keys: Keys) -> list[int]:
        """The rows of the directory that a row of the log touches: those that are inserted and
        read for, one for each feed; then, two for each, those that are inserted and that are read.
        """
        both: list[int] = []
        apart: list[int] = []
        for feed, (insert, read) in zip(lane.feeds, keys, strict=True):
            places = self._keys[feed.group]
            mine = theirs = L.NOTHING
            if feed.insert is not None:
                mine = L.NO_KEY
                if insert is not None:
                    mine = places.get(insert, 0) or self._new_key(feed.group, insert)
            if feed.read is feed.insert:
                theirs = mine
            elif feed.read is not None:
                theirs = L.NO_KEY if read is None else places.get(read, 0)
            one = feed.read is feed.insert or (mine > 0 and mine == theirs)
            both.append(mine if one else L.NOTHING)
            apart += (L.NOTHING, L.NOTHING) if one else (mine, theirs)
        return both + apart

    def _placed(self, lane: Lane, keys: Keys) -> list[int]:
        """The row of the directory that a version stands in, for each feed that inserts.

        None where it never leaves: it is put in when it comes, and not touched again.
        """
        return [
            0 if insert is None or feed.every else self._keys[feed.group].get(insert, 0)
            or self._new_key(feed.group, insert)
            for feed, (insert, _) in zip(lane.feeds, keys, strict=True)
            if feed.insert is not None
        ]  # fmt: skip

    def _new_key(self, group: int, key: Key) -> int:
        place = self._keys[group][key] = self._stores[group].new_keys(1)
        if self._finders is not None:
            self._finders.met(group, key, place)
        return place

    def _walk(self, of: str, steps: Iterable[Step], *, asked: bool) -> None:
        """Take the steps of an id that may be corrected or reversed."""
        lane = self._lanes[of]
        for step in steps:
            version = step.version
            inputs, placed, keys = version.token
            if isinstance(step, In):
                if step.own:
                    lane.write(inputs, version.at, version.seq, self._rows_of(lane, keys))
                    lane.run(asked=asked)
                    continue
                left = self._rules[of].altered(inputs, step.amounts)
                lane.write(left, version.at, version.seq)
                lane.evaluate()
                lane.apply(L.OP_INSERT, placed)
                continue
            told = (-1, 0) if isinstance(step, Out) else (step.label, step.value)
            lane.amends[0] = (version.at, version.seq, *told)
            lane.apply(L.OP_REMOVE if isinstance(step, Out) else L.OP_AMEND, placed)

    def _tell(self, of: str, id_: Any, told: Told) -> None:
        """Tell a label to what it speaks of."""
        if of in self._subjects:
            steps = self._subjects[of].of(id_).tell(told.label, told.revision, told.value)
            self._walk(of, steps, asked=False)
        else:
            self._amend(of, self._books[of], self._books[of].tell(id_, told))

    def _enter(
        self, lane: Lane, book: Book, id_: Any, at: int, seq: int, keys: Sequence[int]
    ) -> None:
        """Note the event in its book and apply the labels that waited for it.

        keys : rows of the directory that it was inserted into, below 1 for none, one for each feed.
        """
        if id_ is None:
            return
        placed = [
            max(key, 0)
            for feed, key in zip(lane.feeds, keys, strict=True)
            if feed.group in book.groups
        ]
        book.forget(self.watermark)
        for told in book.enter(id_, at=at, seq=seq, keys=placed):
            self._amend(lane.stream.name, book, book.tell(id_, told))

    def _amend(self, of: str, book: Book, change: Change | None) -> None:
        """Write a label's value into every group that keeps its event."""
        if change is None:
            return
        lane = self._lanes[of]
        lane.amends[0] = change.amend
        rows = dict(zip(book.groups, change.keys, strict=True))
        mine = [feed.group for feed in lane.feeds if feed.insert is not None]
        lane.apply(L.OP_AMEND, [rows.get(group, 0) for group in mine])

    def _adopt(self, of: str, subjects: Subjects, prepared: Prepared) -> None:
        """Give the subjects of a history the tokens by which live finds rows again."""
        lane, batch = self._lanes[of], prepared.batches[of]
        found = [subject for subject in subjects.known.values() if subject.best is not None]
        places = np.array([subject.best.token for subject in found if subject.best], dtype=np.int64)
        at = pa.array(places)
        named = {role: batch.told(role).take(at).to_pylist() for role in lane.roles}
        inputs = batch.inputs_at(places, self._interner).T.tolist()
        for place, (subject, mine) in enumerate(zip(found, inputs, strict=True)):
            keys = lane.keys_of({role: column[place] for role, column in named.items()})
            token = (mine, self._placed(lane, keys), keys)
            subject.best = subject.best and subject.best._replace(token=token)

    def _settle(self) -> None:
        """Leave each key as if it had come live: its past forgotten, and long ones read once.

        So its first request need not read its whole windows.
        """
        unit = ready().fold
        for store, group in zip(self._stores, self._program.groups, strict=True):
            if self.watermark != NULL:
                store.forget(unit, group)
                store.settle(unit, group, self.watermark)

    def _see_texts(self) -> None:
        """Tell everything that reads texts where they stand now."""
        self._moves = self._interner.moves
        for lane in self._lanes.values():
            lane.see_texts(self._interner)
        for store in self._stores:
            store.see_texts(self._interner)


def _never(row: Row, newest: int) -> None:
    """No row goes straight."""
