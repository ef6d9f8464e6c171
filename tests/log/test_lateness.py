"""The report of late data: per stream what came late and counts, per source what was refused."""

import json
from pathlib import Path
from typing import Any

import pytest

import mintmark.define as mm
from log.worked import DAY, START, parquet
from mintmark.ground import LogError, SenderClock
from mintmark.log import Lateness, Log, Tail, TailRecord

HOUR = DAY // 24
tick = mm.Event(
    "tick", id="id", at="at", known_at="seen", lateness="2d", skew="1h", fields={"n": mm.Integer()}
)
ruled = mm.Event("ruled", id="id", at="at", known_at="at + 6h", fields={})


def row(id: str, at: float, seen: float) -> dict[str, Any]:
    """A tick at a day, seen at a day."""
    return {"id": id, "at": START + round(at * DAY), "seen": START + round(seen * DAY), "n": 1}


def told(log: Log) -> dict[str, Lateness]:
    """The report by stream."""
    return {one.stream: one for one in log.lateness()}


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """A log of two streams without a row."""
    return Log.create(tmp_path / "log", (tick, ruled))


def test_an_empty_log_has_nothing_late(log: Log) -> None:
    """No row, no quantile, no source."""
    one = told(log)["tick"]
    assert (one.rows, one.late, one.delay_us, one.behind_us, one.refused) == (0, 0, {}, {}, ())
    assert one.lines() == ["tick: no events"]


def test_late_events_are_measured_against_the_horizon(log: Log, tmp_path: Path) -> None:
    """W of a row is the largest min(at, known_at) before it; what stands behind it came late.

    seen  0    5    6        7        8
    at    0    5    4        7        6.5
                    1 behind          0.5 behind
    """
    rows = [
        row("a", 0, 0), row("b", 5, 5), row("c", 4, 6), row("d", 7, 7), row("e", 6.5, 8),
    ]  # fmt: skip
    log.ingest({"tick": parquet(tmp_path / "tick.parquet", rows)})
    one = told(log)["tick"]
    assert (one.rows, one.late, one.lateness_us, one.ahead) == (5, 2, 2 * DAY, 0)
    assert one.behind_us[500_000] == DAY // 2
    assert one.behind_us[1_000_000] == DAY
    assert (one.delay_us[500_000], one.delay_us[1_000_000]) == (0, 2 * DAY)
    assert one.refused == ()


def test_each_source_answers_for_what_it_brought(log: Log, tmp_path: Path) -> None:
    """Counts by reason and the worst of the late and of the early, file by file."""
    sound = [row("a", 0, 0), row("b", 10, 10), row("ahead", 10.25, 10.225)]
    first = parquet(tmp_path / "tick-1.parquet", sound)
    bad = [row("c", 7, 11), row("d", 5, 11), row("e", 12, 11), row("f", 8.5, 11)]
    second = parquet(tmp_path / "tick-2.parquet", [*bad, {**row("g", 1, 1), "n": None, "id": None}])
    log.ingest({"tick": [first, second]})
    one = told(log)["tick"]
    (refused,) = one.refused
    assert refused.source == str(second)
    assert refused.reasons == {"ahead": 1, "late": 2, "null": 1}
    assert refused.behind_us == round(10.225 * DAY) - 5 * DAY
    assert refused.ahead_us == DAY
    assert (one.rows, one.late, one.ahead, one.ahead_us) == (4, 1, 1, round(0.025 * DAY))
    text = "\n".join(one.lines())
    assert f"refused of {second}" in text
    assert "late              2, the worst" in text


def test_a_rule_says_when_a_row_became_known(log: Log, tmp_path: Path) -> None:
    """Every row of such a stream has one delay."""
    rows = [{"id": str(n), "at": START + n * DAY} for n in range(3)]
    log.ingest({"ruled": parquet(tmp_path / "ruled.parquet", rows)})
    assert set(told(log)["ruled"].delay_us.values()) == {6 * HOUR}


def test_live_rows_are_one_source(log: Log) -> None:
    """What the tail refused is measured against all that the stream has."""
    with Tail.open(log, (tick, ruled), SenderClock(START + 10 * DAY)) as tail:
        taken = tail.admit("tick", row("a", 10, 10))
        tail.append(TailRecord("tick", taken.row))
        assert tail.admit("tick", row("b", 5, 5)).verdict == "late"
        assert tail.admit("tick", row("c", 20, 20)).verdict == "ahead"
        with pytest.raises(LogError, match=r"log\.row\.null"):
            tail.admit("tick", row("", 5, 5))
        tail.commit()
    (live,) = told(log)["tick"].refused
    assert (live.source, live.behind_us, live.ahead_us) == ("live", 5 * DAY, None)
    assert live.reasons == {"ahead": 1, "late": 1, "null": 1}


def test_the_report_is_json(log: Log, tmp_path: Path) -> None:
    """Its form goes through JSON unchanged, quantiles by their names."""
    log.ingest({"tick": parquet(tmp_path / "tick.parquet", [row("a", 0, 0), row("b", 0, 1)])})
    form = told(log)["tick"].form()
    assert json.loads(json.dumps(form)) == form
    assert list(form["delay_us"]) == ["p50", "p90", "p99", "p99.9", "max"]
    assert form["refused"] == []
