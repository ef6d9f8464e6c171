"""The proof: random events over every aggregate, each value held bit for bit to the oracle.

    python bench/proof.py --events 1000000 --seed 1 --page docs/proof.md

The oracle looks at every event again for each value, so the events come as many small logs, each
with a plan of its own. A log is folded in every way that the engine has (`tests/laws/paths.py`).
Then the peers answer logs of their own (`proof_peers.py`), and the page says what was found.
A run of 20,000 events takes a minute or two on two cores. The exit status is 2 where a value of
ours differs.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from proof_page import write_page  # noqa: E402
from proof_peers import compare_peers  # noqa: E402

from laws.drawn import Log, drawn_log, drawn_plan  # noqa: E402
from laws.drawn_plans import window_form  # noqa: E402
from laws.paths import answered, expected  # noqa: E402
from mintmark.cli.bar import Bar  # noqa: E402
from mintmark.engine.kernel import load  # noqa: E402
from mintmark.ground import monotonic_ns  # noqa: E402
from mintmark.plan import Plan  # noqa: E402

ROWS = (30, 50, 50, 70)
"""Rows of the logs of one plan."""
PLAIN = 0.4
"""The share of plans whose events are never corrected or reversed."""
EXTREME = 10**16
SHOWN = 20


@dataclass
class Found:
    """What a part of the proof has seen; parts add up.

    counts : by name, and by (kind or form, what);  differing : where a value is not the oracle's.
    """

    counts: Counter[Any] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)
    digests: dict[int, bytes] = field(default_factory=dict)

    def add(self, other: Found) -> None:
        """Take in another part."""
        self.counts.update(other.counts)
        self.differing += other.differing
        self.digests |= other.digests

    @property
    def digest(self) -> str:
        """The digest of all values of the oracle, in the order of the plans."""
        told = b"".join(self.digests[place] for place in sorted(self.digests))
        return hashlib.sha256(told).hexdigest()[:16]


def prove_plan(seed: int, place: int) -> Found:
    """Draw one plan and its logs, and hold every way of folding them to the oracle."""
    random = Random(f"{seed}:{place}")
    plain = random.random() < PLAIN
    plan = drawn_plan(random, plain=plain)
    found = Found()
    told = hashlib.sha256()
    found.counts.update({"plans": 1, "plain plans": plain})
    with TemporaryDirectory(prefix="mintmark-proof-") as folder:
        for rows in ROWS:
            log = drawn_log(random, rows=rows, plain=plain)
            cut, path = random.randint(0, rows), Path(folder) / "state"
            truth = expected(plan, log)
            told.update(b"".join(truth))
            found.counts.update(nastiness(log))
            found.counts.update(values_of(plan, truth))
            for way, first, bits in answered(plan, log, cut, path):
                found.counts[way] += len(bits) * len(plan.outputs)
                wrong = differences(plan, truth[first:], bits)
                found.differing += [f"{seed}:{place}, {rows} rows, {way}: {one}" for one in wrong]
    found.digests[place] = told.digest()
    return found


def values_of(plan: Plan, truth: list[bytes]) -> Counter[Any]:
    """Count the values of a log, by kind and by form of window, and those that are not null."""
    counts: Counter[Any] = Counter()
    table = np.frombuffer(b"".join(truth)).reshape(len(truth), len(plan.outputs))
    told = np.count_nonzero(~np.isnan(table), axis=0)
    counts.update({"logs": 1, "requests": len(truth), "values": table.size})
    counts["told"] += int(told.sum())
    for place in range(len(plan.outputs)):
        names = [("kind", "row expressions")]
        if place < len(plan.aggregates):
            one = plan.aggregates[place]
            form = window_form(one.window)
            names = [("kind", one.kind), ("form", form)]
            counts["pair", one.kind, form] += int(told[place])
        for name in names:
            counts[*name, "values"] += len(truth)
            counts[*name, "told"] += int(told[place])
    return counts


def nastiness(log: Log) -> Counter[str]:
    """Count the rows of a log, and what is nasty about them."""
    counts: Counter[str] = Counter({"events": len(log)})
    seen: set[tuple[str, object]] = set()
    times: dict[str, set[int]] = {}
    newest: dict[str, int] = {}
    for stream, row in log:
        at, of = row["mm_at"], times.setdefault(stream, set())
        counts["ties"] += at in of
        counts["late"] += at < newest.get(stream, at)
        counts["ahead of their time"] += at > row["mm_known_at"]
        counts["with a null"] += None in row.values()
        counts["said again"] += (stream, row["id"]) in seen
        counts["reversals"] += stream in ("refund", "void")
        counts["extreme"] += any(
            isinstance(value, int) and abs(value) >= EXTREME
            for name, value in row.items()
            if name not in ("mm_at", "mm_known_at", "booked")
        )
        of.add(at)
        seen.add((stream, row["id"]))
        newest[stream] = max(newest.get(stream, at), at)
    return counts


def differences(plan: Plan, truth: list[bytes], bits: list[bytes]) -> Iterator[str]:
    """Say where answers are not the oracle's, bit for bit."""
    if len(truth) != len(bits):
        yield f"{len(bits)} answers for {len(truth)} requests"
    for request, (want, got) in enumerate(zip(truth, bits, strict=False)):
        if want != got:
            wants, gots = np.frombuffer(want), np.frombuffer(got)
            for place in np.flatnonzero(wants.view(np.int64) != gots.view(np.int64)):
                kind = "a row expression"
                if place < len(plan.aggregates):
                    kind = plan.aggregates[place].kind
                yield f"request {request}, {kind}: got {gots[place]!r}, want {wants[place]!r}"


def prove(events: int, seed: int, processes: int) -> Found:
    """Prove on at least so many events."""
    plans, found = math.ceil(events / sum(ROWS)), Found()
    load()
    with Bar() as bar, ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        bar.start("prove", plans)
        for one in pool.map(partial(prove_plan, seed), range(plans), chunksize=8):
            found.add(one)
            bar.advance(1)
        told = f"{found.counts['events']:,} events, {len(found.differing):,} values differ"
        bar.done(told)
    return found


def main() -> int:
    """Prove, ask the peers, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--peer-rows", type=int, default=1_000, help="of each log, 0 for no peers")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "proof.md")
    asked = parser.parse_args()
    start = monotonic_ns()
    found = prove(asked.events, asked.seed, asked.processes)
    for line in found.differing[:SHOWN]:
        print(line, flush=True)
    minutes = (monotonic_ns() - start) / 6e10
    with Bar() as bar:
        peers = compare_peers(asked.seed, asked.peer_rows, bar) if asked.peer_rows else None
    command = f"make proof EVENTS={asked.events} SEED={asked.seed}"
    write_page(asked.page, found, peers, (command, asked.seed, minutes))
    wrong = len(found.differing) + (sum(peers.ours.values()) if peers else 0)
    print(f"{found.counts['events']:,} events, {found.counts['values']:,} values, {wrong} differ")
    return 2 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
