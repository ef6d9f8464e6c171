"""Splits: in time, with the label's delay between, and the book's folds as a special case."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mintmark as mm
from mintmark.ground import DAY_US, TrainError, parse_time
from mintmark.train import (
    Fold,
    Split,
    Window,
    fold_rows,
    known_compromised,
    prequential,
    split_in_time,
)

DAY = DAY_US


@given(
    start=st.integers(0, 50 * DAY),
    days=st.integers(1, 400),
    delay=st.integers(0, 60 * DAY),
    test=st.integers(1, 60),
    calibration=st.integers(0, 40),
)
def test_no_row_is_used_before_its_label_could_be_known(
    start: int, days: int, delay: int, test: int, calibration: int
) -> None:
    """Whatever the spans, every training label is mature at the cut-off, every test label at T."""
    history = Window(start, start + days * DAY)
    spare = f"{calibration}d" if calibration else None
    declared = mm.Split("card", test=f"{test}d", calibration=spare)
    try:
        split = split_in_time(history, declared, mature_after_us=delay, known_by_us=history.end_at)
    except TrainError:
        return  # too short a history for these spans, which is said
    last = split.calibration or split.train
    assert split.train.start_at < split.train.end_at
    assert split.train.end_at <= (split.calibration.start_at if split.calibration else last.end_at)
    assert last.end_at + delay <= split.test.start_at == split.cutoff_at
    assert split.test.start_at < split.test.end_at <= history.end_at - delay


def _split(declared: mm.Split, *, days: int, delay: int) -> Split:
    history = Window(0, days * DAY)
    return split_in_time(history, declared, mature_after_us=delay * DAY, known_by_us=days * DAY)


def test_a_history_is_divided_into_whole_days() -> None:
    """100 days, 10 of delay: 50 to train, 12 to calibrate, 10 of waiting, 18 to test."""
    split = _split(mm.Split("card", test="18d", calibration="12d"), days=100, delay=10)
    days = [
        (w.start_at / DAY, w.end_at / DAY) for w in (split.train, split.calibration, split.test)
    ]
    assert days == [(0, 50), (50, 62), (72, 90)]


def test_a_warm_up_and_a_span_bound_what_trains() -> None:
    """The first days, whose windows are not full, are left out; a span keeps the last days."""
    warm = _split(mm.Split("card", warmup="30d", calibration=None), days=100, delay=1)
    assert warm.train.start_at == 30 * DAY
    assert warm.calibration is None
    week = _split(mm.Split("card", train="7d", calibration=None), days=100, delay=1)
    assert week.train.end_at - week.train.start_at == 7 * DAY


def test_too_short_a_history_says_what_would_do() -> None:
    """The error names how long labels take."""
    with pytest.raises(TrainError) as caught:
        _split(mm.Split("card"), days=60, delay=30)
    assert caught.value.code == "train.split.too_short"
    assert "30d" in str(caught.value)


@pytest.mark.parametrize(
    ("train", "calibration", "test", "code"),
    [
        ((0, 10), None, (12, 14), "illegal"),  # labels of day 9 come on day 16
        ((0, 10), (9, 12), (30, 40), "illegal"),  # rows in two windows
        ((0, 10), (10, 24), (30, 40), "illegal"),  # calibration labels not mature
        ((5, 5), None, (30, 40), "empty"),
    ],
)
def test_an_illegal_split_is_refused(
    train: tuple[int, int], calibration: tuple[int, int] | None, test: tuple[int, int], code: str
) -> None:
    """A split made by hand answers to the same rule."""
    windows = [w and Window(w[0] * DAY, w[1] * DAY) for w in (train, calibration, test)]
    with pytest.raises(TrainError) as caught:
        Split(*windows).check(7 * DAY)
    assert caught.value.code == f"train.split.{code}"


def test_folds_go_back_in_time() -> None:
    """The published test folds, from the latest training week on back."""
    latest = Fold(parse_time("2018-08-15T00:00:00Z"))
    starts = [parse_time(f"2018-{day}T00:00:00Z") for day in ("08-15", "08-08", "08-01", "07-25")]
    assert [fold.train_start_at for fold in prequential(latest, folds=4)] == starts
    assert latest.test.start_at == parse_time("2018-08-29T00:00:00Z")


def _by_the_book(day: np.ndarray, card: np.ndarray, fraud: np.ndarray) -> np.ndarray:
    """The book's own loop over test days 14..20, for a fold that starts on day 0."""
    known = set(card[(day >= 0) & (day < 7) & fraud].tolist())
    removed = np.zeros(len(day), dtype=bool)
    for number in range(7):
        known |= set(card[(day == 7 + number - 1) & fraud].tolist())
        today = day == 14 + number
        removed |= today & np.isin(card, list(known))
    return removed


@given(
    st.lists(
        st.tuples(st.integers(-5, 20), st.integers(0, 4), st.booleans(), st.integers(0, DAY - 1)),
        min_size=1,
        max_size=60,
    )
)
def test_known_cards_are_those_of_the_books_loop(
    drawn: list[tuple[int, int, bool, int]],
) -> None:
    """The closed form removes exactly the rows that the book's loop removes."""
    day, card, fraud, within = (np.array(column) for column in zip(*drawn, strict=True))
    origin = 100 * DAY
    at = origin + day * DAY + within
    fold = Fold(origin)
    known = known_compromised(card, at=at, labels=fraud, fold=fold)
    tested = fold.test.holds(at)
    assert (known & tested).tolist() == _by_the_book(day, card, fraud).tolist()


def test_the_books_test_week(shared_data) -> None:
    """67,240 training rows with 598 frauds; 58,264 test rows with 385, known cards removed."""
    table = pl.read_parquet(shared_data / "handbook" / "transactions_2018-04-01_2018-08-14.parquet")
    at = table["TX_DATETIME"].cast(pl.Int64).to_numpy()
    fraud = table["TX_FRAUD"].to_numpy() == 1
    fold = Fold(parse_time("2018-07-25T00:00:00Z"))
    train, test = fold_rows(fold, cards=table["CUSTOMER_ID"].to_numpy(), at=at, labels=fraud)
    assert (len(train), fraud[train].sum()) == (67_240, 598)
    assert (len(test), fraud[test].sum()) == (58_264, 385)
