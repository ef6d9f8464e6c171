"""The public Handbook set: our split, floor and metrics against the book's printed figures."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mintmark.engine.metrics import auc_roc, average_precision, card_precision
from mintmark.ground import DAY_US, parse_time
from mintmark.train import Fold, Rows, fit, fold_rows

WINDOWS = [f"{n}DAY_WINDOW" for n in (1, 7, 30)]
INPUTS = (
    ["TX_AMOUNT", "TX_DURING_WEEKEND", "TX_DURING_NIGHT"]
    + [f"CUSTOMER_ID_{kind}_{w}" for w in WINDOWS for kind in ("NB_TX", "AVG_AMOUNT")]
    + [f"TERMINAL_ID_{kind}_{w}" for w in WINDOWS for kind in ("NB_TX", "RISK")]
)


@pytest.fixture(scope="module")
def book() -> dict[str, np.ndarray]:
    """The authors' own features with time, card and label of each payment."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data" / "handbook"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    authors = pl.read_parquet(folder / "features_authors_2018-06-20_2018-08-14.parquet")
    raw = pl.read_parquet(folder / "transactions_2018-04-01_2018-08-14.parquet")
    table = raw.join(authors, on="TRANSACTION_ID").sort("TRANSACTION_ID")
    return {
        "features": np.ascontiguousarray(table.select(INPUTS).cast(pl.Float64).to_numpy()),
        "labels": table["TX_FRAUD"].to_numpy() == 1,
        "cards": table["CUSTOMER_ID"].to_numpy(),
        "at": table["TX_DATETIME"].cast(pl.Int64).to_numpy(),
    }


def _figures(book: dict[str, np.ndarray], kind: str, parameters: dict) -> list[float]:
    """ROC area, average precision and card precision of the book's test week."""
    fold = Fold(parse_time("2018-07-25T00:00:00Z"))
    of = {name: book[name] for name in ("cards", "at", "labels")}
    train, test = fold_rows(fold, **of)
    rows = Rows(book["features"][train], book["labels"][train], tuple(INPUTS))
    fitted = fit(kind, parameters, train=rows, calibration=None, seed=0)
    scores, labels = fitted.margins(book["features"][test]), book["labels"][test]
    return [
        auc_roc(scores, labels=labels),
        average_precision(scores, labels=labels),
        card_precision(
            scores, labels=labels, cards=book["cards"][test], days=book["at"][test] // DAY_US
        ),
    ]


def test_the_floor_lands_on_chapter_three(book: dict[str, np.ndarray]) -> None:
    """Logistic regression: .871, .606 and .291, within 0.002."""
    assert _figures(book, "logistic", {}) == pytest.approx([0.871, 0.606, 0.291], abs=0.002)


def test_boosting_at_its_defaults_is_near_the_best_printed(book: dict[str, np.ndarray]) -> None:
    """Untuned, LightGBM stays within 0.02 of the best of chapter 3 on each figure."""
    found = _figures(book, "lightgbm", {})
    assert all(
        figure > best - 0.02 for figure, best in zip(found, (0.871, 0.658, 0.291), strict=True)
    )
