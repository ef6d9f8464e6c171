"""A full disk: an error of the world, nothing half-written, and the same command again works."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from log.worked import EVENTS, START, ingest, paid, parquet
from mintmark.ground import LogError, SenderClock
from mintmark.log import Log, Tail, TailRecord, disk

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MiB; where this user may not mount one, the test is left to the file limit."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("needs to mount a tmpfs, which this user may not")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 256 KiB: writes fail in the middle, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 10, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def many(folder: Path, count: int) -> Path:
    """A file of payments whose ids do not compress."""
    frame = pl.DataFrame([paid("a")]).select(pl.all().repeat_by(count).explode())
    ids = [os.urandom(16).hex() for _ in range(count)]
    path = folder / f"payments-{count}.parquet"
    frame.with_columns(pl.Series("payment_id", ids)).write_parquet(path)
    return path


def test_an_import_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    """It says what is needed, leaves no file behind, and works once there is room."""
    log = Log.create(small_disk / "log", EVENTS)
    ingest(log, tmp_path, [paid("a")])
    version = log.version()
    (small_disk / "ballast").write_bytes(bytes(22 * MIB))
    source = many(tmp_path, 100_000)
    files = sorted(path for path in (small_disk / "log").rglob("*") if path.is_file())
    with pytest.raises(LogError) as error:
        log.ingest({"payment": source})
    assert (error.value.code, error.value.kind) == ("log.disk.full", "world")
    assert "MiB free" in str(error.value)
    assert sorted(path for path in (small_disk / "log").rglob("*") if path.is_file()) == files
    assert log.version() == version
    (small_disk / "ballast").unlink()
    assert log.ingest({"payment": source}).added == 100_000


def test_an_import_whose_write_fails_in_the_middle(
    log: Log, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """What was written of it is removed, and the log is what it was."""
    ingest(log, tmp_path, [paid("a")])
    version = log.version()
    source = many(tmp_path, 30_000)
    files = sorted(path for path in (tmp_path / "log").rglob("*") if path.is_file())
    request.getfixturevalue("small_files")
    with pytest.raises(LogError) as error:
        log.ingest({"payment": source})
    assert (error.value.code, error.value.kind) == ("log.disk.full", "world")
    assert sorted(path for path in (tmp_path / "log").rglob("*") if path.is_file()) == files
    assert log.version() == version


def test_a_tail_on_a_full_disk(small_disk: Path) -> None:
    """A commit that finds no room is not acknowledged; all that was before it is there."""
    log = Log.create(small_disk / "log", EVENTS)
    tail = Tail.open(log, EVENTS, SenderClock(START))

    def fill() -> None:
        for number in range(60_000):
            row = tail.admit("payment", paid(f"p{number:06d}", country="x" * 700)).row
            tail.append(TailRecord("payment", row))
            if number % 1000 == 999:
                tail.commit()

    with pytest.raises(LogError) as error:
        fill()
    assert (error.value.code, error.value.kind) == ("log.disk.full", "world")
    tail.close()
    assert log.read("payment").num_rows == tail.committed_seq > 20_000


def test_a_tail_whose_segment_cannot_be_made(log: Log, small_files: None) -> None:
    """A segment that cannot be zeroed is a full disk, told at the commit that needs it."""
    with Tail.open(log, EVENTS, SenderClock(START)) as tail:
        tail.append(TailRecord("payment", tail.admit("payment", paid("a")).row))
        with pytest.raises(LogError) as error:
            tail.commit()
        assert error.value.code == "log.disk.full"
    assert log.read("payment").num_rows == 0


def test_other_errors_of_the_disk_pass(tmp_path: Path) -> None:
    """Only a full disk is told as one."""
    with pytest.raises(FileNotFoundError), disk.guarded(tmp_path):
        (tmp_path / "nothing").read_bytes()
    with pytest.raises(LogError), disk.guarded(tmp_path):
        raise OSError("Generic LocalFileSystem error: No space left on device (os error 28)")


def test_a_source_is_left_as_it_is(log: Log, tmp_path: Path) -> None:
    """An import changes nothing in the file that it reads."""
    source = parquet(tmp_path / "p.parquet", [paid("a")])
    before = source.read_bytes()
    log.ingest({"payment": source})
    assert source.read_bytes() == before
    assert sys.byteorder == "little"
