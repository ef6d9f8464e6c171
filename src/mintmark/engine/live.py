"""Live state: the same compiled fold as replay, one event at a time.

One thread folds; a row is taken whole or, when its columns are wrong, not at all. `decide` inserts
a request and answers its features; `fold` takes any other row. A read changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mintmark.engine import layout as L
from mintmark.engine.book import Book, Change, Told, empty_book
from mintmark.engine.folding import History, fold_history
from mintmark.engine.intake import Intake
from mintmark.engine.interner import Interner
from mintmark.engine.kernel import ready
from mintmark.engine.operations import Mode
from mintmark.engine.outcomes import filled_book
from mintmark.engine.program import lower
from mintmark.engine.sentinel import FORMAT
from mintmark.engine.snapshot import Header, Snapshot, read_snapshot, shapes_of, write_snapshot
from mintmark.engine.state import State, roomy
from mintmark.ground import EngineError, Progress, Silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Key
    from mintmark.engine.program import Program
    from mintmark.plan import Plan

Row = Mapping[str, Any]


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
        state: State,
        interner: Interner,
        keys: list[dict[Key, int]],
        books: dict[str, Book],
    ) -> None:
        self._kernel = ready()
        self._program, self._state, self._interner = program, state, interner
        self._keys, self._books = keys, books
        self._intakes = {name: Intake(program, name) for name in program.streams}
        self._aggregates = np.empty((1, program.aggregates))
        self.names = program.names
        self.seq = -1

    @classmethod
    def start(
        cls, plan: Plan, tables: Mapping[str, pa.Table], progress: Progress | None = None
    ) -> Live:
        """Return the state of a plan after all rows of some tables.

        Raises the errors of `replay`.  Cost: 0.5 s for a million rows and two groups.
        """
        mode = Mode(read=False, keep=True)
        return cls.after(fold_history(plan, tables, mode, progress or Silent()))

    @classmethod
    def after(cls, history: History) -> Live:
        """Return live state that goes on where a folded history ends."""
        requests = history.batches[history.program.request]
        if len(requests):
            watermark = int(np.minimum(requests.at, requests.known_at).max())
            history.state.meta[L.META_WATERMARK] = watermark
        keys = [
            dict(zip(keys, range(first, first + len(keys)), strict=True))
            for keys, first in zip(history.keys, history.first_keys, strict=True)
        ]
        streams = dict.fromkeys(label.of for label in history.program.labels)
        books = {of: filled_book(history, of) for of in streams}
        live = cls(history.program, history.state, history.interner, keys, books)
        newest = [int(batch.seq[-1]) for batch in history.batches.values() if len(batch)]
        live.seq = max(newest, default=-1)
        return live

    @property
    def bytes(self) -> int:
        """Bytes of the events and of the directory of keys; ids and texts come on top."""
        return self._state.bytes

    def decide(self, row: Row) -> NDArray[np.float64]:
        """Fold one request and return its features.

        Parameters
        ----------
        row : mapping
            `mm_seq`, `mm_at`, `mm_known_at`, `mm_revision` and the declared columns, in stored
            units (Money, Fixed, Integer, Time as int; Flag as bool; strings as str; null as None).

        Returns
        -------
        float64[F], NaN for null.

        Raises
        ------
        EngineError
            `engine.live.order` for a row that is not after the newest one, `engine.live.row` for a
            missing column or a value of a wrong type; nothing is folded then.
        """
        features = np.empty((1, len(self.names)))
        self._take(self._program.request, row, features)
        answer: NDArray[np.float64] = features[0]
        return answer

    def fold(self, stream: str, row: Row) -> None:
        """Fold one row that nobody asks about: a label, another stream's event, a past request.

        A row of a stream that the plan does not read moves nothing but `seq`.  Raises as `decide`.
        """
        self._take(stream, row, None)

    def snapshot(self, path: Path) -> None:
        """Write the state to a file, whole or not at all.

        Raises
        ------
        GroundError
            `ground.disk.full`, kind "world".
        """
        state = self._state
        arrays = {
            "heap": state.heap[: state.meta[L.META_USED]],
            "keys": state.keys[: state.n_keys],
            "free": state.free,
            "meta": state.meta,
        }
        for group, keys in enumerate(self._keys):
            arrays[f"group {group}"] = np.array(list(keys.values()), dtype=np.int64)
        for of, book in self._books.items():
            arrays[f"book {of}"] = book.ordered_rows()
        header = Header(
            format=FORMAT,
            plan=self._program.plan_digest,
            seq=self.seq,
            n_keys=state.n_keys,
            shapes=shapes_of(arrays),
            texts=self._interner.values,
            keys=[list(keys) for keys in self._keys],
            books={of: book.form() for of, book in self._books.items()},
        )
        write_snapshot(path, Snapshot(header, arrays))

    @classmethod
    def restore(cls, path: Path, plan: Plan) -> Live:
        """Return the state that a snapshot holds, ready for the row after it.

        Raises
        ------
        EngineError
            `engine.snapshot.missing`, `.foreign`, `.damaged`, `.version` or `.plan`.
        """
        program = lower(plan)
        snapshot = read_snapshot(path, program.plan_digest)
        header, arrays = snapshot.header, snapshot.arrays
        state = State.empty(program)
        state.heap = roomy(arrays["heap"], 2 * len(arrays["heap"]))
        state.keys = roomy(arrays["keys"], 2 * len(arrays["keys"]))
        state.free, state.meta, state.n_keys = arrays["free"], arrays["meta"], header.n_keys
        keys = [
            dict(zip(keys, arrays[f"group {group}"].tolist(), strict=True))
            for group, keys in enumerate(header.keys)
        ]
        books = {of: empty_book(program, of) for of in header.books}
        for of, form in header.books.items():
            books[of].fill(form.ids, arrays[f"book {of}"])
            books[of].parked = {id_: [Told(*t) for t in waiting] for id_, waiting in form.parked}
        live = cls(program, state, Interner(header.texts), keys, books)
        live.seq = header.seq
        return live

    def _take(self, name: str, row: Row, features: NDArray[np.float64] | None) -> None:
        intake = self._intakes.get(name)
        try:
            seq = index(row["mm_seq"])
            if seq > self.seq and intake is not None:
                intake.read(row, self._interner)
                intake.events.seq[0] = seq
        except (KeyError, TypeError, OverflowError) as error:
            raise _bad_row(name, error) from None
        if seq <= self.seq:
            raise _out_of_order(name, got=seq, newest=self.seq)
        self.seq = seq
        if intake is None:
            return
        self._insert(intake, asked=features is not None)
        if features is not None:
            self._answer(intake, features)
        if name in self._books:
            self._enter(intake, self._books[name], seq)
        for of, id_, told in intake.told:
            self._amend(intake, self._books[of], self._books[of].tell(id_, told))
        if name == self._program.request:
            meta = self._state.meta
            meta[L.META_WATERMARK] = max(meta[L.META_WATERMARK], min(intake.at, intake.known_at))

    def _insert(self, intake: Intake, *, asked: bool) -> None:
        """Fold the row into every group that it feeds, and read for it where it asks."""
        rows = intake.stream.rows
        if intake.stream.columns:
            self._kernel.evaluate(
                rows.code, rows.constants, rows.limits, rows.zones, intake.inputs, intake.nothing,
                rows.stores, intake.values, rows.outputs, rows.codes, intake.nothing,
            )  # fmt: skip
        todo = []
        for feed, key in zip(intake.feeds, intake.keys, strict=True):
            if key is None or not (feed.insert or asked):
                continue
            places = self._keys[feed.group]
            place = places.get(key, 0)
            if place == 0 and feed.insert:
                place = places[key] = self._state.new_key()
            kind = (L.OP_INSERT if feed.insert else 0) | (L.OP_READ if asked else 0)
            todo.append((kind, feed.group, place))
        self._aggregates.fill(np.nan)
        self._state.fold(
            self._kernel, self._program, intake.operations(todo), intake.events, self._aggregates
        )

    def _answer(self, intake: Intake, features: NDArray[np.float64]) -> None:
        """Turn the aggregates just read into features."""
        rows = self._program.answer
        self._kernel.evaluate(
            rows.code, rows.constants, rows.limits, rows.zones, intake.inputs, self._aggregates,
            rows.stores, intake.values, rows.outputs, rows.codes, features,
        )  # fmt: skip

    def _enter(self, intake: Intake, book: Book, seq: int) -> None:
        """Note the event in its book and apply the labels that waited for it."""
        if intake.id is None:
            return
        keys = []
        for feed, key in zip(intake.feeds, intake.keys, strict=True):
            if feed.group in book.groups:
                keys.append(0 if key is None else self._keys[feed.group][key])
        book.forget(int(self._state.meta[L.META_WATERMARK]))
        for told in book.enter(intake.id, at=intake.at, seq=seq, keys=keys):
            self._amend(intake, book, book.tell(intake.id, told))

    def _amend(self, intake: Intake, book: Book, change: Change | None) -> None:
        """Write a label's value into every group that keeps its event."""
        if change is None:
            return
        intake.events.amends[0] = change.amend
        for group, key in zip(book.groups, change.keys, strict=True):
            if key == 0:
                continue
            operations = intake.operations([(L.OP_AMEND, group, key)])
            self._state.fold(
                self._kernel, self._program, operations, intake.events, self._aggregates
            )


def _out_of_order(name: str, *, got: int, newest: int) -> EngineError:
    return EngineError(
        f'a row of "{name}" comes before one that is already folded',
        at="$.mm_seq",
        got=got,
        want=f"> {newest}",
        code="engine.live.order",
    )


def _bad_row(name: str, error: Exception) -> EngineError:
    missing = isinstance(error, KeyError)
    return EngineError(
        f'a row of "{name}" {"has no column " if missing else "cannot be folded: "}{error}',
        hint="hand over every declared column, in stored units, None for null",
        code="engine.live.row",
    )
