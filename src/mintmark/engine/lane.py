"""One stream's way into live state: a row laid out for the kernel, and what is run for it.

Everything that can be wrong with a row is found while it is laid out, before any state moves. All
that changes from row to row stands side by side in one buffer, written by one call.

    [inputs ...][at][seq][mark][keys inserted and read for ...][keys inserted, keys read ...]

What a row that is like most of them changes is the front of it: it has one key for each group, by
which it is inserted and read. `mark` is how far the requests have come with it, NULL to leave it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import index, itemgetter
from struct import Struct
from struct import error as pack_error
from typing import TYPE_CHECKING, Any

import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.bad_rows import sound, whole
from mintmark.engine.expressions import NOTHING, Expressions
from mintmark.engine.program import roles_of
from mintmark.engine.sentinel import NULL
from mintmark.engine.single_layout import (
    BUFFER_AT,
    FIND_SIZE,
    FINDS,
    FIRST,
    FOLDS,
    FRONT,
    MARK_AT,
    RAW_AT,
    SIZE,
    STEPS,
    STORES,
)
from mintmark.engine.state import Operations, address_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Interner, Key
    from mintmark.engine.kernel import Kernel
    from mintmark.engine.program import Program
    from mintmark.engine.state import Store

    Ints = NDArray[np.int64]

Row = Mapping[str, Any]
KeyOf = Callable[[Row], Any]
Context = tuple["Ints", int, list[int]]
"""A list of steps, where it stands, and the group of each of them."""


@dataclass(frozen=True)
class Feed:
    """What a row does to one group, and where its keys stand in the buffer.

    insert, read : how a row's key is found, None where it does not insert or is not read for;
    places : of the key that is inserted, that is read, and of one that is both;  roles : of which
    the key is made that is inserted;  every : what is inserted never leaves.
    """

    group: int
    insert: KeyOf | None
    read: KeyOf | None
    places: tuple[int, int, int]
    roles: tuple[str, ...]
    every: bool = False


class Lane:
    """The buffers and steps of one stream."""

    def __init__(
        self, program: Program, name: str, kernel: Kernel, stores: Sequence[Store]
    ) -> None:
        self.stream = stream = program.streams[name]
        self.kernel, self.stores = kernel, stores
        self.feeds = tuple(_feeds(program, name))
        self.roles = roles_of(program, name)
        self.slots = [(slot.name, slot.coded, slot.source == "at") for slot in stream.slots]
        self.front = len(stream.slots) + 3 + len(self.feeds)
        self._nothing = (L.NOTHING,) * (3 * len(self.feeds))
        self.buffer = np.full(self.front + 2 * len(self.feeds), L.NOTHING, dtype=np.int64)
        self._pack = Struct(f"={len(self.buffer)}q").pack_into
        self.bytes = self.buffer.data.cast("B")
        self._words, self._mark_at = self.buffer.data, len(stream.slots) + 2
        self.inputs = self.buffer[: len(stream.slots)].reshape(-1, 1)
        self.values = np.zeros((stream.columns, 1), dtype=np.int64)
        self.amends = np.zeros((1, L.AMEND_SIZE), dtype=np.int64)
        self.aggregates = np.full((program.aggregates, 1), np.nan)
        self.features = np.zeros((1, len(program.names)))
        self.answered = self.features[0]
        self.stored = Expressions(stream.rows, len(stream.slots), width=1)
        self.stored.aim(self.inputs, NOTHING, self.values, NOTHING)
        self.answer: Expressions | None = None
        if name == program.request:
            kept = np.full((len(program.rest.kept), 1), np.nan)
            self.answer = Expressions(program.rest.rows, len(stream.slots), width=1)
            self.answer.aim(self.inputs, kept, np.zeros((0, 1), dtype=np.int64), self.features)
            self.handed = self._handed(program, kept)
        self._kept: list[Any] = []
        self.asked = self._steps(program, asked=True)
        self._told = self._steps(program, asked=False)
        self._single = {kind: self._singles(program, kind) for kind in (L.OP_INSERT, L.OP_AMEND,
                                                                        L.OP_REMOVE)}  # fmt: skip

    def see_texts(self, interner: Interner) -> None:
        """Note where the interner keeps hashes."""
        self.stored.see_texts(interner)
        if self.answer is not None:
            self.answer.see_texts(interner)

    def read(self, row: Row, interner: Interner) -> list[int]:
        """Return the inputs of a row; KeyError, TypeError, EngineError where it does not fit."""
        inputs, shape = [], self.stream.shape
        for name, coded, at in self.slots:
            value = row["mm_at"] if at else row[name]
            if value is None:
                inputs.append(NULL)
            elif coded:
                inputs.append(interner.code(sound(value, name, shape)))
            elif at:
                inputs.append(index(value))
            else:
                inputs.append(whole(value, name, shape))
        return inputs

    def keys_of(self, row: Row) -> list[tuple[Key | None, Key | None]]:
        """Return the keys by which a row is inserted and read for in each feed.

        KeyError or EngineError where it does not fit.
        """
        parts, shape = {role: row[role] for role in self.roles}, self.stream.shape
        for role, part in parts.items():
            if part is not None:
                parts[role] = sound(part, role, shape)
        found = []
        for feed in self.feeds:
            insert = feed.insert(parts) if feed.insert is not None else None
            read = insert if feed.read is feed.insert else feed.read(parts) if feed.read else None
            found.append((insert, read))
        return found

    def write(self, inputs: Sequence[int], at: int, seq: int, keys: Sequence[int] = ()) -> None:
        """Lay a row out; `keys` are those of each feed that is inserted and read for, then two for
        each feed, of what is inserted and of what is read; without them nothing is folded.

        Raises OverflowError where a number has more than 64 bits.
        """
        try:
            self._pack(self.bytes, 0, *inputs, at, seq, NULL, *(keys or self._nothing))
        except pack_error as error:
            self._clear()
            raise OverflowError(str(error)) from None

    def run(self, *, asked: bool) -> None:
        """Fold the row that is laid out, and answer it where it asks."""
        self.finish(self.asked if asked else self._told)
        self._clear()

    def apply(self, kind: int, keys: Sequence[int]) -> None:
        """Insert, remove or amend what is laid out, in the groups that it was inserted into."""
        for (group, context, at_key), key in zip(self._single[kind], keys, strict=True):
            if key > 0:
                at_key[0] = key
                self._finish(group, context)

    def evaluate(self) -> None:
        """Compute what is stored with the row that is laid out."""
        if len(self.values):
            self.stored.run(self.kernel.evaluate)

    def _finish(self, group: int, context: Ints) -> None:
        address = address_of(context)
        while (status := self.kernel.fold.quick_call(address)) != L.DONE:
            self.stores[group].grow(status)

    def _clear(self) -> None:
        """Leave no key behind the front: a row that goes straight writes the front alone."""
        self.buffer[self.front :] = L.NOTHING

    def finish(self, context: Context) -> None:
        """Run a list of steps to its end, growing whatever runs short."""
        array, address, groups = context
        run = self.kernel.run_steps.quick_call
        while (status := run(address)) != L.DONE:
            self.stores[groups[int(array[FIRST])]].grow(status)

    def finding(self, raw: Ints, front: int, finds: int) -> Context:
        """The steps of a row that asks, before them the finding of numbers among what is raw.

        front : how many words of it are laid out as they are.  What is to be found are the last
        records of the array, which the caller writes.
        """
        array, _, groups = self.asked
        longer = np.concatenate([array, np.zeros(FIND_SIZE * finds, dtype=np.int64)])
        longer[FINDS], longer[FRONT] = finds, front
        longer[RAW_AT], longer[BUFFER_AT] = address_of(raw), address_of(self.buffer)
        self._kept.append(raw)
        return longer, address_of(longer), groups

    @property
    def mark(self) -> int:
        """How far the requests have come with the row that went straight."""
        return self._words[self._mark_at]

    @property
    def rows(self) -> list[int]:
        """The rows of the directory that a row which went straight was inserted into."""
        return self._words[self._mark_at + 1 : self.front].tolist()

    def _steps(self, program: Program, *, asked: bool) -> Context:
        """The list of units and contexts that a row runs through, and the group of each."""
        pairs, groups = [], []
        if len(self.values):
            pairs.append((self.kernel.evaluate.address, address_of(self.stored.context)))
            groups.append(-1)
        for feed in self.feeds:
            for part, kind in enumerate((L.OP_INSERT, L.OP_READ, L.OP_INSERT | L.OP_READ)):
                # A row that nobody asks about is inserted only, also where it would be both.
                does = kind if asked else kind & L.OP_INSERT
                if not does or (part == 1 and feed.read is feed.insert):
                    continue
                if (part != 1 and feed.insert is None) or (part != 0 and feed.read is None):
                    continue
                context = self._context(program, feed.group, does, feed.places[part])
                pairs.append((self.kernel.fold.address, address_of(context)))
                groups.append(feed.group)
        if asked and self.answer is not None:
            pairs.append((self.kernel.hand_over.address, address_of(self.handed)))
            groups.append(-1)
            if len(program.rest.rows.outputs):
                pairs.append((self.kernel.evaluate.address, address_of(self.answer.context)))
                groups.append(-1)
        folds = [context for unit, context in pairs if unit == self.kernel.fold.address]
        array = np.zeros(SIZE + 2 * len(pairs) + len(folds), dtype=np.int64)
        array[FOLDS], array[STEPS] = len(folds), len(pairs)
        array[STORES] = int(len(self.values) > 0)
        array[MARK_AT] = address_of(self.buffer) + 8 * (len(self.inputs) + 2)
        array[SIZE:] = [*(word for pair in pairs for word in pair), *folds]
        return array, address_of(array), groups

    def _handed(self, program: Program, kept: NDArray[np.float64]) -> Ints:
        """Which aggregates are features as they are, and which the others read, by address."""
        of, to = address_of(self.aggregates), address_of(self.features)
        pairs = [(of + 8 * r, to + 8 * f) for r, f in program.rest.direct]
        pairs += [(of + 8 * r, address_of(kept) + 8 * k) for k, r in enumerate(program.rest.kept)]
        return np.array([len(pairs), *(word for pair in pairs for word in pair)], dtype=np.int64)

    def _context(self, program: Program, group: int, kind: int, key_at: int) -> Ints:
        """The context of one operation on one group, its key standing in the buffer."""
        slots = len(self.inputs)
        operations = Operations(
            kind=np.array([kind], dtype=np.int64),
            key=self.buffer[key_at : key_at + 1],
            at=self.buffer[slots : slots + 1],
            seq=self.buffer[slots + 1 : slots + 2],
            source=np.zeros(1, dtype=np.int64),
            values=self.values,
            rows=np.array(program.groups[group].columns, dtype=np.int64),
            amends=self.amends,
        )
        context = self.stores[group].aimed(
            operations, self.aggregates, program.groups[group].out[0]
        )
        self._kept.append((operations, context))
        return context

    def _singles(self, program: Program, kind: int) -> list[tuple[int, Ints, Ints]]:
        """For each feed that inserts: its group, the context of one operation, its key."""
        found = []
        for feed in self.feeds:
            if feed.insert is None:
                continue
            context = self._context(program, feed.group, kind, feed.places[2])
            key = np.zeros(1, dtype=np.int64)
            context[L.FOLD_KEY] = address_of(key)
            self._kept.append(key)
            found.append((feed.group, context, key))
        return found


def _feeds(program: Program, name: str) -> list[Feed]:
    found: list[tuple[int, KeyOf | None, KeyOf | None]] = []
    for place, group in enumerate(program.groups):
        insert = _key_of(group.roles) if group.stream == name else None
        read = _key_of(group.request_roles) if name == program.request else None
        if insert is not None and read is not None and group.roles == group.request_roles:
            read = insert
        if insert is None and read is None:
            continue
        found.append((place, insert, read))
    both = len(program.streams[name].slots) + 3
    apart = both + len(found)
    return [
        Feed(
            *feed, places=(apart + 2 * i, apart + 2 * i + 1, both + i),
            roles=program.groups[feed[0]].roles, every=program.groups[feed[0]].every,
        )
        for i, feed in enumerate(found)
    ]  # fmt: skip


def _key_of(roles: tuple[str, ...]) -> KeyOf:
    """How the key of some roles is found in a row; None where a part of it is null."""
    if len(roles) == 1:
        return itemgetter(roles[0])
    parts = itemgetter(*roles)

    def several(row: Row) -> Any:
        key = parts(row)
        return None if None in key else key

    return several
