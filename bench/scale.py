"""What more workers bring, and what a payment costs: the figures behind docs/scale.md.

    python bench/scale.py [--payments N] [--events N] [--ray PYTHON] [--json PATH]

The plan is the sixty features of `bench/engine.py`, the payments those of the seeded world. A
worker has one core: with n workers the whole run is held to n. `--ray` names an interpreter that
has Ray and us (`build/flow/env/bin/python`, made by `make test-long`), for live state over
actors. Everything stays in `build/`. The digests of all runs are compared before any time counts.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine_doors as doors
import engine_work as work
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from table import Row, show, write_json

from mintmark.engine import Live
from mintmark.engine.live_shards import Joined, LivePlace, Routes
from mintmark.flow.executor import Processes
from mintmark.flow.sharded import replay_sharded
from mintmark.plan import Plan

CORES = sorted(os.sched_getaffinity(0))
BATCH = 256
MANY = 20
"""Shards of each group, where rows have to be exchanged by key."""
HERE = Path(__file__).resolve().parent


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=2_000_000)
    parser.add_argument("--events", type=int, default=50_000, help="live events that are timed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ray", type=Path, help="an interpreter that has Ray and us")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    doors.warm()
    plan, parts = work.plan_of(work.sixty()), work.world_parts(asked.payments)
    rows = [*replays(plan, parts, asked.rounds), *lives(plan, parts, asked.events)]
    if asked.ray:
        rows += on_ray(asked.ray, plan, parts, asked.events)
    print(show("Scale", rows))
    if asked.json:
        write_json(asked.json, rows)


@dataclass(frozen=True)
class Run:
    """One sharded replay: wall and CPU seconds, cores that others took, and the bytes it moved.

    exchanged : rows written by key;  between : aggregates;  out : features.
    """

    seconds: float
    cpu: float
    others: float
    digest: str
    exchanged: int
    between: int
    out: int


def replays(plan: Plan, parts: Sequence[Path], rounds: int) -> list[Row]:
    """From Parquet to a Delta table: in one process, then by shards at 1 and 2 workers."""
    count = sum(pq.read_metadata(part).num_rows for part in parts)
    alone: list[float] = []
    runs: dict[tuple[int, int], list[Run]] = {(1, 1): [], (2, 1): [], (2, MANY): []}
    with tempfile.TemporaryDirectory(dir=work.PLACE) as folder:
        for turn in range(rounds):
            os.sched_setaffinity(0, CORES[:1])
            alone.append(_in_process(plan, parts, Path(folder) / "alone.parquet"))
            for (workers, of), found in runs.items():
                os.sched_setaffinity(0, CORES[:workers])
                out = Path(folder) / f"{workers}-{of}-{turn}"
                found.append(_sharded(plan, parts, workers, of, out))
        os.sched_setaffinity(0, CORES)
    assert len({run.digest for found in runs.values() for run in found}) == 1, "digests differ"
    best = {workers: min(found, key=lambda run: run.seconds) for workers, found in runs.items()}
    name = f"replay of {count:,} payments, {len(plan.names)} features, Parquet to Parquet"
    speed = count / min(alone)
    rows = [Row(f"{name}: one process, one core", speed, "payments/s")]
    for (workers, of), run in best.items():
        mine = count / run.seconds
        said = f"  {workers} worker(s) of one core, {of} shard(s) a group"
        cpu = min(found.cpu for found in runs[workers, of]) * 1e6 / count
        rows += [
            Row(said, mine, "payments/s", "one process", speed, mine / speed),
            Row("    CPU of the workers", cpu, "µs/payment"),
            Row("    taken by others meanwhile", run.others, "cores"),
        ]
    first, second, many = count / best[1, 1].seconds, count / best[2, 1].seconds, best[2, MANY]
    source = sum(part.stat().st_size for part in parts)
    return [
        *rows,
        Row("  2 workers for 1", second, "payments/s", "1 worker", first, second / first),
        Row("  rows read, in the files", source / count, "bytes/payment"),
        Row("  rows exchanged by key", many.exchanged / count, "bytes/payment"),
        Row("  aggregates between the phases", many.between / count, "bytes/payment"),
        Row("  features written", many.out / count, "bytes/payment"),
    ]


def _in_process(plan: Plan, parts: Sequence[Path], out: Path) -> float:
    begun = time.perf_counter()
    table = pa.concat_tables([pq.read_table(part) for part in parts])
    seq, features, names = doors.features_of(plan, {plan.request: table})
    doors.write_features(out, seq, names, features)
    return time.perf_counter() - begun


class Weighed:
    """Weighs what lies between the tasks before it is taken away."""

    def __init__(self, behind: Processes) -> None:
        self.behind, self.workers = behind, behind.workers
        self.exchanged = self.between = 0

    def run(self, tasks: Any) -> Any:
        """Do every task, as `flow.executor.Executor` says."""
        for task in tasks[:1]:
            if task["do"] == "fold":
                self.exchanged = _size(Path(task["exchange"]["folder"]).glob("split-*"))
            if task["do"] == "answer":
                self.between = _size(Path(task["folded"]).glob("*.parcels"))
        return self.behind.run(tasks)


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def _sharded(plan: Plan, parts: Sequence[Path], workers: int, of: int, out: Path) -> Run:
    """Replay once with workers that are already there."""

    with Processes(workers) as processes:
        # The first task of a worker pays for its start, which a long run does not feel.
        warm = out.with_name(f"{out.name}-warm")
        replay_sharded(plan, {plan.request: parts[:1]}, warm, processes)
        shutil.rmtree(warm)
        pids = processes.pids
        begun, cpu, busy = time.perf_counter(), sum(map(_cpu, pids)), _busy()
        weighed = Weighed(processes)
        made = replay_sharded(plan, {plan.request: parts}, out, weighed, shards=of)
        seconds = time.perf_counter() - begun
        cpu = sum(map(_cpu, pids)) - cpu
    others = max(_busy() - busy - cpu, 0.0) / seconds
    size = _size(out.glob("*.parquet"))
    shutil.rmtree(out)
    return Run(seconds, cpu, others, made.digest, weighed.exchanged, weighed.between, size)


def _cpu(pid: int) -> float:
    """CPU seconds of a process."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _busy() -> float:
    """CPU seconds of the whole machine."""
    told = Path("/proc/stat").read_text().split("\n")[0].split()[1:4]
    return sum(map(int, told)) / os.sysconf("SC_CLK_TCK")


def lives(plan: Plan, parts: Sequence[Path], events: int) -> list[Row]:
    """One live state; then what each role of a split one costs, measured one after another."""
    table = pa.concat_tables([pq.read_table(part) for part in parts])
    past, rows = (
        table.slice(0, len(table) - events),
        doors.rows_of(table.slice(len(table) - events)),
    )
    os.sched_setaffinity(0, CORES[:1])
    state = Live.start(plan, {plan.request: past})
    took = np.empty(events, dtype=np.int64)
    answers = []
    begun = time.perf_counter()
    for place, row in enumerate(rows):
        started = time.perf_counter_ns()
        answers.append(state.decide(row))
        took[place] = time.perf_counter_ns() - started
    alone = events / (time.perf_counter() - begun)
    size, keys = state.bytes, sum(map(len, state._keys))
    del state
    found = [
        Row(f"live, {len(plan.names)} features after {len(past):,} payments, one core", alone,
            "events/s"),
        Row("  p50", float(np.percentile(took, 50)) / 1e3, "µs"),
        Row("  p99.9", float(np.percentile(took, 99.9)) / 1e3, "µs"),
        Row("  state, all groups", size / keys, "bytes/key"),
        Row("  state, all groups", size / len(table), "bytes/payment kept"),
        Row("  keys, all groups", keys / len(table), "keys/payment"),
    ]  # fmt: skip
    for places in (1, 2):
        found += _split(plan, past, rows, places, answers)
    os.sched_setaffinity(0, CORES)
    return found


def _split(
    plan: Plan, past: pa.Table, rows: list[dict[str, Any]], places: int, truth: list[Any]
) -> list[Row]:
    """CPU seconds of the one who routes, of each place, and of the one who joins."""
    routes, joined = Routes(plan, places), Joined(plan)
    hosts = [LivePlace(plan, place, places, {plan.request: past}) for place in range(places)]
    spent = {"route": 0.0, "join": 0.0} | {f"place {p}": 0.0 for p in range(places)}
    octets, equal = [0, 0], 0
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        clock = time.process_time()
        sent: list[list[Any]] = [[] for _ in hosts]
        homes: list[list[tuple[int, int]]] = [[] for _ in hosts]
        for number, row in enumerate(batch):
            routes.check(plan.request, row, -1)
            for place, call in routes.calls(plan.request, row):
                sent[place].append(call)
                homes[place].append((number, call[0]))
        clock = _tick(spent, "route", clock)
        found: list[dict[int, Any]] = [{} for _ in batch]
        for place, host in enumerate(hosts):
            clock = time.process_time()
            answers = host.take(sent[place])
            _tick(spent, f"place {place}", clock)
            octets[0] += len(pickle.dumps(sent[place], protocol=5))
            octets[1] += len(pickle.dumps(answers, protocol=5))
            for (number, group), answer in zip(homes[place], answers, strict=True):
                found[number][group] = answer
        clock = time.process_time()
        made = [joined.features(row, found[n]) for n, row in enumerate(batch)]
        _tick(spent, "join", clock)
        equal += sum(a.tobytes() == truth[start + n].tobytes() for n, a in enumerate(made))
    assert equal == len(rows), "a split state answers otherwise"
    count, name = len(rows), f"live split over {places} place(s)"
    slowest = max(spent[f"place {place}"] for place in range(places))
    order = spent["route"] + spent["join"]
    return [
        Row(f"{name}: a place alone could take", count / slowest, "events/s"),
        Row("  the sequencer (route and join) could take", count / order, "events/s"),
        Row("  sent to places", octets[0] / count, "bytes/event"),
        Row("  sent back", octets[1] / count, "bytes/event"),
    ]


def _tick(spent: dict[str, float], role: str, since: float) -> float:
    now = time.process_time()
    spent[role] += now - since
    return now


def on_ray(python: Path, plan: Plan, parts: Sequence[Path], events: int) -> list[Row]:
    """A live state over 1 and 2 Ray actors on this machine: what the whole of it takes."""
    rows = []
    with tempfile.TemporaryDirectory(dir=work.PLACE) as folder:
        place = Path(folder)
        doors.keep_plan(plan, place / "plan.json")
        table = pa.concat_tables([pq.read_table(part) for part in parts])
        pq.write_table(table.slice(0, len(table) - events), place / "past.parquet")
        pq.write_table(table.slice(len(table) - events), place / "next.parquet")
        done = subprocess.run(
            [str(python), str(HERE / "scale_ray.py"), folder, plan.request],
            stdout=subprocess.PIPE, text=True, check=True, timeout=900,
        )  # fmt: skip
    told = json.loads(done.stdout.strip().split("\n")[-1])
    for places in ("1", "2"):
        speed = statistics.median(told[places])
        name = f"live over {places} Ray actor(s), {BATCH} events at a time"
        rows.append(Row(name, speed, "events/s"))
    return rows


if __name__ == "__main__":
    sys.exit(main())
