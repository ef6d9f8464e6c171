"""Sources: folders, formats, and Parquet as others write it."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mintmark.define as mm
from log.worked import EVENTS, START, charged, ids, paid, parquet
from mintmark.ground import LogError
from mintmark.log import Log
from mintmark.log import sources as log_sources


def test_a_folder_is_sorted_by_the_names_of_its_files(log: Log, tmp_path: Path) -> None:
    """Files and folders named after an event belong to it, whatever follows a dash or a line."""
    folder = tmp_path / "source"
    (folder / "payment").mkdir(parents=True)
    parquet(folder / "payment.parquet", [paid("a")])
    parquet(folder / "payment-2.parquet", [paid("b", 1)])
    parquet(folder / "payment" / "part.parquet", [paid("c", 2)])
    parquet(folder / "chargeback_2018.parquet", [charged("x", "a", 3)])
    (folder / "README.txt").write_text("not a source")
    done = log.ingest(folder)
    assert (done.added, done.versions) == (4, {"chargeback": 0, "payment": 0})
    assert ids(log) == ["a", "b", "c"]
    parquet(folder / "stranger.parquet", [paid("d")])
    with pytest.raises(LogError) as error:
        log.ingest(folder)
    assert error.value.code == "log.source.no_stream"
    assert (error.value.got, error.value.want) == ("stranger", "chargeback, payment")


def test_a_file_named_twice_counts_once(log: Log, tmp_path: Path) -> None:
    """The same bytes twice in one command: the second time is the same again."""
    file = parquet(tmp_path / "p.parquet", [paid("a"), paid("b")])
    done = log.ingest({"payment": [file, file]})
    assert (done.read, done.added, done.same) == (4, 2, 2)


def test_parquet_of_many_types(log: Log, tmp_path: Path) -> None:
    """Dictionaries, decimals, nanoseconds, small integers and zoned times are read as they mean."""
    moment = datetime(2018, 8, 1, tzinfo=UTC)
    table = pa.table(
        {
            "payment_id": pa.array(["a"]).dictionary_encode(),
            "paid_at": pa.array([moment], pa.timestamp("ns", "Europe/Brussels")),
            "card": pa.array(["card_1"], pa.large_string()),
            "terminal": pa.nulls(1),
            "amount": pa.array([Decimal("12.340")], pa.decimal128(10, 3)),
            "country": pa.array(["BE"]).dictionary_encode(),
            "lat": pa.array([50], pa.int8()),
        }
    )
    pq.write_table(table, tmp_path / "p.parquet")
    done = log.ingest({"payment": tmp_path / "p.parquet"})
    assert (done.added, done.quarantined) == (1, {})
    row = log.read("payment").to_pylist()[0]
    assert (row["mm_at"], row["amount"], row["lat"]) == (START, 1234, 50_000_000)
    assert (row["terminal"], row["country"]) == (None, "BE")


def test_a_big_file_is_read_in_pieces(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Piece by piece the rows keep their numbers, in what is stored and in what is refused."""
    monkeypatch.setattr(log_sources, "PIECE_ROWS", 100)
    rows = [paid(f"p{i:04d}", i / 1000, amount=-1 if i % 250 == 249 else 1) for i in range(1000)]
    done = log.ingest({"payment": parquet(tmp_path / "p.parquet", rows)})
    assert (done.read, done.added) == (1000, 996)
    assert log.quarantine()["row_number"].to_pylist() == [250, 500, 750, 1000]
    assert len(ids(log)) == 996


def test_csv_and_parquet_of_the_same_rows_are_the_same(tmp_path: Path) -> None:
    """Values that went through text come back to the last bit."""
    draw = np.random.Generator(np.random.Philox(7))
    count = 2000
    frame = pl.DataFrame(
        {
            "payment_id": [f"p{i}" for i in range(count)],
            "paid_at": pl.Series(START + draw.integers(0, 10**12, count)).cast(
                pl.Datetime("us", "UTC")
            ),
            "card": [f"card_{i % 97}" for i in range(count)],
            "terminal": [None if i % 5 else f"t, {i % 11}" for i in range(count)],
            "amount": draw.integers(0, 10**7, count) / 100,
            "country": [("BE", "é", 'a "b"')[i % 3] for i in range(count)],
            "lat": draw.integers(-90 * 10**6, 90 * 10**6, count) / 1e6,
        }
    )
    frame.write_parquet(tmp_path / "payment.parquet")
    frame.write_csv(tmp_path / "payment.csv", datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
    logs = []
    for suffix in ("parquet", "csv"):
        logs.append(Log.create(tmp_path / suffix, EVENTS))
        done = logs[-1].ingest({"payment": tmp_path / f"payment.{suffix}"})
        assert (done.added, done.quarantined) == (count, {})
    assert logs[0].read("payment").equals(logs[1].read("payment"))
    assert logs[0].version() == logs[1].version()


def test_the_handbook_set(shared_data: Path, tmp_path: Path) -> None:
    """Three weeks of the Handbook's payments: the published count of rows, amounts to the cent."""

    source = pl.read_parquet(
        shared_data / "handbook" / "transactions_2018-04-01_2018-08-14.parquet"
    )
    week = source.filter(pl.col("TX_DATETIME") >= datetime(2018, 7, 25))
    week.write_parquet(tmp_path / "payment.parquet")
    names = {
        "payment_id": "TRANSACTION_ID",
        "paid_at": "TX_DATETIME",
        "card": "CUSTOMER_ID",
        "terminal": "TERMINAL_ID",
        "amount": "TX_AMOUNT",
    }
    number = mm.Entity("card", type="integer"), mm.Entity("terminal", type="integer")
    payment = mm.Event(
        "payment",
        id="payment_id",
        id_type="integer",
        at="paid_at",
        zone="UTC",
        keys={"card": number[0], "terminal": number[1]},
        fields={"amount": mm.Money("EUR")},
        columns=names,
    )
    log = Log.create(tmp_path / "log", [payment])
    done = log.ingest({"payment": tmp_path / "payment.parquet"})
    assert (done.added, done.quarantined) == (201_295, {})
    amounts = log.read("payment")["amount"].to_numpy()
    assert amounts.sum() == int((week["TX_AMOUNT"] * 100).round().sum())
