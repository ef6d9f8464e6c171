"""Where windows begin and end, drawn on a line; calendars on the clocks of their zones."""

from __future__ import annotations

from random import Random

import numba
import numpy as np
import pytest

from engine.timeline import answers, paid
from mintmark.engine import edges
from mintmark.engine import layout as L
from mintmark.engine.oracle_rows import unit_start as start_by_datetime
from mintmark.plan import zone_table
from mintmark.plan.node import Window

DAY_US = 86_400_000_000
AT = (0, 2, 6, 6, 8)
"""Events at 0, 2, 6, again 6, and 8."""


@numba.njit
def found(table, heap, key, requests, own, visible, hints):
    low, high = np.zeros_like(requests), np.zeros_like(requests)
    n = requests.size
    window = table[: L.WINDOW_SIZE]
    if edges.has_long_batches(window, heap, key, n):
        edges.edges_of_many(window, heap, key, n, requests, own, visible, low, high, hints, False)
    else:
        edges.edges_of(table, 0, heap, key, n, requests, own, visible, low, high, hints)
    return low, high


@numba.njit
def start_of(table, calendar, until):
    return edges.start_of(table, 0, calendar, until)


def key_of(times: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A heap with one block of events, and the row of its key."""
    capacity = 16
    heap, key = np.zeros(1 + 2 * capacity, np.int64), np.zeros(L.KEY_SIZE, np.int64)
    heap[1 : 1 + len(times)] = times
    heap[1 + capacity : 1 + capacity + len(times)] = range(len(times))
    key[L.KEY_START], key[L.KEY_CAPACITY], key[L.KEY_END] = 1, capacity, len(times)
    return heap, key


def window_of(**parts: int) -> np.ndarray:
    """The record of a window."""
    table = np.zeros(L.WINDOW_SIZE, dtype=np.int64)
    table[L.WINDOW_SPAN] = L.FOREVER
    for name, value in parts.items():
        table[getattr(L, f"WINDOW_{name.upper()}")] = value
    return table


def edge(at: int, *, own: int = -1, visible: int = len(AT), **window: int) -> tuple[int, int]:
    """The positions [low, high) of a window as a request sees it."""
    heap, key = key_of(AT)
    one = [np.array([x], dtype=np.int64) for x in (at, own, visible)]
    low, high = found(window_of(**window), heap, key, *one, np.array([0, 0]))
    return int(low[0]), int(high[0])


@pytest.mark.parametrize(
    ("window", "held"),
    [
        # 0.2...66.8 and a request at 8 of another stream
        ({}, (0, 5)),
        ({"span": 6}, (2, 5)),  # (2   8]
        ({"span": 6, "left": 1}, (1, 5)),  # [2   8]
        ({"right": 1}, (0, 4)),  # ..... 8)
        ({"span": 2, "left": 1, "right": 1}, (2, 4)),  # [6 8)
        ({"offset": 2}, (0, 4)),  # ..6]
        ({"offset": 2, "right": 1}, (0, 2)),  # ..6)
        ({"offset": 2, "span": 4}, (2, 4)),  # (2 6]
        ({"last": 2}, (3, 5)),
        ({"last": 2, "span": 1}, (4, 5)),
        ({"last": 9, "offset": 7}, (0, 1)),
        ({"session": 2}, (2, 5)),  # 0.2 is 4 away from 6
        ({"session": 4}, (0, 5)),
        ({"session": 1}, (4, 5)),
        ({"session": 1, "offset": 1}, (2, 4)),  # 6 and 6 link to 7
    ],
)
def test_a_window_on_a_line(window: dict[str, int], held: tuple[int, int]) -> None:
    """Every form of window, its edges inclusive or not."""
    assert edge(8, **window) == held


def test_a_request_among_its_equals() -> None:
    """0.2...6r.8: the second 6 is the request, which sees the first and counts itself if told."""
    assert edge(6, own=3) == (0, 3)
    assert edge(6, own=3, current=1) == (0, 4)
    assert edge(6, own=3, right=1) == (0, 2)
    assert edge(6, own=3, current=1, last=2) == (2, 4)
    assert edge(6, own=3, offset=1) == (0, 2)
    assert edge(6, own=2, visible=3) == (0, 2), "what came later in the log is not there yet"


def test_a_batch_of_reads_equals_its_reads_one_by_one() -> None:
    """Forwards, backwards and from any hint."""
    random = Random(1)
    for _ in range(300):
        times = tuple(sorted(random.randint(0, 12) for _ in range(random.randint(0, 14))))
        heap, key = key_of(times)
        choices = ({}, {"span": random.randint(1, 9)}, {"last": 3}, {"session": 2})
        table = window_of(offset=random.choice((0, 0, 1, 5)), right=random.randint(0, 1),
                          left=random.randint(0, 1), **random.choice(choices))  # fmt: skip
        requests = np.array([random.randint(0, 14) for _ in range(6)])
        own, visible = np.full(6, -1), np.full(6, len(times))
        hints = np.array([random.randint(-1, 15), random.randint(-1, 15)])
        low, high = found(table, heap, key, requests, own, visible, hints)
        for i, at in enumerate(requests.tolist()):
            until = at - table[L.WINDOW_OFFSET]
            alone = (requests[i : i + 1], own[:1], visible[:1], np.zeros(2, dtype=np.int64))
            one = found(table, heap, key, *alone)
            assert (low[i], high[i]) == (one[0][0], one[1][0])
            assert high[i] == sum(t <= until - table[L.WINDOW_RIGHT] for t in times)


@pytest.mark.parametrize("seed", range(40))
def test_long_batches_end_where_a_count_says(seed: int) -> None:
    """Hundreds of reads at once, whatever their order, of keys whose block just holds them."""
    random = Random(seed)
    many, reads = random.randint(0, 900), random.randint(30, L.BATCH)
    times = np.array(sorted(random.randint(0, 1_500) for _ in range(many)), dtype=np.int64)
    heap, key = np.zeros(1 + 2 * max(many, 1), np.int64), np.zeros(L.KEY_SIZE, np.int64)
    heap[1 : 1 + many] = times
    heap[1 + many :] = 0
    key[L.KEY_START], key[L.KEY_CAPACITY], key[L.KEY_END] = 1, max(many, 1), many
    requests = np.array([random.randint(-5, 1_600) for _ in range(reads)], dtype=np.int64)
    if seed % 2:
        requests.sort()
    visible = np.array([random.randint(0, many) for _ in range(reads)], dtype=np.int64)
    if seed % 3:
        visible[:] = many
    told = window_of(offset=random.choice((0, 7)), right=seed % 2, span=random.randint(1, 900))
    hints = np.array([random.randint(-1, many), random.randint(-1, many)])
    low, high = found(told, heap, key, requests, np.full(reads, -1), visible, hints)
    until = requests - told[L.WINDOW_OFFSET]
    ends = np.searchsorted(times, until - told[L.WINDOW_RIGHT], side="right")
    begins = np.searchsorted(times, until - told[L.WINDOW_SPAN], side="right")
    assert high.tolist() == np.minimum(ends, visible).tolist()
    assert low.tolist() == np.minimum(begins, high).tolist()


@pytest.mark.parametrize("zone", ["Europe/Brussels", "America/Sao_Paulo", "UTC", "Asia/Kolkata"])
def test_calendar_units_begin_where_datetime_says(zone: str) -> None:
    """Thousands of moments from 1970 to 2099, and every moment around changes of the clocks."""
    random = Random(zone)
    times, offsets = zone_table(zone)
    table = np.concatenate([window_of(zone_at=L.WINDOW_SIZE, zones=len(times)),
                            np.array([*zip(times, offsets, strict=True)]).reshape(-1)])  # fmt: skip
    moments = [random.randint(0, 4_102_444_800) * 10**6 for _ in range(3_000)]
    changes = [at for at in times if 0 < at < 4_102_444_800 * 10**6]
    near = (-DAY_US, -1, 0, 1, 3_600_000_000, DAY_US)
    moments += [at + step for at in random.sample(changes, min(60, len(changes))) for step in near]
    for until in moments:
        unit = random.choice(("day", "week", "month", "year"))
        told = start_of(table, edges.CALENDARS[unit], until)
        assert told == start_by_datetime(until, unit, zone), (until, unit)


def test_the_units_of_a_calendar_are_those_of_the_plan() -> None:
    """Days, weeks from Monday, months and years, each from its first moment on."""
    at = {name: 1_577_833_200_000_000 + us for name, us in (("before", -1), ("first", 0))}
    rows = [paid(1, at["before"], 1), paid(2, at["first"], 2), paid(3, at["first"] + 5, 0)]
    zone = "Europe/Brussels"  # 2019-12-31T23:00Z is the new year there
    for unit, held in (("day", 2), ("month", 2), ("year", 2), ("week", 3)):
        window = Window(calendar=unit, zone=zone)
        assert answers(rows, "sum", window=window)[-1] == held, unit
