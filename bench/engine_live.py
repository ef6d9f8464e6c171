"""The rows of live state: one payment at a time, a million cards, and the start of a process."""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import engine_doors as doors
import engine_work as work
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from engine_batch import Told, child
from floor import LINE, Floor
from peer import Peer, compared, read_columns, said
from table import Row

CELLS = 2_000
SMALL_CELLS, SMALL_HOT, SMALL_EVENTS = 200, 20_000, 2_000
BARS = {"p50": 8.0, "p99.9": 80.0, "max": 2_000.0}
EVENTS_BAR = 80_000.0
MEMORY_BAR, PAUSE_BAR_MS, RESTORE_BAR_S, START_BAR_S = 1.5e9, 2.0, 5.0, 2.0
LINES = 4 * 6
"""Lines that a payment touches at the least: at each entity the key, its newest event's page, and
the oldest event of each of about four windows."""


def live(told: Told, floor: Floor) -> list[Row]:
    """Update and read in process on one core; peers on a history that they can hold."""
    found = child("live", str(CELLS), str(told.hot), str(told.events), pin=True)
    name = f"live, {found['features']} features, 4 entities, {found['past']:,} events before"
    rows = [
        Row(f"{name}: {at}", found[at], "µs", bar=f"<= {bar:,.0f}", met=found[at] <= bar)
        for at, bar in BARS.items()
    ]
    rows += [
        Row(f"  a loop of that length and nothing else: {at}", found["alone"][at], "µs")
        for at in BARS
    ]
    speed = found["events_s"]
    rows.append(
        Row(f"{name}: sustained", speed, "events/s", bar=f">= {EVENTS_BAR:,.0f}",
            met=speed >= EVENTS_BAR)
    )  # fmt: skip
    least = LINES * floor.line_ns / 1_000
    rows.append(
        Row(f"  its floor: {LINES} random lines of {LINE} bytes", found["p50"], "µs",
            "memory, one thread", least, found["p50"] / least)
    )  # fmt: skip
    return rows + _against_peers()


def _against_peers() -> list[Row]:
    """River and the store behind Redis, on a smaller history, beside ours on the same."""
    told = work.live_columns(cells=SMALL_CELLS, hot=SMALL_HOT, live=SMALL_EVENTS)
    table = work.stream_table(first=0, **told)
    past = len(table) - SMALL_EVENTS
    wanted = work.sixty()
    mine = child("live", str(SMALL_CELLS), str(SMALL_HOT), str(SMALL_EVENTS), pin=True)
    state = doors.started(work.plan_of(wanted), table.slice(0, past))
    answers = np.stack([state.decide(row) for row in doors.rows_of(table.slice(past))])
    rows = []
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "payments.parquet"
        pq.write_table(_for_peers(table), path)
        for name in ("river", "redis"):
            if name == "redis" and shutil.which("redis-server") is None:
                print("  redis: no redis-server on this machine", file=sys.stderr, flush=True)
                continue
            peer = Peer.start(name, threads=1)
            peer.ask("load", path=str(path), past=past, wanted=work.told(wanted))
            out = Path(place) / f"{name}.arrow"
            theirs = peer.ask("live", out=str(out))
            counted = compared(answers, state.names, read_columns(out))
            print(f"  {name}: {dict(list(counted[2].items())[:6])}", file=sys.stderr, flush=True)
            who = f"{said(peer, *counted[:2])}; {len(peer.told['names'])} features"
            rows += _peer_rows(mine, theirs, who, past)
            peer.stop()
    return rows


def _peer_rows(mine: dict[str, Any], theirs: dict[str, Any], who: str, past: int) -> list[Row]:
    name = f"live, {mine['features']} features, {past:,} events before"
    rows = []
    for at, unit in (("p50", "µs"), ("p99.9", "µs"), ("max", "µs"), ("events_s", "events/s")):
        value, peer = mine[at], theirs[at]
        rows.append(Row(f"{name}: {at}", value, unit, who, peer, value / peer))
    return rows


def _for_peers(table: pa.Table) -> pa.Table:
    """Payments as peers read them: a time, and an amount in euro."""
    amount = table["amount"].to_numpy() / 100
    columns = {name: table[name] for name in ("payment_id", "card", "terminal", "chain")}
    at = table["mm_at"].cast(pa.timestamp("us"))
    return pa.table(columns | {"at": at, "amount": pa.array(amount)})


def cards(told: Told, floor: Floor) -> list[Row]:
    """Many cards of thirty events: memory, the pause of a snapshot, restore."""
    found = child("cards", str(told.cards))
    name = f"{told.cards:,} cards of 30 events, identities included"
    whole = told.cards >= 1_000_000
    rows = [
        (f"{name}: resident", found["state_bytes"] / 1e9, "GB", MEMORY_BAR / 1e9),
        ("  restore", found["restore_seconds"], "s", RESTORE_BAR_S),
    ]
    pause, noise = found["pause_ms"], found["floor_ms"]
    least = floor.seconds(2 * found["file_bytes"], 1)
    times = found["restore_seconds"] / least if least else None
    return [
        *(_limit(work_name, value, unit, bar, whole) for work_name, value, unit, bar in rows),
        Row(f"  longest gap of {found['decided']:,} decisions while a snapshot is made", pause,
            "ms", "a loop that does nothing, beside the same", noise, pause / noise,
            bar=f"<= {PAUSE_BAR_MS:g}" if whole else "",
            met=pause <= PAUSE_BAR_MS if whole else None),
        Row("    processor time of the longest of them", found["own_ms"], "ms"),
        Row("  the process that makes it, at its peak", found["follow_peak_bytes"] / 1e9, "GB"),
        Row("  the same, from its start to its end", found["follow_seconds"], "s"),
        Row("  its floor: the file's bytes copied once", found["restore_seconds"], "s",
            "memory bandwidth, 1 thread", least, times),
    ]  # fmt: skip


def _limit(name: str, value: float, unit: str, bar: float, whole: bool) -> Row:
    """A row with a bar that only the full size is held to."""
    return Row(
        name, value, unit, bar=f"<= {bar:g}" if whole else "", met=value <= bar if whole else None
    )


def start(told: Told, floor: Floor) -> list[Row]:
    """From the start of a process with a compiled plan to its first feature."""
    plan = work.plan_of(work.sixty())
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "plan.json"
        doors.keep_plan(plan, path)
        child("start", str(path))
        seconds = [_timed_start(path) for _ in range(told.rounds)]
    value = statistics.median(seconds)
    name = "a new process with a compiled plan answers its first payment"
    return [Row(name, value, "s", bar=f"<= {START_BAR_S:g}", met=value <= START_BAR_S)]


def _timed_start(path: Path) -> float:
    begun = time.perf_counter()
    child("start", str(path))
    return time.perf_counter() - begun


__all__: Sequence[str] = ["cards", "live", "start"]
