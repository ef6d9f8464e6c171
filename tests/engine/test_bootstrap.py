"""Bootstrap intervals: drawn by cluster, repeatable, paired, and fast enough to gate on."""

import math
import time

import numpy as np
import pytest

from mintmark.engine.bootstrap import Resampling, interval
from mintmark.engine.metrics import Ranking
from mintmark.ground import EngineError


def _scored(rows: int, cards: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.Generator(np.random.Philox(7))
    labels = rng.random(rows) < 0.008
    return rng.integers(0, cards, rows), labels, rng.normal(size=rows) + 2 * labels


def test_rows_of_one_card_are_drawn_together() -> None:
    """Every draw gives all rows of a card one weight, and draws as many cards as there are."""
    cards = np.array([5, 5, 9, 9, 9, 2])
    for weights in Resampling.of(cards, seed=3, rounds=20).weights():
        assert weights[0] == weights[1]
        assert weights[2] == weights[3] == weights[4]
        assert weights[0] + weights[2] + weights[5] == 3


def test_the_same_seed_gives_the_same_interval() -> None:
    """An interval is a function of rows, seed and rounds."""
    cards, labels, scores = _scored(2_000, 300)
    ranking = Ranking.of(scores, labels=labels)
    first, again, other = (
        Resampling.of(cards, seed=seed, rounds=50).run({"auc": ranking.auc_roc}).figure("auc")
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first.low < first.value < first.high
    assert (first.low, first.high) != (other.low, other.high)


def test_clustered_rows_widen_the_interval() -> None:
    """Ten copies of a row say no more than one: by card the interval stays, by row it shrinks."""
    _, labels, scores = _scored(600, 600)
    ranking = Ranking.of(np.repeat(scores, 10), labels=np.repeat(labels, 10))
    widths = []
    for clusters in (np.repeat(np.arange(600), 10), np.arange(6_000)):
        figure = Resampling.of(clusters, seed=1).run({"auc": ranking.auc_roc}).figure("auc")
        widths.append(figure.high - figure.low)
    assert widths[0] > 2 * widths[1]


def test_a_paired_difference_is_narrower_than_its_parts() -> None:
    """A model against its near twin: the shared luck of a draw cancels."""
    cards, labels, scores = _scored(4_000, 500)
    model = Ranking.of(scores + 0.02 * labels, labels=labels)
    floor = Ranking.of(scores, labels=labels)
    result = Resampling.of(cards, seed=1).run({"model": model.auc_roc, "floor": floor.auc_roc})
    gap = result.difference("model", against="floor")
    alone = result.figure("model")
    assert gap.value == pytest.approx(result.values["model"] - result.values["floor"])
    assert 0 < gap.high - gap.low < (alone.high - alone.low) / 5
    assert gap.low > 0


def test_an_undefined_figure_has_no_bounds() -> None:
    """One fraud card is missing from a third of the draws, so no interval is claimed."""
    ranking = Ranking.of([3.0, 2.0, 1.0], labels=[True, False, False])
    figure = Resampling.of([1, 2, 3], seed=1).run({"auc": ranking.auc_roc}).figure("auc")
    assert figure.value == 1.0
    assert math.isnan(figure.low)
    assert figure.form() == {"value": 1.0, "low": None, "high": None, "n": 3}


def test_a_few_undefined_draws_are_left_out() -> None:
    """Up to one draw in twenty may have no value."""
    draws = np.array([math.nan] + [float(i) for i in range(99)])
    assert interval(50.0, draws=draws, n=9).high == pytest.approx(95.55)


def test_nothing_to_draw_from_is_an_error() -> None:
    """No rows, no interval."""
    with pytest.raises(EngineError) as caught:
        Resampling.of([], seed=1)
    assert caught.value.code == "engine.bootstrap.empty"


def test_two_hundred_draws_of_sixty_thousand_rows_take_under_two_seconds() -> None:
    """ROC area and average precision sort once, so a gate's interval is cheap."""
    cards, labels, scores = _scored(60_000, 5_000)
    ranking = Ranking.of(scores, labels=labels)
    start = time.process_time()
    Resampling.of(cards, seed=1, rounds=200).run(
        {"auc": ranking.auc_roc, "precision": ranking.average_precision}
    )
    assert time.process_time() - start < 2.0
