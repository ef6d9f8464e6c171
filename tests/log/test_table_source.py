"""Tables in the log: a row is known by its key and its time, in files and live alike."""

from pathlib import Path
from typing import Any

import pytest

import mintmark.define as mm
from log.worked import DAY, START, ids, parquet, payment, refused, terminal
from mintmark.ground import LogError, SenderClock
from mintmark.log import Log, Tail, TailRecord

merchant = mm.Table(
    "merchant", of=terminal, fields={"mcc": mm.Category()}, valid_from="since", revision="version"
)
EVENTS = (payment, merchant)


def row(key: str | None, day: float, mcc: str | None = "5411", version: int = 0) -> dict[str, Any]:
    """A row that holds from a day on, as a source states it."""
    since = START + round(day * DAY)
    return {"terminal": key, "since": since, "mcc": mcc, "version": version}


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """A log of payments and merchants without a row."""
    return Log.create(tmp_path / "log", EVENTS)


def test_a_file_of_the_tables_name_is_taken_in(log: Log, tmp_path: Path) -> None:
    """By a folder, as an event's is; its id is made of the key and the time."""
    source = tmp_path / "source"
    source.mkdir()
    parquet(source / "merchant-2018.parquet", [row("u", 1), row("t", 0), row("t", 2, None)])
    (source / "merchant_2.csv").write_text("terminal,since,mcc\nt,2018-08-01T12:00:00Z,5812\n")
    done = log.ingest(source)
    assert (done.added, done.quarantined) == (4, {})
    assert ids(log, "merchant") == [
        f"t {START}", f"t {START + DAY // 2}", f"u {START + DAY}", f"t {START + 2 * DAY}",
    ]  # fmt: skip
    assert log.read("merchant")["mcc"].to_pylist() == ["5411", "5812", "5411", None]


def test_integer_keys_make_ids_too(tmp_path: Path) -> None:
    """The id is a text whatever the key is."""
    shop = mm.Table("shop", of=mm.Entity("n", type="integer"), fields={}, valid_from="since")
    log = Log.create(tmp_path / "log", [shop])
    log.ingest({"shop": parquet(tmp_path / "shop.parquet", [{"n": 7, "since": START}])})
    assert ids(log, "shop") == [f"7 {START}"]


def test_the_same_row_again_adds_nothing_and_another_needs_a_revision(
    log: Log, tmp_path: Path
) -> None:
    """Other content for one key and time is a conflict, under a higher revision a correction."""
    rows = [row("t", 0), row("t", 0), row("t", 0, "5812"), row("t", 0, "5912", version=1)]
    done = log.ingest({"merchant": parquet(tmp_path / "merchant.parquet", rows)})
    assert (done.added, done.same, done.quarantined) == (2, 1, {"conflict": 1})
    assert refused(log) == [("conflict", "since", 3)]
    assert log.read("merchant")["mm_revision"].to_pylist() == [0, 1]


def test_rows_of_long_ago_and_of_next_year_are_taken(log: Log, tmp_path: Path) -> None:
    """A row without a key or a time is refused as an event's is, one of another age is not."""
    rows = [row("t", 300), row("t", -40_000), row(None, 0), row("t", 0) | {"since": None}]
    done = log.ingest({"merchant": parquet(tmp_path / "merchant.parquet", rows)})
    assert (done.added, done.quarantined) == (2, {"null": 2})


def test_a_row_comes_live_as_in_a_file(log: Log) -> None:
    """The tail makes the same id, tells a repetition and refuses a conflict."""
    clock = SenderClock(START + DAY)
    with Tail.open(log, EVENTS, clock) as tail:
        admitted = tail.admit("merchant", row("t", 400))
        tail.append(TailRecord("merchant", admitted.row))
        tail.commit()
        assert admitted.row["merchant_version"] == f"t {START + 400 * DAY}"
        assert tail.admit("merchant", row("t", 400)).verdict == "same"
        assert tail.admit("merchant", row("t", 400, "5812")).verdict == "conflict"
        assert tail.admit("merchant", row("t", 400, "5812", version=1)).verdict == "new"
        with pytest.raises(LogError, match=r"log\.row\.null"):
            tail.admit("merchant", row(None, 1))
        tail.commit()
    assert ids(log, "merchant") == [f"t {START + 400 * DAY}"]
    assert [reason for reason, *_ in refused(log)] == ["conflict", "null"]


def test_a_stated_id_is_taken_from_its_column(tmp_path: Path) -> None:
    """Two rows of one key and time are then two rows, the later in the log the one that holds."""
    stated = mm.Table("m", of=terminal, fields={"x": mm.Flag()}, valid_from="since", id="row")
    log = Log.create(tmp_path / "log", [stated])
    rows = [{"row": n, "terminal": "t", "since": START, "x": n == "a"} for n in "ba"]
    log.ingest({"m": parquet(tmp_path / "m.parquet", rows)})
    assert ids(log, "m") == ["a", "b"]
