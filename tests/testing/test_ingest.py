"""What the world and the Handbook set write is what the examples' contracts let in."""

from pathlib import Path

import polars as pl

import mintmark as mm
from mintmark.log import Log
from mintmark.testing import WorldSettings, write_world

CARD_FRAUD = Path(__file__).resolve().parents[2] / "examples" / "card_fraud" / "definitions"
KEY = b"a key of thirty-two bytes or so."


def test_the_log_takes_every_row_but_the_manual_entries(tmp_path: Path) -> None:
    """All payments and reports are added, and each manual entry is quarantined with a reason."""
    settings = WorldSettings(seed=2, payments=20_000, days=40, live=500, bad_rows=33)
    world = write_world(tmp_path / "world", settings)
    log = Log.create(tmp_path / "log", mm.load(CARD_FRAUD).events)
    done = log.ingest(world.history, token_key=KEY)
    assert done.added == world.history_payments + world.history_reports
    assert sum(done.quarantined.values()) == world.bad_rows
    assert len(done.quarantined) >= 8
    assert done.quarantined["conflict"] == 3
    assert done.parked == 0
    assert set(pl.Series(log.quarantine()["source"].to_pylist()).str.contains("manual")) == {True}


def test_both_forms_of_a_world_are_the_same_events(tmp_path: Path) -> None:
    """Once the Parquet form is in the log, the CSV form adds nothing and conflicts with nothing."""
    settings = WorldSettings(seed=2, payments=8_000, days=40, live=500)
    parquet = write_world(tmp_path / "parquet", settings)
    csv = write_world(tmp_path / "csv", WorldSettings(**vars(settings) | {"form": "csv"}))
    log = Log.create(tmp_path / "log", mm.load(CARD_FRAUD).events)
    added = log.ingest(parquet.history, token_key=KEY).added
    again = log.ingest(csv.history, token_key=KEY)
    assert (again.added, again.same, again.quarantined) == (0, added, {})
