"""The model card: the team's words, the evaluation's figures, the verdict's waivers."""

import math

import pytest

from govern.worked import GOOD, MODEL, NOW, figure, spoiled
from mintmark.define.gates import Gates, Waiver, at_least
from mintmark.govern import CardWords, card, judge
from mintmark.ground import GovernError, canonical

WORDS = CardWords(
    purpose="decline stolen cards",
    owners=("fraud team",),
    limits=("not for transfers",),
)
WAIVER = Waiver(gate="fpr_ratio", owner="Ada", reason="no groups here", date="2018-08-01")
GATES = Gates(auc_roc=at_least(0.8), fpr_ratio=at_least(0.8, by="country"), waivers=[WAIVER])


def test_a_card_holds_purpose_data_figures_slices_limits_waivers_and_owners() -> None:
    """Everything a reader must know is in one plain JSON value with a digest."""
    made = card(
        "card_fraud",
        WORDS,
        evaluation=GOOD,
        verdict=judge(GATES, GOOD, at=NOW),
        data={"log_version": "sha256:10", "rows": 50_000},
    )
    form = made.form()
    assert canonical(form)
    assert form["model"] == MODEL
    assert form["purpose"] == "decline stolen cards"
    assert form["owners"] == ["fraud team"]
    assert form["limits"] == ["not for transfers"]
    assert form["metrics"]["latency_ms_p99"]["unit"] == "ms"
    assert form["metrics"]["auc_roc"]["low"] == 0.87
    assert form["floor"]["average_precision"]["value"] == 0.60
    assert form["slices"]["fpr_ratio"]["NL"]["n_positive"] == 150
    assert form["waivers"] == []
    assert (
        made.digest
        == card(
            "card_fraud",
            WORDS,
            evaluation=GOOD,
            verdict=judge(GATES, GOOD, at=NOW),
            data={"log_version": "sha256:10", "rows": 50_000},
        ).digest
    )


def test_what_was_waived_or_not_measured_is_a_limit() -> None:
    """Nobody has to remember to write down what the verdict could not see."""
    evaluation = spoiled("groups", value=None)
    evaluation["figures"]["fpr_ratio"] = figure(math.nan)
    verdict = judge(GATES, evaluation, at=NOW)
    form = card("m", WORDS, evaluation=evaluation, verdict=verdict, data={}).form()
    assert form["waivers"][0]["owner"] == "Ada"
    assert form["limits"][0] == "not for transfers"
    assert any("fpr_ratio was not judged" in limit for limit in form["limits"])
    assert "fpr_ratio was not measured" in form["limits"]


def test_a_card_is_of_one_model_and_has_an_owner() -> None:
    """A verdict on another model, an empty purpose and no owner are refused."""
    verdict = judge(GATES, GOOD, at=NOW)
    other = spoiled("model", value="sha256:" + "b" * 64)
    for words, evaluation, code in (
        (WORDS, other, "govern.card.other_model"),
        (CardWords(" ", ("me",)), GOOD, "govern.card.words"),
        (CardWords("for this", ()), GOOD, "govern.card.words"),
    ):
        with pytest.raises(GovernError) as caught:
            card("m", words, evaluation=evaluation, verdict=verdict, data={})
        assert caught.value.code == code
