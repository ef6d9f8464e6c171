"""The events of one key, in a block and in pages, against a plain list of tuples."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numba
import numpy as np
import pytest

from mintmark.engine import layout as L
from mintmark.engine import pages
from mintmark.engine.sentinel import NULL

FIELDS = L.FIELD_COLUMNS + 1
Event = tuple[int, int, int]


@numba.njit
def insert(table, heap, free, meta, key, at, seq, values):
    """Put one event at its place, making room as the fold does."""
    if pages.full(heap, key):
        pages.forget(heap, free, key, pages.line_of(table, heap, key, meta[L.META_WATERMARK]))
        if pages.full(heap, key):
            pages.room(table, heap, free, meta, key, 1, 0)
    position = pages.found(heap, key, at, seq)
    pages.shift_up(heap, key, L.FIELD_COLUMNS + table[L.GROUP_COLUMNS], position)
    pages.write(heap, key, position, at, seq, values, np.zeros(1, np.int64), 0)
    key[L.KEY_END] += 1
    return position


@numba.njit
def remove(heap, key, at, seq):
    """Take one event out."""
    position = pages.found(heap, key, at, seq)
    pages.shift_down(heap, key, FIELDS, position)
    key[L.KEY_END] -= 1


@numba.njit
def cell(heap, key, field, position):
    return heap[pages.place_of(heap, key, field, position)]


@numba.njit
def upper(heap, key, low, high, x, hint):
    return pages.upper(heap, key, low, high, x, hint)


@numba.njit
def take_and_give(heap, free, meta, sizes):
    """Take runs, give them back in the same order, take them again."""
    first = np.array([pages.take_run(heap, free, meta, size) for size in sizes])
    for i in range(sizes.size):
        pages.give_run(heap, free, first[i], sizes[i])
    again = np.array([pages.take_run(heap, free, meta, size) for size in sizes])
    return first, again


class Key:
    """One key in a heap of its own, and the list that it must equal."""

    def __init__(
        self, horizon: int = L.FOREVER, newest: int = 0, line: int = 0, of: int = L.FOREVER
    ) -> None:
        self.table = np.zeros(L.GROUP_SIZE, dtype=np.int64)
        self.table[L.GROUP_COLUMNS] = 1
        self.table[L.GROUP_HORIZON] = horizon
        self.table[L.GROUP_NEWEST], self.table[L.GROUP_NEWEST_BEHIND] = newest, line
        self.table[L.GROUP_NEWEST_HORIZON] = of
        self.heap = np.zeros(1 << 17, dtype=np.int64)
        self.free = np.zeros(L.SIZE_CLASSES, dtype=np.int64)
        self.meta = np.zeros(L.META_SIZE, dtype=np.int64)
        self.meta[L.META_USED], self.meta[L.META_WATERMARK] = 1, NULL
        self.row = np.zeros(L.KEY_SIZE, dtype=np.int64)
        self.model: list[Event] = []

    def insert(self, at: int, seq: int, value: int) -> None:
        values = np.array([[value]], dtype=np.int64)
        used = int(self.meta[L.META_USED])
        most = FIELDS * L.PAGE + (int(self.row[L.KEY_CAPACITY]) >> L.PAGE_BITS) * 2 + 64
        insert(self.table, self.heap, self.free, self.meta, self.row, at, seq, values)
        assert self.meta[L.META_USED] - used <= most, "what `most_words` promises"
        self.model = sorted([*self.model, (at, seq, value)])

    def remove(self, at: int, seq: int) -> None:
        remove(self.heap, self.row, at, seq)
        self.model = [event for event in self.model if event[:2] != (at, seq)]

    def events(self) -> list[Event]:
        """What stands between head and end."""
        span = range(int(self.row[L.KEY_HEAD]), int(self.row[L.KEY_END]))
        return [
            tuple(int(cell(self.heap, self.row, field, p)) for field in range(FIELDS))
            for p in span
        ]  # fmt: skip


def test_late_events_and_removals_keep_a_block_and_pages_in_order() -> None:
    """Every size from one event to three pages, with a third of the events late."""
    random, key = Random(1), Key()
    for seq in range(2 * L.PAGE + L.PAGE // 2):
        at = seq if random.random() < 0.7 else random.randint(0, seq)
        key.insert(at, seq, random.randint(-9, 9))
        if random.random() < 0.1:
            at, seq, _ = random.choice(key.model)
            key.remove(at, seq)
        if seq % 97 == 0 or seq in (3, 4, 5, L.PAGE - 1, L.PAGE, L.PAGE + 1):
            assert key.events() == key.model
    assert key.events() == key.model
    assert key.row[L.KEY_CAPACITY] > L.PAGE


@pytest.mark.parametrize("page", [False, True])
def test_a_search_finds_the_edge_from_any_hint(page: bool) -> None:
    """Equal times, times before and after all, hints inside and outside."""
    random, key = Random(2), Key()
    for seq in range(L.PAGE + 300 if page else 40):
        key.insert(seq // 3, seq, 0)
    times = [at for at, _, _ in key.model]
    for _ in range(400):
        low = random.randint(0, len(times))
        high = random.randint(low, len(times))
        x, hint = random.randint(-2, times[-1] + 2), random.randint(-1, len(times) + 1)
        inside = [p for p in range(low, high) if times[p] > x]
        assert upper(key.heap, key.row, low, high, x, hint) == (inside or [high])[0]


def test_what_nobody_sees_again_leaves_and_gives_its_pages_back() -> None:
    """A key that lives for ever in a window of one page takes the room of a few pages."""
    key = Key(horizon=L.PAGE)
    for seq in range(12 * L.PAGE):
        key.meta[L.META_WATERMARK] = seq
        key.insert(seq, seq, seq)
        key.model = [event for event in key.model if event[0] > seq - L.PAGE - 1]
    kept = key.events()
    assert kept[-len(key.model) :] == key.model
    assert len(kept) <= 2 * L.PAGE + 1
    assert key.meta[L.META_USED] < 6 * FIELDS * L.PAGE


def test_a_window_by_count_keeps_its_newest() -> None:
    """The newest three at the line stay, however old they are; so do all that are younger."""
    key = Key(horizon=NULL, newest=3, line=10)
    for seq in range(200):
        key.meta[L.META_WATERMARK] = seq
        key.insert(seq, seq, 0)
        older = [event for event in key.model if event[0] <= seq - 10]
        assert set(older[-3:]) <= set(key.events())
        assert {event for event in key.model if event[0] > seq - 10} <= set(key.events())
    assert len(key.events()) < 40


def test_the_newest_leave_too_once_they_are_older_than_their_window() -> None:
    """Of a window of 50 that looks at its newest 30, whatever is neither has left."""
    key = Key(horizon=NULL, newest=30, line=10, of=50)
    for seq in range(0, 400, 7):
        key.meta[L.META_WATERMARK] = seq
        key.insert(seq, seq, 0)
        assert {event for event in key.model if event[0] > seq - 50} <= set(key.events())
    assert len(key.events()) < 30, "the newest thirty would be there"


@numba.njit
def blocks_of(heap, free, meta, asked, gone):
    """Take blocks of some events, giving every one back that `gone` says, in turn."""
    starts = np.zeros(asked.size, np.int64)
    for i in range(asked.size):
        starts[i] = pages.take_block(heap, free, meta, FIELDS, asked[i])
        if gone[i] >= 0:
            pages.give_block(heap, free, starts[gone[i]], asked[gone[i]])
    return starts


def test_blocks_of_any_capacity_never_overlap() -> None:
    """A block that was given back serves only what fits into it."""
    random = Random(3)
    heap, meta = np.zeros(1 << 18, dtype=np.int64), np.zeros(L.META_SIZE, dtype=np.int64)
    meta[L.META_USED] = 1
    asked = np.array([random.choice((4, 5, 7, 8, 31, 32, 37, 64, 100)) for _ in range(400)])
    living, gone = set(), np.full(len(asked), -1)
    for i in range(len(asked)):
        living.add(i)
        if random.random() < 0.7:
            gone[i] = random.choice(sorted(living))
            living.remove(gone[i])
    starts = blocks_of(heap, np.zeros(L.SIZE_CLASSES, np.int64), meta, asked, gone)
    taken = sorted((starts[i], starts[i] + FIELDS * asked[i]) for i in living)
    assert all(end <= start for (_, end), (start, _) in pairwise(taken))
    assert meta[L.META_USED] < FIELDS * asked.sum() * 2 // 3


def test_runs_of_words_are_used_again_and_never_overlap() -> None:
    """Powers of two, given back and taken again."""
    heap, meta = np.zeros(1 << 12, dtype=np.int64), np.zeros(L.META_SIZE, dtype=np.int64)
    meta[L.META_USED] = 1
    sizes = np.array([16, 64, 16, 512, 64, 1024], dtype=np.int64)
    first, again = take_and_give(heap, np.zeros(L.SIZE_CLASSES, np.int64), meta, sizes)
    assert sorted(first) == sorted(again), "nothing new was taken the second time"
    words = np.concatenate([np.arange(s, s + n) for s, n in zip(again, sizes, strict=True)])
    assert len(set(words)) == len(words)
    assert 0 not in words, "word 0 means no block"


def test_a_full_heap_gives_no_run() -> None:
    """The caller is told by a 0."""
    meta = np.zeros(L.META_SIZE, dtype=np.int64)
    meta[L.META_USED] = 1
    free = np.zeros(L.SIZE_CLASSES, np.int64)
    first, again = take_and_give(np.zeros(100, np.int64), free, meta, np.array([64]))
    assert first.tolist() == again.tolist() == [8]
    assert numba.njit(lambda h, f, m: pages.take_run(h, f, m, 64))(
        np.zeros(100, np.int64), free, meta
    ) == 0  # fmt: skip
