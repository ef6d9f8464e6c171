"""The payments world holds what its page says: exact counts, late labels, schemes, drift, bytes."""

import time
from pathlib import Path

import polars as pl
import pytest

from mintmark.ground import DAY_US, GroundError, digest_file, holds_pan
from mintmark.testing import Drift, WorldSettings, WorldSummary, write_world
from mintmark.testing.manual import MISTAKES

SMALL = WorldSettings(seed=3, payments=60_000, days=60, live=2_000)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> WorldSummary:
    return write_world(tmp_path_factory.mktemp("world"), SMALL)


def _payments(world: WorldSummary, part: str = "*") -> pl.DataFrame:
    return pl.read_parquet(world.folder / part / "payment" / "payments.parquet").sort("payment_id")


def _reports(world: WorldSummary, part: str = "*") -> pl.DataFrame:
    return pl.read_parquet(world.folder / part / "chargeback" / "chargebacks.parquet")


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): digest_file(p) for p in files}


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    """Two worlds of one setting are equal file by file, byte by byte; another seed is not."""
    settings = WorldSettings(seed=5, payments=20_000, days=20, live=500, bad_rows=10)
    write_world(tmp_path / "a", settings)
    write_world(tmp_path / "b", settings)
    write_world(tmp_path / "c", WorldSettings(seed=6, payments=20_000, days=20, live=500))
    first, again, other = (_digests(tmp_path / name) for name in "abc")
    assert first == again
    assert len(first) == 6
    assert first["live/payment/payments.parquet"] != other["live/payment/payments.parquet"]


def test_payments_are_counted_numbered_and_in_order(world: WorldSummary) -> None:
    """There are as many payments as asked, numbered from 1 in order of time, the last ones live."""
    payments = _payments(world)
    assert payments["payment_id"].to_list() == list(range(1, SMALL.payments + 1))
    assert payments["paid_at"].is_sorted()
    live = _payments(world, "live")
    assert live.height == SMALL.live == world.live_payments
    assert live["payment_id"][0] == SMALL.payments - SMALL.live + 1
    assert live["paid_at"].dt.epoch("us")[0] == world.live_from_at
    assert payments["paid_at"].dt.epoch("us")[-1] == world.last_at
    assert world.last_at - world.first_at < SMALL.days * DAY_US


def test_reports_are_cut_where_the_live_payments_begin(world: WorldSummary) -> None:
    """History holds no report from the first live payment on; live ends when half is mature."""
    early, late = (_reports(world, part)["reported_at"].dt.epoch("us") for part in _PARTS)
    assert early.max() < world.live_from_at <= late.min()
    assert late.max() <= world.mature_at
    middle = _payments(world, "live")["paid_at"].dt.epoch("us")[SMALL.live // 2 - 1]
    assert world.mature_at == middle + 30 * DAY_US


_PARTS = ("history", "live")


def test_labels_are_late_and_some_never_come(world: WorldSummary) -> None:
    """Of the reports 88 to 98 in 100 come within 30 days; some frauds are never reported."""
    cases = _reports(world).filter(pl.col("revision") == 1)
    late = cases.join(_payments(world), on="payment_id").select(
        days=(pl.col("reported_at") - pl.col("paid_at")).dt.total_seconds() / 86_400
    )["days"]
    assert late.min() > 0
    assert 0.88 < (late <= 30).mean() < 0.98
    assert late.quantile(0.5) > 4
    truth = pl.read_parquet(world.folder / "truth.parquet")
    old = truth.filter(pl.col("payment_id") < SMALL.payments // 3)
    assert 0.02 < old.join(cases, on="payment_id", how="anti").height / old.height < 0.2


def test_some_cases_are_taken_back(world: WorldSummary) -> None:
    """A case that is withdrawn comes again, later, as revision 2 with fraud false."""
    cases = _reports(world)
    assert cases.filter(pl.col("revision") == 1)["fraud"].all()
    back = cases.filter(pl.col("revision") == 2).join(
        cases.filter(pl.col("revision") == 1), on="case_id", suffix="_first"
    )
    assert back.height == world.reversed > 0
    assert not back["fraud"].any()
    assert (back["payment_id"] == back["payment_id_first"]).all()
    assert (back["reported_at"] > back["reported_at_first"]).all()


def test_frauds_are_rare_and_of_every_scheme(world: WorldSummary) -> None:
    """Between 5 and 15 payments in 1,000 are frauds, none was declined, every scheme is there."""
    truth = pl.read_parquet(world.folder / "truth.parquet")
    assert truth.height == world.frauds == sum(world.frauds_by_scheme.values())
    assert 0.005 < world.frauds / world.payments < 0.015
    assert min(world.frauds_by_scheme.values()) > 10
    payments = _payments(world)
    assert not payments.join(truth, on="payment_id")["declined"].any()
    declined = payments.filter("declined")
    assert declined.height == world.declined
    assert declined.join(_reports(world), on="payment_id").height == 0


def test_a_testing_burst_is_tiny_and_quick(world: WorldSummary) -> None:
    """Card testing is many amounts below ten euros, seconds or minutes apart on one card."""
    truth = pl.read_parquet(world.folder / "truth.parquet")
    tests = _payments(world).join(truth.filter(scheme="card_testing"), on="payment_id")
    tiny = tests.filter(pl.col("amount") < 10).sort("card", "paid_at")
    assert tiny.height > tests.height / 3
    gap = tiny.select(pl.col("paid_at").diff().over("card").dt.total_seconds())["paid_at"]
    assert gap.median() < 300


def test_values_are_those_that_the_page_names(world: WorldSummary) -> None:
    """Amounts are positive with two places, only places may be missing, no text is a number."""
    payments = _payments(world)
    assert payments["amount"].dtype == pl.Decimal(12, 2)
    assert payments["amount"].min() > 0
    missing = [name for name in payments.columns if payments[name].null_count()]
    assert missing == ["place"]
    assert payments.filter(pl.col("place").is_null())["channel"].is_in(["online", "phone"]).all()
    contactless = payments.filter(channel="contactless")
    assert contactless["amount"].max() <= 50
    for name in ("card", "terminal", "place"):
        assert not any(holds_pan(text) for text in payments[name].drop_nulls().unique())


def test_groups_differ_little(world: WorldSummary) -> None:
    """Each age band holds a fifth of the payments or more, and no band twice another's frauds."""
    truth = pl.read_parquet(world.folder / "truth.parquet")
    payments = _payments(world).join(truth, on="payment_id", how="left")
    groups = payments.group_by("segment").agg(
        share=pl.len() / payments.height, rate=pl.col("scheme").is_not_null().mean()
    )
    assert groups.height == 3
    assert groups["share"].min() > 0.2
    assert groups["rate"].max() < 2 * groups["rate"].min()


def test_drift_begins_on_its_day(tmp_path: Path, world: WorldSummary) -> None:
    """Before the day habits are as ever; after it amounts are dearer and more is bought online."""
    drift = Drift(day=48, amount_factor=1.5, online_share=0.3)
    settings = WorldSettings(seed=3, payments=60_000, days=60, live=2_000, drift=drift)
    other = write_world(tmp_path, settings)
    before, after = _payments(world), _payments(other)
    day = (pl.col("paid_at").dt.epoch("us") - world.first_at) // DAY_US
    assert before.filter(day >= 49)["amount"].mean() * 13 < (
        after.filter(day >= 49)["amount"].mean() * 10
    )
    web = [f.filter(day >= 49)["place"].is_null().mean() for f in (before, after)]
    assert web[1] - web[0] > 0.1
    old = [f.filter(day < 47)["amount"].mean() for f in (before, after)]
    assert old[0] == pytest.approx(old[1], rel=0.02)


def test_csv_holds_the_same_rows(tmp_path: Path) -> None:
    """The CSV form has the rows of the Parquet form, its times as ISO 8601 in UTC."""
    written = {}
    for form in ("parquet", "csv"):
        settings = WorldSettings(seed=9, payments=12_000, days=40, live=100, form=form)
        written[form] = write_world(tmp_path / form, settings).history
    kept = pl.read_parquet(written["parquet"] / "payment" / "payments.parquet")
    text = pl.read_csv(written["csv"] / "payment" / "payments.csv", infer_schema=False)
    assert text["paid_at"][0].endswith("Z")
    assert text.columns == kept.columns
    for name in ("payment_id", "card", "place", "amount", "channel"):
        assert text[name].to_list() == kept[name].cast(pl.String).to_list()
    reports = pl.read_csv(written["csv"] / "chargeback" / "chargebacks.csv")
    assert reports.height > 0
    assert reports["fraud"].dtype == pl.Boolean


def test_manual_entries_hold_every_mistake(tmp_path: Path) -> None:
    """As many bad rows are written as asked, under the same names, each mistake in its turn."""
    settings = WorldSettings(seed=9, payments=3_000, days=10, live=100, bad_rows=13)
    world = write_world(tmp_path, settings)
    folder = world.history / "payment"
    rows = pl.read_csv(folder / "manual_entries.csv", infer_schema=False)
    assert rows.height == world.bad_rows == 13
    assert rows.columns == pl.read_parquet(folder / "payments.parquet").columns
    for number, row in enumerate(rows.iter_rows(named=True)):
        column, wrong = MISTAKES[number % len(MISTAKES)]
        assert (row[column] or "") == wrong
    write_world(tmp_path, WorldSettings(seed=9, payments=3_000, days=10, live=100))
    assert not (folder / "manual_entries.csv").exists()


def test_a_world_that_cannot_be_is_refused() -> None:
    """More live payments than payments, or no day, is an error that names the settings."""
    for wrong in ({"live": 600_000}, {"days": 0}, {"payments": 3, "live": 1}):
        with pytest.raises(GroundError, match="no such world"):
            WorldSettings(**wrong)


def test_half_a_million_payments_a_second_on_two_cores(tmp_path: Path) -> None:
    """Drawing and writing 500,000 payments takes less than two core-seconds."""
    start = time.process_time()
    write_world(tmp_path, WorldSettings())
    assert time.process_time() - start < 2.0
