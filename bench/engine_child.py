"""Measures of `bench/engine.py` that need a process of their own; each prints one line of JSON.

python bench/engine_child.py stream PAYMENTS
python bench/engine_child.py live CELLS HOT EVENTS
python bench/engine_child.py cards CARDS
python bench/engine_child.py start PLAN
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import engine_doors as doors

EVENTS_A_CARD = 30
PAUSE_ROWS = 20_000


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
    return engine_batch.quantiles(took) | {
        "events_s": len(rows) / wall, "features": len(wanted), "past": past,
    }  # fmt: skip


def cards(count: str) -> dict[str, Any]:
    """Hold many cards of thirty events; snapshot while deciding; restore."""
    import numpy as np

    plan, first = _cards_plan(), _cards_table(100)
    doors.warm()
    doors.started(plan, first)
    before = doors.resident_bytes()
    table = _cards_table(int(count))
    state = doors.started(plan, table.slice(0, len(table) - PAUSE_ROWS))
    last = table.slice(len(table) - PAUSE_ROWS).to_pydict()
    del table
    held = doors.resident_bytes() - before
    rows = [dict(zip(last, values, strict=True)) for values in zip(*last.values(), strict=True)]
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "state"
        took, answers, done = [], [], None
        for number, row in enumerate(rows):
            begun = time.perf_counter_ns()
            if number == PAUSE_ROWS // 4:
                done = doors.begin_snapshot(state, path)
            answers.append(state.decide(row))
            took.append(time.perf_counter_ns() - begun)
        assert done is not None
        done.wait(600)
        del state
        begun = time.perf_counter_ns()
        back = doors.restored(path, plan)
        restore = (time.perf_counter_ns() - begun) / 1e9
        after = PAUSE_ROWS // 4
        again = [back.decide(row) for row in rows[after:]]
        same = all(
            np.array_equal(a, b, equal_nan=True)
            for a, b in zip(answers[after:], again, strict=True)
        )
        size = path.stat().st_size if path.is_file() else 0
    assert same, "restored state answers otherwise"
    return {"state_bytes": held, "before_bytes": before, "pause_ms": max(took) / 1e6,
            "restore_seconds": restore, "file_bytes": size}  # fmt: skip


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
    MEASURES = {"stream": stream, "live": live, "cards": cards, "start": start}
    print(json.dumps(MEASURES[sys.argv[1]](*sys.argv[2:])), flush=True)
