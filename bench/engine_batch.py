"""The rows over a history: the fourteen columns, the sixty features, and the long stream.

Ours and the peers take turns within one run, and the median of the rounds counts. Before any time
is taken ours is compared with each peer's values.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine_doors as doors
import engine_work as work
import numpy as np
from engine_doors import Floats
from floor import Floor
from peer import Peer, compared, said
from table import Row

HERE = Path(__file__).resolve().parent
LEVEL = 1
KEY_BYTES, NUMBER_BYTES = 4, 8
INPUT_BYTES = 2 * NUMBER_BYTES + 3 * KEY_BYTES + 1
"""Of a payment: time, amount, three keys and the label."""
STREAM_BAR_S, STREAM_BAR_BYTES, GROWTH_BAR = 120.0, 10 * 2**30, 1.3
FULL_STREAM = 24_000_000


@dataclass(frozen=True)
class Told:
    """What the command line asks for."""

    rows: int | None = None
    rounds: int = 5
    pandas: bool = False
    stream: int = 24_000_000
    cards: int = 1_000_000
    hot: int = 1_000_000
    events: int = 200_000


@dataclass(frozen=True)
class Contest:
    """One piece of work as ours does it, and as every peer is asked for it."""

    name: str
    run: Callable[[], Any]
    verb: str
    given: dict[str, Any]
    unit: str
    bars: dict[str, float]


def fourteen(told: Told, floor: Floor) -> list[Row]:
    """The fourteen Handbook columns, columns in memory to columns in memory."""
    path = work.handbook_file(told.rows)
    plan, tables = work.fourteen_plan(), work.fourteen_tables(path)
    rows = len(tables["payment"])
    contest = Contest(
        f"14 Handbook columns, {rows:,} payments, memory to memory",
        lambda: doors.features_of(plan, tables), "fourteen", {}, "s", {"polars": 5.0},
    )  # fmt: skip
    names = ["polars", "duckdb", *(["pandas"] if told.pandas else [])]
    moved = rows * (INPUT_BYTES + 14 * NUMBER_BYTES)
    _, features, columns = contest.run()
    return _contested(contest, told, path, names, (features, columns), floor.seconds(moved, 2))


def fourteen_files(told: Told, floor: Floor) -> list[Row]:
    """The same from a Parquet file to a Parquet file of one codec and level."""
    path = work.handbook_file(told.rows)
    plan = work.fourteen_plan()
    _, features, columns = doors.features_of(plan, work.fourteen_tables(path))
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "theirs.parquet"

        def run() -> None:
            tables = work.fourteen_tables(path)
            _, made, names = doors.features_of(plan, tables)
            ids = tables["payment"]["payment_id"].to_numpy()
            doors.write_features(Path(place) / "ours.parquet", ids, names, made)

        rows = len(features)
        contest = Contest(
            f"14 Handbook columns, {rows:,} payments, Parquet to Parquet, zstd {LEVEL}",
            run, "fourteen_file", {"source": str(path), "target": str(target), "level": LEVEL},
            "s", {"polars": 2.0, "duckdb": 5.0},
        )  # fmt: skip
        names = ["polars", "duckdb", *(["pandas"] if told.pandas else [])]
        moved = rows * (INPUT_BYTES + 14 * NUMBER_BYTES)
        return _contested(contest, told, path, names, (features, columns), floor.seconds(moved, 2))


def sixty(told: Told, floor: Floor) -> list[Row]:
    """Sixty features over four entities: all of them, and for each peer those that it expresses."""
    path = work.handbook_file(told.rows)
    table = work.payment_table(path)
    wanted = work.sixty()
    plan = work.plan_of(wanted)
    full = statistics.median(
        _seconds(lambda: doors.features_of(plan, {"payment": table})) for _ in range(told.rounds)
    )
    moved = len(table) * (INPUT_BYTES + len(wanted) * NUMBER_BYTES)
    name = f"{len(wanted)} features, 4 entities, {len(table):,} payments, memory to memory"
    found = [Row(name, full, "s"), _floor_row(name, full, floor.seconds(moved, 2))]
    able = [one for one in wanted if one.kind != "decay_sum"]
    part = work.plan_of(able)
    contest = Contest(
        f"the {len(able)} of them that Polars and DuckDB express",
        lambda: doors.features_of(part, {"payment": table}), "sixty",
        {"wanted": work.told(able)}, "s", {"fastest": 10.0},
    )  # fmt: skip
    _, features, columns = contest.run()
    moved = len(table) * (INPUT_BYTES + len(able) * NUMBER_BYTES)
    least = floor.seconds(moved, 2)
    found += _contested(contest, told, path, ["polars", "duckdb"], (features, columns), least)
    return found


def stream(told: Told, floor: Floor) -> list[Row]:
    """Sixty features over a long history in chunks, written to Parquet in parts, cost told."""
    sizes = sorted({1_000_000, told.stream} if told.stream > 1_000_000 else {told.stream})
    runs = {}
    for size in sizes:
        work.world_parts(size)
        runs[size] = child("stream", str(size))
    large = runs[sizes[-1]]
    name = f"{large['features']} features, 4 entities, {sizes[-1]:,} payments to Parquet parts"
    seconds, peak = large["seconds"], large["peak_bytes"]
    moved = sizes[-1] * (INPUT_BYTES + large["features"] * NUMBER_BYTES)
    whole = sizes[-1] >= FULL_STREAM
    rows = [
        Row(name, seconds, "s", bar=f"<= {STREAM_BAR_S:.0f} s" if whole else "",
            met=seconds <= STREAM_BAR_S if whole else None),
        Row("  its peak of resident memory", peak / 2**30, "GiB", bar="<= 10 GiB",
            met=peak <= STREAM_BAR_BYTES),
        Row("  the files that it wrote", large["file_bytes"] / 2**30, "GiB"),
        Row("  of which writing, in a thread beside it", large["write_seconds"], "s"),
        _floor_row(name, seconds, floor.seconds(moved, 2)),
    ]  # fmt: skip
    if len(sizes) > 1:
        per_row = {size: run["seconds"] / size * 1e9 for size, run in runs.items()}
        small, grown = per_row[sizes[0]], per_row[sizes[-1]]
        work_name = f"  ns a row at {sizes[-1]:,} against {sizes[0]:,} payments"
        rows.append(
            Row(
                work_name,
                grown,
                "ns",
                f"{sizes[0]:,}",
                small,
                grown / small,
                f"< {GROWTH_BAR}",
                grown / small < GROWTH_BAR,
            )
        )
    return rows


def child(verb: str, *given: str, pin: bool = False) -> dict[str, Any]:
    """Run a measure of `engine_child.py` in a process of its own and return what it printed."""
    command = [sys.executable, str(HERE / "engine_child.py"), verb, *given]
    before = os.sched_getaffinity(0)
    if pin:
        os.sched_setaffinity(0, {min(before)})
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    finally:
        os.sched_setaffinity(0, before)
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def _contested(
    contest: Contest,
    told: Told,
    path: Path,
    names: Sequence[str],
    ours: tuple[Floats, tuple[str, ...]],
    least: float,
) -> list[Row]:
    """Compare, then take turns, and return a row for each peer and one for the floor.

    The first run of a peer is for the comparison; of pandas, which takes minutes, it is the only.
    """
    peers = [Peer.start(name) for name in names]
    counts = {}
    with tempfile.TemporaryDirectory() as place:
        for peer in peers:
            peer.ask("load", path=str(path))
            peer.time(contest.verb, **contest.given)
            theirs = peer.columns(Path(place) / f"{peer.name}.arrow")
            counts[peer.name] = compared(ours[0], ours[1], theirs)
            print(_differences(peer.name, counts[peer.name]), file=sys.stderr, flush=True)
    mine = []
    quick = [peer for peer in peers if peer.name != "pandas"]
    for peer in quick:
        peer.seconds.clear()
    for _ in range(told.rounds):
        mine.append(_seconds(contest.run))
        for peer in quick:
            peer.time(contest.verb, **contest.given)
    value = statistics.median(mine)
    medians = {peer.name: statistics.median(peer.seconds) for peer in peers}
    rows = []
    for peer in peers:
        theirs_s = medians[peer.name]
        fastest = theirs_s == min(medians.values())
        times = contest.bars.get(peer.name, contest.bars.get("fastest") if fastest else None)
        bar = "" if times is None else f"{times:.0f} times faster"
        met = None if times is None else value * times <= theirs_s
        count, total, _ = counts[peer.name]
        who = said(peer, count, total)
        rows.append(
            Row(contest.name, value, contest.unit, who, theirs_s, value / theirs_s, bar, met)
        )
        peer.stop()
    return [*rows, _floor_row(contest.name, value, least)]


def _differences(name: str, counted: tuple[int, int, dict[str, int]]) -> str:
    count, total, columns = counted
    worst = sorted(columns.items(), key=lambda pair: -pair[1])[:6]
    shown = ", ".join(f"{column} {n:,}" for column, n in worst)
    return f"  {name}: {count:,} of {total:,} values differ from ours. {shown}"


def _floor_row(name: str, value: float, least: float) -> Row:
    """How far a time is from the least that the machine's memory allows."""
    return Row("  its floor: inputs read once, outputs written once", value, "s",
               "memory bandwidth, 2 threads", least, value / least)  # fmt: skip


def _seconds(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def quantiles(nanoseconds: np.ndarray) -> dict[str, float]:
    """Return the median, the 99.9th percentile and the greatest, in microseconds."""
    at = np.percentile(nanoseconds, [50, 99.9, 100])
    return dict(zip(("p50", "p99.9", "max"), (at / 1_000).tolist(), strict=True))
