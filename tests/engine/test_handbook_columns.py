"""The 14 columns of the Handbook, as its authors computed them, come out of one replay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import mintmark as mm
from mintmark.engine.history import replay
from mintmark.ground import DAY_US
from mintmark.plan import Plan, compile_plan

HANDBOOK = Path(__file__).parents[3] / "shared/data/handbook"
PAYMENTS = HANDBOOK / "transactions_2018-04-01_2018-08-14.parquet"
AUTHORS = HANDBOOK / "features_authors_2018-06-20_2018-08-14.parquet"
TIED = [1240489, 1240490]
"""Two payments of one card in one second, whose order the authors left open."""

pytestmark = pytest.mark.skipif(
    not AUTHORS.exists(), reason="needs the public Handbook set in ../shared/data/handbook"
)


def handbook_plan() -> Plan:
    """The 14 columns as definitions, under the authors' names."""
    card, terminal = mm.Entity("card", type="integer"), mm.Entity("terminal", type="integer")
    payment = mm.Event(
        "payment", id="payment_id", id_type="integer", at="paid_at",
        keys={"card": card, "terminal": terminal}, fields={"amount": mm.Money("EUR")},
    )  # fmt: skip
    report = mm.Event(
        "report", id="report_id", id_type="integer", at="reported_at",
        refers_to=payment, fields={"fraud": mm.Flag()},
    )  # fmt: skip
    fraud = mm.Label(report["fraud"], of=payment, mature_after="7d", otherwise=False)
    outcome = payment.outcome(fraud, settles_after="7d")
    named = {
        "TX_DURING_WEEKEND": payment.at.weekday(tz="UTC") >= 6,
        "TX_DURING_NIGHT": payment.at.hour(tz="UTC") <= 6,
    }
    for days in (1, 7, 30):
        span, name = f"{days}d", f"{days}DAY_WINDOW"
        mean = payment["amount"].mean().by("card").over(span, include_current=True)
        risk = outcome.mean().by("terminal").over(span, offset="7d")
        named |= {
            f"CUSTOMER_ID_NB_TX_{name}": mm.count().by("card").over(span, include_current=True),
            f"CUSTOMER_ID_AVG_AMOUNT_{name}": mean,
            f"TERMINAL_ID_NB_TX_{name}": mm.count().by("terminal").over(span, offset="7d"),
            f"TERMINAL_ID_RISK_{name}": mm.where(risk.null(), 0, risk),
        }
    return compile_plan(mm.Features(payment, **named))


def handbook_tables() -> dict[str, pa.Table]:
    """Payments, and for each a report known seven days later, before payments of that instant."""
    at = pl.col("TX_DATETIME").to_physical()
    payments = pl.read_parquet(PAYMENTS).select(
        mm_at=at,
        mm_known_at=at,
        order=pl.lit(1),
        payment_id=pl.col("TRANSACTION_ID").cast(pl.Int64),
        card=pl.col("CUSTOMER_ID").cast(pl.Int64),
        terminal=pl.col("TERMINAL_ID").cast(pl.Int64),
        amount=(pl.col("TX_AMOUNT") * 100).round().cast(pl.Int64),
        fraud=pl.col("TX_FRAUD") == 1,
    )
    reports = payments.with_columns(
        mm_at=pl.col("mm_at") + 7 * DAY_US,
        mm_known_at=pl.col("mm_known_at") + 7 * DAY_US,
        order=pl.lit(0),
    )
    log = (
        pl.concat([payments, reports])
        .sort("mm_known_at", "order", "mm_at", "payment_id")
        .with_row_index("mm_seq")
        .with_columns(pl.col("mm_seq").cast(pl.Int64), mm_revision=pl.lit(0, pl.Int64))
    )
    told = log.filter(pl.col("order") == 0).with_columns(report_id="payment_id")
    return {
        "payment": log.filter(pl.col("order") == 1).drop("order", "fraud").to_arrow(),
        "report": told.drop("order", "card", "terminal", "amount").to_arrow(),
    }


def test_the_fourteen_columns_equal_the_authors() -> None:
    """Every count equals, every average to 1e-9, on every row but the pair that is tied."""
    tables = handbook_tables()
    replayed = replay(handbook_plan(), tables)
    authors = pl.read_parquet(AUTHORS)
    ids = tables["payment"]["payment_id"].to_numpy()
    ours = pl.DataFrame(replayed.features, schema=[f"our {name}" for name in replayed.names])
    ours = ours.with_columns(TRANSACTION_ID=pl.Series(ids).cast(pl.Int32))
    both = authors.join(ours, on="TRANSACTION_ID", how="left").filter(
        ~pl.col("TRANSACTION_ID").is_in(TIED)
    )
    assert len(both) == len(authors) - len(TIED)
    assert len(replayed.names) == 14
    for name in replayed.names:
        mine, theirs = both[f"our {name}"].to_numpy(), both[name].to_numpy()
        slack = 1e-9 if "AVG" in name or "RISK" in name else 0.0
        assert np.abs(mine - theirs).max() <= slack, name
