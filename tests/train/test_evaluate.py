"""Evaluation: the format that gates read, paired differences, null where there is no figure."""

import numpy as np
import pytest

from mintmark.engine.metrics import auc_roc, average_precision
from mintmark.engine.policy import PolicyTable
from mintmark.ground import DAY_US, TrainError, canonical, generator
from mintmark.train import Candidate, Protocol, evaluate
from mintmark.train import Tested as Holdout  # under a name that pytest does not collect


def _cost(fixed: float, rate: float) -> dict[str, object]:
    return {"fixed": fixed, "rate": rate, "field": "amount" if rate else None}


POLICY = PolicyTable.from_form({
    "approve": {"if_fraud": _cost(0.0, 1.0), "if_genuine": _cost(0.0, 0.0)},
    "review": {"if_fraud": _cost(4.0, 0.0), "if_genuine": _cost(4.0, 0.0)},
    "decline": {"if_fraud": _cost(0.0, 0.0), "if_genuine": _cost(10.0, 0.1)},
})  # fmt: skip
PROTOCOL = Protocol(POLICY, alerts_per_day=20, seed=1, rounds=60)
METRICS = {
    "auc_roc", "average_precision", "card_precision_100", "recall_at_budget",
    "calibration_error", "money_saved",
}  # fmt: skip


def _tested(count: int = 4_000, *, groups: bool = False) -> tuple[Holdout, np.ndarray]:
    draw = generator(1, "holdout")
    odds = draw.normal(size=count) * 2 - 4
    labels = draw.random(count) < 1 / (1 + np.exp(-odds))
    at = np.sort(draw.integers(0, 7 * DAY_US, count))
    group = np.where(draw.random(count) < 0.3, "north", "south") if groups else None
    holdout = Holdout(labels, at, draw.integers(0, 400, count), draw.random(count) * 300, group)
    return holdout, odds


def _candidate(odds: np.ndarray, noise: float, name: str) -> Candidate:
    margins = odds + noise * generator(2, name).normal(size=len(odds))
    return Candidate(f"sha256:{name}", margins, 1 / (1 + np.exp(-margins)))


@pytest.fixture(scope="module")
def evaluation() -> dict:
    """A model, a worse floor and no champion, on rows without groups."""
    holdout, odds = _tested()
    model, floor = _candidate(odds, 0.0, "model"), _candidate(odds, 3.0, "floor")
    return evaluate(model, floor=floor, champion=None, tested=holdout, protocol=PROTOCOL)


def test_every_metric_has_an_interval_around_it(evaluation: dict) -> None:
    """Each figure of model and floor comes as value, low, high, n, with low <= value <= high."""
    for role in ("figures", "floor_figures"):
        assert set(evaluation[role]) == METRICS
        for metric, figure in evaluation[role].items():
            assert figure["n"] == 4_000
            if metric != "calibration_error":  # which resampling can only blur upwards
                assert figure["low"] <= figure["value"] <= figure["high"], metric
    assert evaluation["champion_figures"] is None
    assert evaluation["groups"] is None


def test_figures_are_those_of_the_metrics(evaluation: dict) -> None:
    """Nothing is computed a second way."""
    holdout, odds = _tested()
    assert evaluation["figures"]["auc_roc"]["value"] == auc_roc(odds, labels=holdout.labels)
    want = average_precision(odds, labels=holdout.labels)
    assert evaluation["figures"]["average_precision"]["value"] == want


def test_differences_are_paired_and_name_what_they_are_against(evaluation: dict) -> None:
    """Without a champion the difference is to the floor, and a clear one is clear."""
    gap = evaluation["differences"]["average_precision"]
    model, floor = (
        evaluation[role]["average_precision"]["value"] for role in ("figures", "floor_figures")
    )
    assert gap["against"] == "floor"
    assert gap["value"] == pytest.approx(model - floor)
    assert 0 < gap["low"] < gap["value"] < gap["high"]


def test_the_champion_is_scored_again_on_the_same_rows() -> None:
    """With a champion differences are to it, unless a gate asks for the floor."""
    holdout, odds = _tested()
    protocol = Protocol(POLICY, rounds=20, against={"auc_roc": "floor"})
    found = evaluate(
        _candidate(odds, 0.0, "model"),
        floor=_candidate(odds, 3.0, "floor"),
        champion=_candidate(odds, 0.1, "champion"),
        tested=holdout,
        protocol=protocol,
    )
    assert found["differences"]["auc_roc"]["against"] == "floor"
    assert found["differences"]["money_saved"]["against"] == "champion"
    assert found["champion"] == "sha256:champion"
    assert set(found["champion_figures"]) == METRICS


def test_money_saved_is_what_the_policy_would_really_have_saved(evaluation: dict) -> None:
    """By hand: for each payment the action of least expected cost, priced with its label."""
    holdout, odds = _tested()
    saved = 0.0
    for chance, amount, fraud in zip(
        (1 / (1 + np.exp(-odds))).tolist(), holdout.amounts.tolist(), holdout.labels, strict=True
    ):
        expected = (chance * amount, 4.0, (1 - chance) * (10 + 0.1 * amount))
        real = (amount if fraud else 0.0, 4.0, 0.0 if fraud else 10 + 0.1 * amount)
        saved += (amount if fraud else 0.0) - real[int(np.argmin(expected))]
    assert evaluation["figures"]["money_saved"]["value"] == pytest.approx(saved)


def test_groups_are_compared_and_counted() -> None:
    """With a group column there is a ratio, and each group says its rows and frauds."""
    holdout, odds = _tested(groups=True)
    model = _candidate(odds, 0.0, "model")
    found = evaluate(model, floor=model, champion=None, tested=holdout, protocol=PROTOCOL)
    rates = found["groups"]["fpr_ratio"]
    assert set(rates) == {"north", "south"}
    assert rates["north"]["n"] + rates["south"]["n"] == 4_000
    assert found["figures"]["fpr_ratio"]["value"] == pytest.approx(
        min(r["value"] for r in rates.values()) / max(r["value"] for r in rates.values())
    )
    assert set(found["groups"]["average_precision"]) == {"north", "south"}


def test_latency_is_judged_like_the_rest() -> None:
    """The 99th percentile of what the caller timed, with an interval, for the model that has it."""
    holdout, odds = _tested()
    slow = np.linspace(0.1, 1.0, 1_000)
    model = Candidate("sha256:m", odds, 1 / (1 + np.exp(-odds)), slow)
    floor = _candidate(odds, 1.0, "floor")
    found = evaluate(model, floor=floor, champion=None, tested=holdout, protocol=PROTOCOL)
    figure = found["figures"]["latency_ms_p99"]
    assert figure["value"] == pytest.approx(0.99, abs=0.01)
    assert figure["low"] <= figure["value"] <= figure["high"]
    assert figure["n"] == 1_000
    assert "latency_ms_p99" not in found["floor_figures"]


def test_a_figure_that_does_not_exist_is_null() -> None:
    """No fraud in the test: areas are null, not zero and not NaN, and the whole is canonical."""
    holdout, odds = _tested(500)
    calm = Holdout(np.zeros(500, dtype=bool), holdout.at, holdout.cards, holdout.amounts)
    model = _candidate(odds, 0.0, "model")
    found = evaluate(model, floor=model, champion=None, tested=calm, protocol=PROTOCOL)
    assert found["figures"]["auc_roc"] == {"value": None, "low": None, "high": None, "n": 500}
    assert found["differences"]["average_precision"]["value"] is None
    canonical(found)


def test_curves_are_what_the_report_draws(evaluation: dict) -> None:
    """Pairs of recall and precision by model, calibration bins, and scores of each class."""
    curves = evaluation["curves"]
    assert set(curves["precision_recall"]) == {"model", "floor"}
    assert curves["precision_recall"]["model"][-1][0] == 1.0
    assert sum(one["n"] for one in curves["calibration"]) == 4_000
    counts = curves["scores"]["counts"]
    assert sum(counts["genuine"]) + sum(counts["fraud"]) == 4_000
    assert len(curves["scores"]["edges"]) == len(counts["fraud"]) + 1
    canonical(evaluation)


def test_an_unknown_amount_saves_nothing_and_breaks_nothing() -> None:
    """A payment of unknown amount goes to review and is left out of the money."""
    holdout, odds = _tested(500)
    amounts = holdout.amounts.copy()
    amounts[::3] = np.nan
    model = _candidate(odds, 0.0, "model")
    holes = Holdout(holdout.labels, holdout.at, holdout.cards, amounts)
    found = evaluate(model, floor=model, champion=None, tested=holes, protocol=PROTOCOL)
    assert np.isfinite(found["figures"]["money_saved"]["value"])


def test_an_empty_test_is_an_error() -> None:
    """Nothing mature to test on is said so, not scored."""
    nothing = Holdout(
        np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
    )
    model = Candidate("sha256:m", np.zeros(0), np.zeros(0))
    with pytest.raises(TrainError) as caught:
        evaluate(model, floor=model, champion=None, tested=nothing, protocol=PROTOCOL)
    assert caught.value.code == "train.evaluate.empty"


def test_keys_may_be_text_and_may_be_missing() -> None:
    """Cards and groups come as text with holes; integers in their place give the same figures."""
    holdout, odds = _tested(900)
    named = np.array([f"card-{card:04}" for card in holdout.cards], dtype=object)
    groups = np.where(holdout.cards % 3 == 0, "north", "south").astype(object)
    groups[:300] = None
    text = Holdout(holdout.labels, holdout.at, named, holdout.amounts, groups)
    model = _candidate(odds, 0.0, "model")
    found, plain = (
        evaluate(model, floor=model, champion=None, tested=one, protocol=PROTOCOL)
        for one in (text, holdout)
    )
    assert {k: v for k, v in found["figures"].items() if k != "fpr_ratio"} == plain["figures"]
    assert found["groups"]["fpr_ratio"]["none"]["n"] == 300
