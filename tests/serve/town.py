"""A small town that pays: a history in a log, a model released from it, and days still to come.

Everything is real and small: definitions, an ingested log, a plan, a LightGBM model with its
calibration, a signed release, and a log that was cut before the last days, to serve them.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import polars as pl
import pyarrow as pa

import mintmark.define as mm
from mintmark.define import Event
from mintmark.engine import replay
from mintmark.engine.calibration import Calibration
from mintmark.ground import DAY_US, canonical, generator, load_token_key
from mintmark.log import Log
from mintmark.plan import Plan, compile_plan
from mintmark.registry.release import Release
from mintmark.serve import Selection, Source, script_of_past
from registry.worked import judged, open_registry, seal, signing_key

START_US = 1_700_000_000_000_000
HISTORY_DAYS, LIVE_DAYS = 40, 4
PAYMENTS_PER_DAY = 60
CUT_US = START_US + HISTORY_DAYS * DAY_US

card, terminal = mm.Entity("card"), mm.Entity("terminal")
payment = mm.Event(
    "payment",
    id="payment_id",
    at="paid_at",
    keys={"card": card, "terminal": mm.Optional(terminal)},
    fields={"amount": mm.Money("EUR"), "country": mm.Category(["BE", "FR"])},
    lateness="1d",
    skew="5m",
)
chargeback = mm.Event(
    "chargeback",
    id="case_id",
    id_type="integer",
    at="reported_at",
    refers_to=payment,
    fields={"fraud": mm.Flag()},
)
fraud = mm.Label(chargeback["fraud"], of=payment, mature_after="3d", otherwise=False)
amount = payment["amount"]
features = mm.Features(
    payment,
    amount=amount,
    abroad=payment["country"] != "BE",
    card_payments_1d=mm.count().by("card").over("1d"),
    card_mean_7d=amount.mean().by("card").over("7d"),
    amount_vs_usual=amount / mm.ref("card_mean_7d"),
    card_since_last=payment.at.since_last().by("card"),
    terminal_cards_7d=payment["card"].distinct().by("terminal").over("7d"),
    terminal_frauds_20d=payment.outcome(fraud, settles_after="2d")
    .mean()
    .by("terminal")
    .over("20d"),
)
model = mm.Model("town", features=features, label=fraud, learner=mm.LightGBM(), floor=mm.Logistic())
policy = mm.Policy(
    model,
    approve=mm.Cost(if_fraud=amount + 20, if_genuine=0),
    review=mm.Cost(if_fraud=0.1 * amount + 4, if_genuine=4),
    decline=mm.Cost(if_fraud=0, if_genuine=0.15 * amount + 10),
)


@dataclass(frozen=True)
class Town:
    """Where everything lies, and what it is."""

    folder: Path
    history: Log
    release: Release
    plan: Plan
    public: bytes
    token_key: bytes

    @property
    def events(self) -> dict[str, Event]:
        """The town's events by name."""
        return {"payment": payment, "chargeback": chargeback}

    def served_log(self, folder: Path) -> Path:
        """A fresh copy of the log that ends before the last days."""
        shutil.copytree(self.folder / "cut", folder)
        return folder

    def source(self, log: Path) -> Source:
        """What a server of this log loads."""
        return Source(
            log=log,
            release=self.release.folder,
            public=self.public,
            token_key=self.token_key,
            clock="sender",
        )

    def tables(self) -> dict[str, pa.Table]:
        """The whole history, last days included."""
        return {name: self.history.read(name) for name in self.events}

    def script(self, path: Path, payments: int = 10_000) -> Path:
        """The last days as a script."""
        cut = Log.open(self.folder / "cut", self.events.values())
        chosen = Selection("payment", cut.position().seq, payments, 3 * DAY_US)
        script_of_past(path, self.tables(), self.events, chosen)
        return path


def build(folder: Path) -> Town:
    """Build the town in an empty folder."""
    payments, chargebacks = _drawn()
    payments.write_parquet(folder / "payment.parquet")
    chargebacks.write_parquet(folder / "chargeback.parquet")
    log = Log.create(folder / "log", [payment, chargeback])
    log.ingest({name: folder / f"{name}.parquet" for name in ("payment", "chargeback")})
    log.cut(folder / "cut", known_before_us=CUT_US)
    plan = compile_plan(features, label=fraud)
    tables = {name: log.read(name) for name in ("payment", "chargeback")}
    release = _released(folder, plan, _trained(plan, tables))
    key = signing_key(folder)
    return Town(folder, log, release, plan, key.public, load_token_key(folder / "keys"))


def _drawn() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Payments of thirty cards; some terminals go bad, and some of that is reported."""
    draw = generator(7, "town")
    count = (HISTORY_DAYS + LIVE_DAYS) * PAYMENTS_PER_DAY
    at = np.sort(draw.integers(0, (HISTORY_DAYS + LIVE_DAYS) * DAY_US, count)) + START_US
    at[1::50] = at[::50]  # some share their µs
    terminal_of = draw.integers(0, 12, count)
    bad = (terminal_of < 2) & (draw.random(count) < 0.4)
    cents = (draw.gamma(2.0, 1_500, count) * np.where(bad, 3, 1)).astype(np.int64) + 100
    payments = pl.DataFrame(
        {
            "payment_id": [f"pay-{number}" for number in range(count)],
            "paid_at": pl.Series(at).cast(pl.Datetime("us", "UTC")),
            "card": [f"card-{number}" for number in draw.integers(0, 30, count)],
            "terminal": [None if number == 11 else f"terminal-{number}" for number in terminal_of],
            "amount": [f"{number // 100}.{number % 100:02d}" for number in cents],
            "country": np.where(draw.random(count) < 0.9, "BE", "FR"),
        }
    )
    reported = np.flatnonzero(bad & (draw.random(count) < 0.9))
    delay = draw.integers(DAY_US // 4, 4 * DAY_US, len(reported))
    chargebacks = pl.DataFrame(
        {
            "case_id": np.arange(len(reported)),
            "reported_at": pl.Series(at[reported] + delay).cast(pl.Datetime("us", "UTC")),
            "payment_id": [f"pay-{number}" for number in reported],
            "fraud": np.ones(len(reported), bool),
        }
    ).sort("reported_at")
    return payments, chargebacks


def _trained(plan: Plan, tables: dict[str, pa.Table]) -> dict[str, bytes]:
    """Fit twenty small trees; return the files of a bundle."""
    rows = replay(plan, tables)
    reported = set(tables["chargeback"]["payment_id"].to_pylist())
    truth = np.array([id in reported for id in tables["payment"]["payment_id"].to_pylist()])
    booster = lightgbm.train(
        {"objective": "binary", "num_leaves": 7, "verbosity": -1, "num_threads": 1, "seed": 1},
        lightgbm.Dataset(rows.features, truth.astype(float), feature_name=list(rows.names)),
        num_boost_round=20,
    )
    return {
        "model.txt": booster.model_to_string().encode(),
        "calibration.json": canonical(Calibration.platt(a=1.0, b=0.0).form()),
        "plan.json": canonical(plan.form()),
        "policy.json": canonical(policy.form()),
        "bundle.json": canonical({"inputs": list(rows.names)}),
    }


def _released(folder: Path, plan: Plan, files: dict[str, bytes]) -> Release:
    """Record what leads to a verdict, and release the bundle."""
    bundle = folder / "bundle"
    bundle.mkdir()
    for name, content in files.items():
        (bundle / name).write_bytes(content)
    registry = open_registry(folder)
    verdict = judged(registry.ledger, bundle)
    return registry.release(bundle, verdict=verdict.hash, seal=seal(folder))
