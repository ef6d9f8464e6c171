"""A small log to work on: payments of cards at terminals, and the chargebacks that follow."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

import mintmark.define as mm
from mintmark.ground import parse_time
from mintmark.log import Ingested, Log

KEY = bytes(range(32))
PAN = "4111111111111111"
DAY = 86_400_000_000
START = parse_time("2018-08-01T00:00:00Z")

card, terminal = mm.Entity("card"), mm.Entity("terminal")
payment = mm.Event(
    "payment",
    id="payment_id",
    at="paid_at",
    keys={"card": card, "terminal": mm.Optional(terminal)},
    fields={"amount": mm.Money("EUR"), "country": mm.Category(), "lat": mm.Fixed(6)},
)
chargeback = mm.Event(
    "chargeback",
    id="case_id",
    at="reported_at",
    refers_to=payment,
    revision="revision",
    fields={"fraud": mm.Flag()},
)
EVENTS = (payment, chargeback)


def paid(id: str, day: float = 0.0, **changed: object) -> dict[str, Any]:
    """A payment `day` days after the start, as a source states it."""
    row: dict[str, Any] = {
        "payment_id": id,
        "paid_at": START + round(day * DAY),
        "card": "card_1",
        "terminal": "t_1",
        "amount": 12.34,
        "country": "BE",
        "lat": 50.85,
    }
    return row | changed


def charged(id: str, payment_id: str, day: float = 0.0, **changed: object) -> dict[str, Any]:
    """A chargeback of a payment, `day` days after the start."""
    row: dict[str, Any] = {
        "case_id": id,
        "reported_at": START + round(day * DAY),
        "payment_id": payment_id,
        "revision": 0,
        "fraud": True,
    }
    return row | changed


def parquet(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Write rows as a Parquet file."""
    pl.DataFrame(list(rows), infer_schema_length=None).write_parquet(path)
    return path


def csv(path: Path, text: str) -> Path:
    """Write lines as a CSV file of payments, behind the header of all their columns."""
    header = "payment_id,paid_at,card,terminal,amount,country,lat"
    path.write_text(f"{header}\n{text}", encoding="utf-8")
    return path


def ingest(
    log: Log,
    folder: Path,
    payments: Sequence[Mapping[str, object]] = (),
    chargebacks: Sequence[Mapping[str, object]] = (),
) -> Ingested:
    """Import rows by way of Parquet files in a folder."""
    files = {}
    for stream, rows in (("payment", payments), ("chargeback", chargebacks)):
        if rows:
            number = len(list(folder.glob("*.parquet")))
            files[stream] = parquet(folder / f"{stream}-{number}.parquet", rows)
    return log.ingest(files, token_key=KEY)


def ids(log: Log, stream: str = "payment", **where: Any) -> list[str]:
    """The ids of a stream, in the log's order."""
    return log.read(stream, **where).column(4).to_pylist()


def refused(log: Log) -> list[tuple[str, str, int]]:
    """What is in quarantine: reason, column and row number."""
    rows = log.quarantine().to_pylist()
    return [(row["reason"], row["column"], row["row_number"]) for row in rows]


def raw(log: Log, row: int = 0) -> dict[str, Any]:
    """What one row in quarantine said."""
    found: dict[str, Any] = json.loads(log.quarantine()["raw"][row].as_py())
    return found
