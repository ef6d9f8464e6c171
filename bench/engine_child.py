"""Measures of `bench/engine.py` that need a process of their own; each prints one line of JSON.

python bench/engine_child.py stream PAYMENTS
python bench/engine_child.py live CELLS HOT EVENTS
python bench/engine_child.py cards CARDS
python bench/engine_child.py follow SNAPSHOT ROWS SNAPSHOT
python bench/engine_child.py start PLAN
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import engine_doors as doors

EVENTS_A_CARD = 30
PAUSE_ROWS = 400_000
AFTER = 10_000
"""Rows between the two snapshots; the others are there to be decided while the next is made."""
EVERY_NS = 100_000


def stream(payments: str) -> dict[str, Any]:
    """Replay a long history from Parquet parts to Parquet parts."""
    import engine_work as work

    parts = work.world_parts(int(payments))
    wanted = work.sixty()
    plan = work.plan_of(wanted)
    doors.warm()

    spent = [0.0]
    with tempfile.TemporaryDirectory(dir=work.PLACE) as place, ThreadPoolExecutor(1) as writer:

        def write(number: int, seq: Any, features: Any) -> None:
            begun = time.perf_counter()
            path = Path(place) / f"part-{number:04d}.parquet"
            doors.write_features(path, seq, plan.names, features)
            spent[0] += time.perf_counter() - begun

        begun, waiting, count = time.perf_counter(), None, 0
        for number, (seq, features) in enumerate(doors.streamed(plan, parts)):
            count += len(seq)
            _wait(waiting)
            waiting = writer.submit(write, number, seq, features)
        _wait(waiting)
        seconds = time.perf_counter() - begun
        size = sum(path.stat().st_size for path in Path(place).iterdir())
    assert count == int(payments), (count, payments)
    return {"seconds": seconds, "write_seconds": spent[0], "features": len(wanted),
            "peak_bytes": _peak_bytes(), "file_bytes": size}  # fmt: skip


def live(cells: str, hot: str, events: str) -> dict[str, Any]:
    """Send payments into live state one at a time, each timed by itself."""
    import engine_batch
    import engine_work as work
    import numpy as np

    told = work.live_columns(cells=int(cells), hot=int(hot), live=int(events))
    table = work.stream_table(first=0, **told)
    past = len(table) - int(events)
    wanted = work.sixty()
    doors.warm()
    state = doors.started(work.plan_of(wanted), table.slice(0, past))
    rows = doors.rows_of(table.slice(past))
    del table, told
    took = np.empty(len(rows), dtype=np.int64)
    clock = time.perf_counter_ns
    gc.collect()
    gc.freeze()
    begun = clock()
    for place, row in enumerate(rows):
        started = clock()
        state.decide(row)
        took[place] = clock() - started
    wall = (clock() - begun) / 1e9
    told = engine_batch.quantiles(took)
    alone = engine_batch.quantiles(_alone(len(rows), told["p50"]))
    return told | {
        "events_s": len(rows) / wall, "features": len(wanted), "past": past, "alone": alone,
    }  # fmt: skip


def _alone(times: int, us: float) -> Any:
    """Nanoseconds of some work that takes about so long and touches no memory, time after time.

    What its slowest take longer than its median is the machine's doing: nobody else is called.
    """
    import numpy as np

    clock = time.perf_counter_ns
    begun = clock()
    _spin(100_000)
    length = max(int(us * 1_000 / ((clock() - begun) / 100_000)), 1)
    took = np.empty(times, dtype=np.int64)
    for place in range(times):
        started = clock()
        _spin(length)
        took[place] = clock() - started
    return took


def _spin(length: int) -> int:
    total = 0
    for number in range(length):
        total += number
    return total


def cards(count: str) -> dict[str, Any]:
    """Hold many cards of thirty events; decide while the next snapshot is made; restore it."""
    import numpy as np
    import pyarrow.parquet as pq

    plan, first = _cards_plan(), _cards_table(100)
    doors.warm()
    doors.started(plan, first)
    before = doors.resident_bytes()
    table = _cards_table(int(count))
    past = len(table) - PAUSE_ROWS
    state = doors.started(plan, table.slice(0, past))
    # Taken, not sliced: a slice would keep all of the table, and count as state.
    last = table.take(np.arange(past, len(table)))
    del table
    held = doors.resident_bytes() - before
    rows = doors.rows_of(last)
    with tempfile.TemporaryDirectory() as place:
        base, log, path = (Path(place) / name for name in ("base", "log.parquet", "state"))
        pq.write_table(last.slice(0, AFTER), log)
        doors.snapshot(state, base)
        gc.collect()
        gc.freeze()
        words = ["follow", str(base), str(log), str(path)]
        floor_ms, _ = _longest_ms(_Beside(words), lambda: None)
        answers: list[Any] = []
        for row in rows[:AFTER]:
            answers.append(state.decide(row))
        beside = _Beside(words)
        left = iter(rows[AFTER:])
        step = lambda: answers.extend(state.decide(row) for row in islice(left, 1))  # noqa: E731
        pause_ms, own_ms = _longest_ms(beside, step)
        begun = time.perf_counter_ns()
        back = doors.restored(path, plan)
        restore = (time.perf_counter_ns() - begun) / 1e9
        decided = len(answers) - AFTER
        again = [back.decide(row) for row in rows[AFTER : AFTER + decided]]
        same = all(
            np.array_equal(a, b, equal_nan=True)
            for a, b in zip(answers[AFTER:], again, strict=True)
        )
        size = path.stat().st_size
    assert same, "restored state answers otherwise"
    return {"state_bytes": held, "before_bytes": before, "pause_ms": pause_ms,
            "floor_ms": floor_ms, "own_ms": own_ms, "decided": decided, "restore_seconds": restore,
            "file_bytes": size} | beside.told  # fmt: skip


def follow(base: str, log: str, path: str) -> dict[str, Any]:
    """From one snapshot and the first rows after it to the next, standing back as a server's."""
    import pyarrow.parquet as pq

    os.nice(10)
    begun = time.perf_counter()
    doors.warm()
    doors.followed(Path(base), _cards_plan(), pq.read_table(log), Path(path))
    # The kernel's figure: what `getrusage` tells of a new process includes whoever started it.
    peak = next(
        int(line.split()[1])
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    return {"follow_seconds": time.perf_counter() - begun, "follow_peak_bytes": 1024 * peak}


class _Beside:
    """A measure in another process, started and waited for by a thread, as a server does it."""

    def __init__(self, words: list[str]) -> None:
        self.told: dict[str, Any] = {}
        self._words = words
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        done = subprocess.run(
            [sys.executable, __file__, *self._words], stdout=subprocess.PIPE, check=True
        )
        self.told = json.loads(done.stdout)


def _longest_ms(beside: _Beside, step: Callable[[], object]) -> tuple[float, float]:
    """The longest gap of a loop that takes a step every 100 us while another process works.

    Beside it the processor time of its longest step, which no other process can lengthen.
    """
    clock, own, longest, longest_own = time.perf_counter_ns, time.thread_time_ns, 0, 0
    last = due = clock()
    beside.thread.start()
    while beside.thread.is_alive():
        now = clock()
        longest, last = max(longest, now - last), now
        if now >= due:
            due = max(due + EVERY_NS, now)
            before = own()
            step()
            longest_own = max(longest_own, own() - before)
    assert beside.told, "the process beside failed"
    return longest / 1e6, longest_own / 1e6


def start(path: str) -> dict[str, Any]:
    """Read a compiled plan and answer one payment."""
    plan = doors.read_plan(Path(path))
    state = doors.started(plan, _nothing())
    row = {"mm_seq": 0, "mm_at": 10**15, "mm_known_at": 10**15, "mm_revision": 0}
    row |= {"payment_id": 1, "card": 1, "terminal": 1, "chain": 1, "amount": 1_000}
    features = state.decide(row)
    return {"features": len(features)}


def _cards_plan() -> Any:
    """The features of a card, whose identity is a text as a vault would give it."""
    import engine_work as work

    import mintmark as mm
    from mintmark.plan import compile_plan

    keys = {"card": mm.Entity("card"), "terminal": mm.Entity("terminal", type="integer")}
    payment = mm.Event(
        "payment", id="payment_id", id_type="integer", at="paid_at", keys=keys,
        fields={"amount": mm.Money("EUR")},
    )  # fmt: skip
    mine = [one for one in work.sixty() if one.by == ("card",)]
    named = {one.name: work.expression(payment, one) for one in mine}
    return compile_plan(mm.Features(payment, **named))


def _cards_table(cards: int) -> Any:
    """Thirty payments of each card within thirty days, and some more."""
    import engine_work as work
    import numpy as np
    import pyarrow as pa

    draw = np.random.Generator(np.random.Philox(3))
    card = np.repeat(np.arange(cards, dtype=np.int32), EVENTS_A_CARD)
    draw.shuffle(card)
    card = np.concatenate([card, draw.integers(0, cards, PAUSE_ROWS, dtype=np.int32)])
    count = len(card)
    texts = pa.array([f"tok_{i:012x}" for i in range(cards)])
    span = 29 * work.DAY * work.SECOND_US
    at = work.START_US + np.sort(draw.integers(0, span, count))
    return work.stream_table(
        first=0, at_us=at, payment_id=np.arange(count, dtype=np.int64),
        card=pa.DictionaryArray.from_arrays(pa.array(card), texts).cast(pa.string()),
        terminal=draw.integers(0, 50_000, count),
        amount=np.exp(draw.normal(8.0, 1.0, count)).astype(np.int64),
    )  # fmt: skip


def _nothing() -> Any:
    """A history of no payment."""
    import pyarrow as pa

    names = ["mm_seq", "mm_at", "mm_known_at", "mm_revision"]
    names += ["payment_id", "card", "terminal", "chain", "amount"]
    return pa.table({name: pa.array([], pa.int64()) for name in names})


def _wait(waiting: Future[None] | None) -> None:
    if waiting is not None:
        waiting.result()


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    MEASURES = {"stream": stream, "live": live, "cards": cards, "follow": follow, "start": start}
    print(json.dumps(MEASURES[sys.argv[1]](*sys.argv[2:])), flush=True)
