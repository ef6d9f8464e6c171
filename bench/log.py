"""What the log costs: import, read, cut, live admission, commit, seal, recovery.

    python bench/log.py [PAYMENTS]

Prints one table and the machine; everything happens in a temporary folder.
"""

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import mintmark.define as mm
from mintmark.ground import SenderClock, generator, monotonic_ns, parse_time
from mintmark.log import Decision, Log, Tail, TailRecord

START = parse_time("2018-01-01T00:00:00Z")
DAY = 86_400_000_000
COMMITS = 2_000

payment = mm.Event(
    "payment",
    id="payment_id",
    at="paid_at",
    keys={"card": mm.Entity("card"), "terminal": mm.Optional(mm.Entity("terminal"))},
    fields={
        "amount": mm.Money("EUR"),
        "country": mm.Category(),
        "lat": mm.Fixed(6),
        "lon": mm.Fixed(6),
    },
)
chargeback = mm.Event(
    "chargeback", id="case_id", at="reported_at", refers_to=payment, fields={"fraud": mm.Flag()}
)
EVENTS = (payment, chargeback)


def write(folder: Path, count: int) -> None:
    """Write payments and the chargebacks of one in fifty, as Parquet and as CSV."""
    draw = generator(1, "bench", "log")
    at = np.sort(draw.integers(START, START + 100 * DAY, count))
    times = pl.Series(at).cast(pl.Datetime("us", "UTC"))
    payments = pl.DataFrame(
        {
            "payment_id": [f"pay_{i:09d}" for i in draw.permutation(count)],
            "paid_at": times,
            "card": [f"card_{i:05d}" for i in draw.integers(0, 10_000, count)],
            "terminal": [f"t_{i:05d}" for i in draw.integers(0, 10_000, count)],
            "amount": draw.integers(1, 100_000, count) / 100,
            "country": [("BE", "NL", "FR")[i] for i in draw.integers(0, 3, count)],
            "lat": draw.integers(-90_000_000, 90_000_000, count) / 1e6,
            "lon": draw.integers(-90_000_000, 90_000_000, count) / 1e6,
        }
    )
    labels = payments.gather_every(50).select(
        pl.format("case_{}", "payment_id").alias("case_id"),
        (pl.col("paid_at") + pl.duration(days=7)).alias("reported_at"),
        "payment_id",
        pl.lit(True).alias("fraud"),
    )
    form = "%Y-%m-%dT%H:%M:%S%.6fZ"
    for name, frame in (("payment", payments), ("chargeback", labels.sort("reported_at"))):
        frame.write_parquet(folder / "parquet" / f"{name}.parquet")
        frame.write_csv(folder / "csv" / f"{name}.csv", datetime_format=form)


def timed(label: str, call: Callable[[], Any]) -> Any:
    """Run, print the seconds, return the result."""
    begun = monotonic_ns()
    result = call()
    print(f"  {label:<44} {(monotonic_ns() - begun) / 1e9:9.3f} s")
    return result


def decided(number: int) -> Decision:
    """A decision of the usual size."""
    return Decision(
        decision_id=f"d{number}", stream="payment", event_id=f"new_{number}", epoch=0, seq=0,
        at=START, known_at=START, margin=0.5, probability=0.5, action="approve",
        costs={"approve": 1.0, "decline": 2.0, "review": 3.0},
        reasons=[("card_mean_30d", 0.1, 12.0), ("night", 0.1, None)] * 2, features=bytes(480),
        release="r" * 71, model="m" * 71, plan="p" * 71, policy="q" * 71, latency_us=3,
        clock="sender",
    )  # fmt: skip


def live(log: Log) -> None:
    """Admit, append and commit one by one; print what each costs."""
    tail = Tail.open(log, EVENTS, SenderClock(START + 107 * DAY))
    timed("load the ids", tail.load)
    admits, commits = [], []
    for number in range(COMMITS):
        row = {
            "payment_id": f"new_{number}", "paid_at": "2018-04-15T10:00:00.123Z",
            "card": "card_00001", "terminal": None, "amount": "12.34", "country": "BE",
            "lat": 50.123456, "lon": 4.5,
        }  # fmt: skip
        begun = monotonic_ns()
        admitted = tail.admit("payment", row)
        admits.append(monotonic_ns() - begun)
        tail.append(TailRecord("payment", admitted.row, decided(number)))
        begun = monotonic_ns()
        tail.commit()
        commits.append(monotonic_ns() - begun)
    for label, taken in (("admit a row", admits), ("commit one record with its decision", commits)):
        p50, p99 = np.quantile(taken, [0.5, 0.99]) / 1e3
        print(f"  {label:<44} {p50:9.1f} µs p50 {p99:9.1f} µs p99")
    tail.close()
    timed(f"recover {COMMITS:,} records", lambda: Tail.open(log, EVENTS, SenderClock())).close()
    timed(f"seal {COMMITS:,} records", log.seal)


def main(count: int) -> None:
    """Print the table."""
    print(f"log, {count:,} payments; {os.cpu_count()} cores, {platform.machine()}, ", end="")
    print(f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ("parquet", "csv"):
            (folder / kind).mkdir()
        write(folder, count)
        for kind in ("csv", "parquet"):
            log = Log.create(folder / f"log_{kind}", EVENTS)
            timed(f"import {kind}", lambda log=log, kind=kind: log.ingest(folder / kind))
        timed("import the same again", lambda: log.ingest(folder / "parquet"))
        timed("read the payments", lambda: log.read("payment"))
        timed("name the version", log.version)
        half = START + 50 * DAY
        timed("cut in the middle", lambda: log.cut(folder / "cut", known_before_us=half))
        live(log)
        size = sum(file.stat().st_size for file in log.store.folder.rglob("*") if file.is_file())
        print(f"  {'on disk':<44} {size / 1e6:9.1f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
