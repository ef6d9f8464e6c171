"""`kill -9` in the middle of an import: it has not happened, and the same command again ends it."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from log import importing
from log.worked import DAY, EVENTS, START, charged, ingest, paid
from mintmark.log import Log

SEED = 20180808


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of payments and chargebacks that takes a while to import."""
    folder = tmp_path_factory.mktemp("source")
    count = 60_000
    frame = pl.DataFrame([paid("a")]).select(pl.all().repeat_by(count).explode())
    frame.with_columns(
        pl.Series("payment_id", [f"p{i}" for i in range(count)]),
        pl.Series("paid_at", [START + i * DAY // count for i in range(count)]),
        pl.Series("amount", [None if i % 1000 else -1.0 for i in range(count)]),
    ).write_parquet(folder / "payment.parquet")
    labels = [charged(f"c{i}", f"p{7 * i}", 1) for i in range(500)]
    pl.DataFrame(labels).write_parquet(folder / "chargeback.parquet")
    return folder


@pytest.fixture(scope="module")
def want(source: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of a log that was imported in peace."""
    log = Log.create(tmp_path_factory.mktemp("want") / "log", EVENTS)
    assert log.ingest(source).quarantined == {"negative": 60}
    return log.version()


def run(folder: Path, source: Path, *, dies_at: int = 0) -> subprocess.Popen[bytes]:
    """Begin an import in a process of its own."""
    command = [sys.executable, importing.__file__, str(folder), str(source), str(dies_at)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_killed_before_each_name(source: Path, want: str, tmp_path: Path) -> None:
    """Killed as the manifest is about to get its name, the first or the second one.

    1  the empty manifest of a new log
    2  the manifest that names the import: all tables are written by then
    """
    for dies_at in (1, 2):
        folder = tmp_path / f"log{dies_at}"
        with run(folder, source, dies_at=dies_at) as child:
            child.communicate()
        assert child.returncode == -signal.SIGKILL
        if dies_at == 2:
            log = Log.open(folder, EVENTS)
            assert (log.position().seq, log.read("payment").num_rows) == (0, 0)
            assert log.quarantine().num_rows == 0
            assert list((folder / "events" / "payment").glob("*.parquet"))
        with run(folder, source) as child:
            child.communicate()
        assert child.returncode == 0
        log = Log.open(folder, EVENTS)
        assert log.version() == want
        assert log.quarantine().num_rows == 60
        assert len(list((folder / "events" / "payment").glob("*.parquet"))) == 1
        assert not list(folder.glob(".*"))


def test_killed_at_any_instant(source: Path, want: str, tmp_path: Path) -> None:
    """Killed again and again at random, a log is the old one or the new one, never between."""
    draw = random.Random(SEED)
    folder = tmp_path / "log"
    empty = Log.create(folder, EVENTS).version()
    seen = set()
    for _ in range(5):
        with run(folder, source) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(draw.uniform(0, 0.6))
            os.kill(child.pid, signal.SIGKILL)
        seen.add(Log.open(folder, EVENTS).version())
    assert seen <= {empty, want}, f"seed {SEED}"
    with run(folder, source) as child:
        child.communicate()
    assert Log.open(folder, EVENTS).version() == want


def test_what_a_killed_import_left_is_not_in_the_next(log: Log, tmp_path: Path) -> None:
    """Versions that the manifest never named are removed, whatever is imported next."""
    ingest(log, tmp_path, [paid("a")])
    head = log.store.manifest.read_bytes()
    ingest(log, tmp_path, [paid("b", 1), paid("bad", amount=-1)], [charged("x", "a", 1)])
    log.store.manifest.write_bytes(head)
    assert log.read("payment")["payment_id"].to_pylist() == ["a"]
    done = ingest(log, tmp_path, [paid("c", 1)])
    assert (done.versions, done.first_seq) == ({"payment": 1}, 2)
    assert log.read("payment")["payment_id"].to_pylist() == ["a", "c"]
    assert log.read("chargeback").num_rows == 0
    assert log.quarantine().num_rows == 0
