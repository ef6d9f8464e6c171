"""A small history of payments and chargebacks, seeded, for the tests of this room."""

import numpy as np
import pyarrow as pa

from mintmark.ground import DAY_US, HOUR_US, generator
from mintmark.train import History, Rows

NAMES = ("amount", "payments_1d", "night", "risk")
LABEL = {
    "id": "payment_id",
    "refers": "payment_id",
    "field": "fraud",
    "mature_after_us": 7 * DAY_US,
    "otherwise": False,
}


def rows_of(count: int, *, seed: int = 1) -> Rows:
    """Rows whose fraud depends on two of four features, with nulls."""
    draw = generator(seed, "rows")
    features = draw.normal(size=(count, len(NAMES)))
    chance = 1 / (1 + np.exp(-(2 * features[:, 0] + features[:, 3] - 4)))
    features[draw.random(features.shape) < 0.05] = np.nan
    return Rows(features, draw.random(count) < chance, NAMES)


def history_of(days: int = 60, *, per_day: int = 40, seed: int = 1) -> History:
    """Payments every day, the frauds among them reported two to six days later."""
    count = days * per_day
    made = rows_of(count, seed=seed)
    at = np.sort(generator(seed, "at").integers(0, days * DAY_US, count))
    payments = pa.table({
        "mm_seq": np.arange(count) * 2, "mm_at": at, "mm_known_at": at,
        "mm_revision": np.zeros(count, dtype=np.int64), "payment_id": np.arange(count) + 100,
        "card": generator(seed, "card").integers(0, 50, count),
    })  # fmt: skip
    fraud = np.flatnonzero(made.labels)
    told_at = at[fraud] + 2 * DAY_US + (fraud % 97) * HOUR_US
    order = np.argsort(told_at, kind="stable")
    chargebacks = pa.table({
        "mm_seq": order * 2 + 1, "mm_at": told_at[order], "mm_known_at": told_at[order],
        "mm_revision": np.zeros(len(order), dtype=np.int64),
        "case_id": np.arange(len(order)), "payment_id": fraud[order] + 100,
        "fraud": np.ones(len(order), dtype=bool),
    })  # fmt: skip
    return History(payments, chargebacks, made.features, NAMES, LABEL, "log-1", "sha256:plan")
