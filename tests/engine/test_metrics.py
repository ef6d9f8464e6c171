"""Metrics against their definitions, against scikit-learn, and against published vectors."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from mintmark.engine.metrics import (
    CardDays,
    GroupRates,
    Ranking,
    Reliability,
    auc_roc,
    average_precision,
    calibration_error,
    card_precision,
    fpr_ratio,
    money_saved,
    percentile,
    realised_cost,
    recall_at_budget,
)
from mintmark.ground import EngineError

WINDOWS = [f"{n}DAY_WINDOW" for n in (1, 7, 30)]
INPUTS = (
    ["TX_AMOUNT", "TX_DURING_WEEKEND", "TX_DURING_NIGHT"]
    + [f"CUSTOMER_ID_{kind}_{w}" for w in WINDOWS for kind in ("NB_TX", "AVG_AMOUNT")]
    + [f"TERMINAL_ID_{kind}_{w}" for w in WINDOWS for kind in ("NB_TX", "RISK")]
)

rows = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3)), min_size=2, max_size=40
)


@given(rows)
def test_areas_equal_those_of_scikit_learn(drawn: list[tuple[int, bool, int]]) -> None:
    """ROC area and average precision equal scikit-learn's, ties and row weights included."""
    score, label, weight = (np.array(column) for column in zip(*drawn, strict=True))
    weight = weight.astype(float)
    ranking = Ranking.of(score, labels=label)
    if label.all() or not label.any():
        assert np.isnan(ranking.auc_roc())
        return
    assert ranking.auc_roc() == pytest.approx(roc_auc_score(label, score))
    assert ranking.average_precision() == pytest.approx(average_precision_score(label, score))
    if weight[label].sum() > 0 and weight[~label].sum() > 0:
        wanted = roc_auc_score(label, score, sample_weight=weight)
        assert ranking.auc_roc(weight) == pytest.approx(wanted)
        wanted = average_precision_score(label, score, sample_weight=weight)
        assert ranking.average_precision(weight) == pytest.approx(wanted)


@given(rows, st.randoms(use_true_random=False))
def test_no_metric_depends_on_the_order_of_rows(drawn: list[tuple[int, bool, int]], chance) -> None:
    """Rows in another order give the same figures, whatever the ties."""
    shuffled = list(drawn)
    chance.shuffle(shuffled)
    figures = []
    for table in (drawn, shuffled):
        score, label, key = (np.array(column) for column in zip(*table, strict=True))
        figures.append([
            auc_roc(score, labels=label),
            average_precision(score, labels=label),
            card_precision(score, labels=label, cards=key, days=key % 2, k=2),
            recall_at_budget(score, labels=label, days=key % 2, alerts_per_day=2),
            calibration_error(score / 5, labels=label, bins=3),
        ])  # fmt: skip
    assert figures[0] == pytest.approx(figures[1], nan_ok=True)


@given(rows)
def test_a_weight_of_two_is_the_row_twice(drawn: list[tuple[int, bool, int]]) -> None:
    """Weights say what repeating the rows would say, for every weighted figure."""
    score, label, times = (np.array(column) for column in zip(*drawn, strict=True))
    again = np.repeat(np.arange(len(score)), times)
    if not len(again):
        return
    weights = times.astype(float)
    ranking, repeated = (
        Ranking.of(score, labels=label),
        Ranking.of(score[again], labels=label[again]),
    )
    assert ranking.auc_roc(weights) == pytest.approx(repeated.auc_roc(), nan_ok=True)
    assert ranking.average_precision(weights) == pytest.approx(
        repeated.average_precision(), nan_ok=True
    )
    groups = GroupRates.of(score > 2, labels=label, groups=score % 2)
    ratio = GroupRates.of(score[again] > 2, labels=label[again], groups=score[again] % 2).ratio()
    if len(np.unique(score[again] % 2)) == 2:
        assert groups.ratio(weights) == pytest.approx(ratio, nan_ok=True)
    assert percentile(score, weights=weights) == percentile(score[again])
    one = np.ones(len(score))
    assert money_saved(score, approving=one, weights=weights) == pytest.approx(
        money_saved(score[again], approving=one[again])
    )


def test_card_precision_takes_each_cards_best_score_and_removes_the_found() -> None:
    """A card counts once a day by its highest score, and once found it leaves later days."""
    #            day 0: card 1 found     | day 1: card 1 gone, card 2 is next
    scores = [0.9, 0.1, 0.5, 0.95, 0.8, 0.2]
    labels = [False, True, False, True, True, False]
    cards, days = [1, 1, 2, 1, 2, 3], [0, 0, 0, 1, 1, 1]
    reduced = CardDays.of(scores, labels=labels, cards=cards, days=days)
    precision, compromised = reduced.by_day(k=1)
    assert precision.tolist() == [1.0, 1.0]
    assert compromised.tolist() == [1.0, 1.0]
    kept, there = reduced.by_day(k=1, remove_detected=False)
    assert kept.tolist() == [1.0, 1.0]
    assert there.tolist() == [1.0, 2.0]


def test_card_precision_divides_by_the_budget_even_when_fewer_cards_exist() -> None:
    """Two cards against a budget of 100: the divisor stays 100."""
    assert card_precision([1, 2], labels=[1, 0], cards=[1, 2], days=[0, 0]) == 0.01


def _book_order(values: list[float]) -> list[int]:
    """Order of equal values that the book's sort (numpy's scalar introsort) leaves behind."""
    order, waiting, low, high = list(range(len(values))), [], 0, len(values) - 1
    while True:
        while high - low > 16:
            middle = low + ((high - low) >> 1)
            for a, b in ((middle, low), (high, middle), (middle, low)):
                if values[order[a]] < values[order[b]]:
                    order[a], order[b] = order[b], order[a]
            pivot, left, right = values[order[middle]], low, high - 1
            order[middle], order[right] = order[right], order[middle]
            while True:
                left += 1
                while values[order[left]] < pivot:
                    left += 1
                right -= 1
                while pivot < values[order[right]]:
                    right -= 1
                if left >= right:
                    break
                order[left], order[right] = order[right], order[left]
            order[left], order[high - 1] = order[high - 1], order[left]
            parts = ((left + 1, high), (low, left - 1))
            larger, (low, high) = parts if left - low < high - left else parts[::-1]
            waiting.append(larger)
        order[low : high + 1] = sorted(order[low : high + 1], key=lambda i: values[i])
        if not waiting:
            return order
        low, high = waiting.pop()


def _untie(cards: np.ndarray, scores: np.ndarray, found: set[int]) -> dict[int, int]:
    """Rank of each card not yet found, riskiest first, equal scores in the book's order."""
    best: dict[int, float] = {}
    for card, score in zip(cards.tolist(), scores.tolist(), strict=True):
        if card not in found:
            best[card] = max(score, best.get(card, 0.0))
    keys = sorted(best)
    order = _book_order([best[key] for key in keys][::-1])
    return {keys[len(keys) - 1 - at]: rank for rank, at in enumerate(reversed(order))}


@pytest.fixture(scope="module")
def depth_two_tree() -> pl.DataFrame:
    """The book's assessed rows with the score of a tree of depth 2, known cards removed."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data" / "handbook"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    authors = pl.read_parquet(folder / "features_authors_2018-06-20_2018-08-14.parquet")
    raw = pl.read_parquet(folder / "transactions_2018-04-01_2018-08-14.parquet")
    table = raw.join(authors, on="TRANSACTION_ID").sort("TRANSACTION_ID")
    table = table.with_columns(day=pl.col("TX_TIME_DAYS").cast(pl.Int64) - 115)  # 0: 2018-07-25
    train = table.filter(pl.col("day").is_between(0, 6))
    assessed = table.filter(pl.col("day") >= 14)
    known_at = table.filter((pl.col("TX_FRAUD") == 1) & (pl.col("day") >= 0))
    first = known_at.group_by("CUSTOMER_ID").agg(pl.col("day").min().alias("fraud_day"))
    assessed = assessed.join(first, on="CUSTOMER_ID", how="left").filter(
        pl.col("fraud_day").is_null() | (pl.col("fraud_day") + 8 > pl.col("day"))
        & (pl.col("fraud_day") > 6)
    )  # fmt: skip
    scaler = StandardScaler().fit(train.select(INPUTS).to_numpy())
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    tree.fit(scaler.transform(train.select(INPUTS).to_numpy()), train["TX_FRAUD"].to_numpy())
    score = tree.predict_proba(scaler.transform(assessed.select(INPUTS).to_numpy()))[:, 1]
    return assessed.with_columns(score=pl.Series(score))


def test_the_books_rows_and_areas(depth_two_tree: pl.DataFrame) -> None:
    """58,264 rows, 385 frauds, and the areas that chapter 3 prints for the depth-2 tree."""
    assert (depth_two_tree.height, depth_two_tree["TX_FRAUD"].sum()) == (58_264, 385)
    labels = depth_two_tree["TX_FRAUD"]
    assert auc_roc(depth_two_tree["score"], labels=labels) == pytest.approx(0.763, abs=5e-4)
    assert average_precision(depth_two_tree["score"], labels=labels) == pytest.approx(
        0.496, abs=5e-4
    )


@pytest.mark.parametrize(
    ("remove", "precision", "compromised"),
    [
        (False, [0.24, 0.35, 0.26, 0.32, 0.30, 0.34, 0.19], [50, 54, 51, 54, 55, 54, 38]),
        (True, [0.24, 0.32, 0.27, 0.25, 0.23, 0.26, 0.12], [50, 50, 49, 47, 46, 44, 31]),
    ],
)
def test_card_precision_gives_the_books_vectors(
    depth_two_tree: pl.DataFrame, remove: bool, precision: list[float], compromised: list[int]
) -> None:
    """Chapter 4's figures day by day, exactly, once equal scores stand in the book's order."""
    columns = [depth_two_tree[name].to_numpy() for name in ("day", "CUSTOMER_ID", "score")]
    day, card, score = columns
    fraud = depth_two_tree["TX_FRAUD"].to_numpy() == 1
    ranked, found = np.full(len(day), -1e9), set[int]()
    for date in np.unique(day):
        today = day == date
        ranks = _untie(card[today], score[today], found if remove else set())
        ranked[today] = [-ranks.get(key, 10**6) for key in card[today].tolist()]
        caught = set(card[today & fraud].tolist())
        found |= {key for key in caught if ranks.get(key, 10**6) < 100}
    reduced = CardDays.of(ranked, labels=fraud, cards=card, days=day)
    by_day = reduced.by_day(remove_detected=remove)
    assert by_day[0].tolist() == pytest.approx(precision)
    assert by_day[1].tolist() == compromised


def test_card_precision_of_the_raw_scores_is_the_books_mean(depth_two_tree: pl.DataFrame) -> None:
    """With our own order of ties the means stay within 0.002 of .2857 and .2414."""
    reduced = CardDays.of(
        depth_two_tree["score"],
        labels=depth_two_tree["TX_FRAUD"] == 1,
        cards=depth_two_tree["CUSTOMER_ID"],
        days=depth_two_tree["day"],
    )
    assert reduced.precision() == pytest.approx(0.2414, abs=2e-3)
    assert reduced.precision(remove_detected=False) == pytest.approx(0.2857, abs=2e-3)


def test_recall_at_a_budget_shares_the_last_places_of_a_tie() -> None:
    """Two alerts left for four equal scores catch half of the frauds among them."""
    scores, labels = [9, 5, 5, 5, 5], [1, 1, 0, 1, 0]
    assert recall_at_budget(scores, labels=labels, days=[0] * 5, alerts_per_day=3) == pytest.approx(
        (1 + 2 * 0.5) / 3
    )


def test_recall_at_a_budget_does_not_carry_places_over_to_another_day() -> None:
    """A quiet day's unused alerts are lost."""
    scores, labels, days = [1.0, 0.9, 0.8], [0, 1, 1], [0, 1, 1]
    assert recall_at_budget(scores, labels=labels, days=days, alerts_per_day=1) == 0.5


def test_calibration_error_keeps_equal_probabilities_in_one_bin() -> None:
    """A constant, right on average, has no error however many bins are asked for."""
    labels = [1] + [0] * 9
    assert calibration_error([0.1] * 10, labels=labels, bins=5) == pytest.approx(0.0)
    table = Reliability.of([0.1] * 10, labels=labels, bins=5).table()
    assert table["n"] == [10.0]


def test_calibration_error_of_separate_bins() -> None:
    """The error is the mean distance of prediction and outcome, weighed by bin."""
    chance = [0.1, 0.1, 0.6, 0.6]
    assert calibration_error(chance, labels=[0, 0, 1, 0], bins=2) == pytest.approx(0.1)


def test_money_saved_by_realised_costs() -> None:
    """Declining a fraud of 100 saves it; declining a genuine payment costs what is declared."""
    costs = {"approve": ((0.0, 1.0), (0.0, 0.0)), "decline": ((0.0, 0.0), (5.0, 0.02))}
    labels, amounts = [True, False, True], [100.0, 50.0, 30.0]
    chosen = realised_cost(
        ["decline", "decline", "approve"], labels=labels, amounts=amounts, costs=costs
    )
    approving = realised_cost(["approve"] * 3, labels=labels, amounts=amounts, costs=costs)
    assert chosen.tolist() == [0.0, 6.0, 30.0]
    assert money_saved(chosen, approving=approving) == 94.0


def test_an_action_without_a_cost_is_an_error() -> None:
    """Money saved is never guessed for an action that the policy does not price."""
    with pytest.raises(EngineError) as caught:
        realised_cost(["refer"], labels=[True], amounts=[1.0], costs={"approve": ((0, 1), (0, 0))})
    assert caught.value.code == "engine.metrics.unknown_action"


def test_false_positive_ratio_counts_genuine_payments_only() -> None:
    """Frauds do not enter a rate, and each group says how many rows and frauds it has."""
    groups = GroupRates.of(
        [1, 0, 1, 1, 1], labels=[0, 0, 0, 1, 0], groups=["a", "a", "b", "b", "b"]
    )
    assert groups.ratio() == 0.5
    assert groups.table() == {
        "a": {"value": 0.5, "n": 2, "n_positive": 0},
        "b": {"value": 1.0, "n": 3, "n_positive": 1},
    }


@pytest.mark.parametrize(
    ("groups", "labels"),
    [(["a", "a"], [0, 0]), (["a", "b"], [0, 1])],
    ids=["one group", "a group with no genuine payment"],
)
def test_a_ratio_that_does_not_exist_is_nan(groups: list[str], labels: list[int]) -> None:
    """No second group, or nothing genuine in one, is no ratio rather than a good one."""
    assert np.isnan(fpr_ratio([1, 0], labels=labels, groups=groups))


def test_percentile_is_nearest_rank() -> None:
    """The 99th percentile of 1..100 is 99 and of one value is that value."""
    assert percentile(np.arange(1.0, 101.0)) == 99.0
    assert percentile([7.0]) == 7.0
    assert np.isnan(percentile([]))


def test_figures_without_a_case_are_nan() -> None:
    """No rows, or no fraud, is NaN and never zero."""
    assert np.isnan(auc_roc([], labels=[]))
    assert np.isnan(average_precision([0.1], labels=[False]))
    assert np.isnan(card_precision([], labels=[], cards=[], days=[]))
    assert np.isnan(recall_at_budget([], labels=[], days=[]))
    assert np.isnan(calibration_error([], labels=[]))
    assert np.isnan(money_saved([], approving=[]))


@pytest.mark.parametrize(
    ("scores", "labels", "code"),
    [
        ([0.1, np.nan], [0, 1], "engine.metrics.not_finite"),
        ([0.1, 0.2, 0.3], [0, 1], "engine.metrics.length"),
    ],
)
def test_unusable_columns_are_refused(scores: list[float], labels: list[int], code: str) -> None:
    """A NaN score or columns of different length are an error, not a figure."""
    with pytest.raises(EngineError) as caught:
        auc_roc(scores, labels=labels)
    assert caught.value.code == code


def test_the_precision_recall_curve_ends_at_full_recall() -> None:
    """Recall rises to one along the curve, whose thresholds fall."""
    rng = np.random.Generator(np.random.Philox(1))
    labels = rng.random(1000) < 0.1
    curve = Ranking.of(rng.random(1000) + labels, labels=labels).curve(points=50)
    assert len(curve["recall"]) <= 50
    assert curve["recall"][-1] == 1.0
    assert all(a < b for a, b in pairwise(curve["recall"]))
    assert all(a > b for a, b in pairwise(curve["score"]))
