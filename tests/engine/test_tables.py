"""As-of tables in the engine: a lookup is the row that held, of the rows that were known.

known      A           B back-dated, C announced
holds   [--A-----[--B-----------[--C----
asked        r1                r2   r3
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

import mintmark as mm
from mintmark.engine.history import replay
from mintmark.engine.live import Live
from mintmark.engine.oracle import oracle
from mintmark.plan import compile_plan

SECOND = 1_000_000
CODES = ("a", "b", "c")

terminal, currency = mm.Entity("terminal"), mm.Entity("currency")
payment = mm.Event(
    "payment", id="id", at="at", keys={"terminal": mm.Optional(terminal), "currency": currency},
    fields={"amount": mm.Fixed(2)},
)  # fmt: skip
merchant = mm.Table(
    "merchant", of=terminal, fields={"mcc": mm.Category(CODES), "level": mm.Integer()},
    valid_from="since", revision="version",
)  # fmt: skip
rates = mm.Rates("rates", base="EUR", of=currency, valid_from="day", decimals=4)
PLAN = compile_plan(
    mm.Features(
        payment,
        mcc=merchant["mcc"],
        level=merchant["level"],
        amount_eur=payment["amount"].in_currency("EUR", rates, by="currency"),
    )
)
Log = list[tuple[str, dict[str, Any]]]


def row(seq: int, at: int, **told: Any) -> dict[str, Any]:
    """A row of the log at a second."""
    place = {"mm_seq": seq, "mm_at": at * SECOND, "mm_known_at": seq, "mm_revision": 0}
    return place | told


def paid(seq: int, at: int, terminal: str | None = "t", currency: str = "EUR") -> tuple[str, Any]:
    """A payment of 10.00."""
    told = {"id": f"p{seq}", "terminal": terminal, "currency": currency, "amount": 1000}
    return "payment", row(seq, at, **told)


def holds(
    seq: int, at: int, mcc: str | None, level: int | None = 1, *, revision: int = 0, key: str = "t"
) -> tuple[str, Any]:
    """A row of the table of merchants, its id made as the log makes it."""
    told = {"merchant_version": f"{key} {at * SECOND}", "terminal": key, "mcc": mcc, "level": level}
    return "merchant", row(seq, at, **told) | {"mm_revision": revision}


def rated(seq: int, at: int, currency: str, rate: int | None) -> tuple[str, Any]:
    """A rate in ten-thousandths."""
    told = {"rates_version": f"{currency} {at}", "currency": currency, "rate": rate}
    return "rates", row(seq, at, **told)


def tables_of(log: Log) -> dict[str, pa.Table]:
    """A log as tables, those without rows included."""
    samples: Log = [paid(0, 0), holds(0, 0, "a"), rated(0, 0, "USD", 1)]
    tables = {}
    for stream, sample in samples:
        rows = [r for name, r in log if name == stream]
        columns = {}
        for name, value in sample.items():
            kind = pa.string() if isinstance(value, str) else pa.int64()
            columns[name] = pa.array([r[name] for r in rows], kind)
        tables[stream] = pa.table(columns)
    return tables


def live_features(live: Live, log: Log) -> list[bytes]:
    """What a live state answers to the payments of a log, row by row."""
    answered = []
    for stream, told in log:
        if stream == "payment":
            answered.append(live.decide(told).tobytes())
        else:
            live.fold(stream, told)
    return answered


def answers(log: Log) -> list[dict[str, Any]]:
    """What each payment is answered, by name, once every path has said the same."""
    tables = tables_of(log)
    truth = oracle(PLAN, tables)
    folded = replay(PLAN, tables).features
    bits = [r.tobytes() for r in folded]
    assert live_features(Live.start(PLAN, tables_of([])), log) == bits
    told = []
    for given, wanted in zip(folded.tolist(), truth, strict=True):
        assert repr(given) == repr(wanted)
        told.append({n: None if v != v else v for n, v in zip(PLAN.names, given, strict=True)})
    return told


def mcc_of(log: Log) -> list[str | None]:
    """The code that each payment is answered."""
    places = [one["mcc"] for one in answers(log)]
    return [None if place is None else CODES[int(place)] for place in places]


def test_a_row_holds_from_its_time_on_and_once_it_is_known() -> None:
    """A back-dated row changes what comes after it in the log, and nothing before."""
    log = [
        holds(0, 10, "a"),
        paid(1, 9), paid(2, 10), paid(3, 40),
        holds(4, 30, "b"), holds(5, 50, "c"),
        paid(6, 29), paid(7, 40), paid(8, 49), paid(9, 50), paid(10, 99),
    ]  # fmt: skip
    assert mcc_of(log) == [None, "a", "a", "a", "b", "b", "c", "c"]


def test_a_null_field_of_the_row_that_holds_is_null() -> None:
    """The row before it does not shine through; the row's other fields are as they are."""
    log = [holds(0, 10, "a", 1), holds(1, 20, None, 2), paid(2, 15), paid(3, 25)]
    assert [(one["mcc"], one["level"]) for one in answers(log)] == [(0.0, 1.0), (None, 2.0)]


def test_a_higher_revision_takes_the_place_of_a_row() -> None:
    """For later reads; a lower one that comes after it does nothing."""
    log = [
        holds(0, 10, "a"), paid(1, 15), holds(2, 10, "b", revision=2), paid(3, 15),
        holds(4, 10, "c", revision=1), paid(5, 15),
    ]  # fmt: skip
    assert mcc_of(log) == ["a", "b", "b"]


def test_another_key_and_no_key_have_no_row() -> None:
    """A null in the request's optional key is a null answer."""
    assert mcc_of([holds(0, 10, "a"), paid(1, 15, "other"), paid(2, 15, None)]) == [None, None]


def test_an_amount_is_converted_at_the_rate_that_held() -> None:
    """The base itself needs none; without a rate, or with a null one, there is no amount."""
    log = [
        paid(0, 5, currency="EUR"), paid(1, 5, currency="USD"),
        rated(2, 10, "USD", 9000), rated(3, 20, "USD", 8000), rated(4, 30, "USD", None),
        paid(5, 15, currency="USD"), paid(6, 20, currency="USD"), paid(7, 31, currency="USD"),
        paid(8, 31, currency="JPY"),
    ]  # fmt: skip
    amounts = [one["amount_eur"] for one in answers(log)]
    assert amounts == [10.0, None, 9.0, 8.0, None, None]


def as_of(log: Log, place: int) -> str | None:
    """What design section 3 says a payment is told, by looking at every row before it."""
    key, at = log[place][1]["terminal"], log[place][1]["mm_at"]
    newest: dict[str, dict[str, Any]] = {}
    for name, told in log[:place]:
        if name == "merchant" and told["terminal"] == key:
            id_ = told["merchant_version"]
            if told["mm_revision"] >= newest.get(id_, told)["mm_revision"]:
                newest[id_] = told
    held = [told for told in newest.values() if told["mm_at"] <= at]
    found: str | None = max(held, key=lambda t: (t["mm_at"], t["mm_seq"]))["mcc"] if held else None
    return found


@pytest.mark.parametrize("seed", range(20))
def test_drawn_logs_are_answered_as_the_design_says(seed: int) -> None:
    """Rows late, announced, corrected and repeated in any order, against a search of the log."""
    random = Random(seed)
    log: Log = []
    for seq in range(80):
        at, key = random.randrange(-20, 40), random.choice("tu")
        if random.random() < 0.5:
            log.append(paid(seq, abs(at), random.choice(("t", "u", None))))
        else:
            mcc, revision = random.choice((*CODES, None)), random.randrange(3)
            log.append(holds(seq, at, mcc, revision=revision, key=key))
    wanted = [as_of(log, n) for n, (name, _) in enumerate(log) if name == "payment"]
    assert mcc_of(log) == wanted


def test_a_snapshot_keeps_the_rows_of_a_table(tmp_path: Path) -> None:
    """What was looked up before a restart is looked up after it."""
    before: Sequence[Any] = [holds(0, 10, "a"), holds(1, 20, "b"), rated(2, 10, "USD", 9000)]
    live = Live.start(PLAN, tables_of(list(before)))
    live.snapshot(tmp_path / "state")
    after = [paid(3, 15, currency="USD"), paid(4, 25)]
    restored = Live.restore(tmp_path / "state", PLAN)
    assert live_features(restored, after) == live_features(live, after)
