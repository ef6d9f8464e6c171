"""Gates: what each bound says of an evaluation, and that what is missing never passes."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.worked import GOOD, NOW, figure, spoiled
from mintmark.define.gates import Gates, at_least, at_most
from mintmark.govern import METRICS, GateResult, Verdict, judge
from mintmark.ground import GovernError


def _all() -> Gates:
    return Gates(
        auc_roc=at_least(0.85),
        average_precision=at_least("champion"),
        calibration_error=at_most(0.02),
        latency_ms_p99=at_most(3),
        fpr_ratio=at_least(0.8, by="country"),
    )


def _one(evaluation: dict[str, Any], **bounds: Any) -> GateResult:
    (gate,) = judge(Gates(**bounds), evaluation, at=NOW).gates
    return gate


def test_a_good_evaluation_is_promoted_gate_by_gate() -> None:
    """Every gate gives its figure, interval, bound and reason, in the order of declaration."""
    verdict = judge(_all(), GOOD, at=NOW)
    assert verdict.result == "PROMOTE"
    assert verdict.model == GOOD["model"]
    assert {gate.result for gate in verdict.gates} == {"PROMOTE"}
    by_name = {gate.gate: gate for gate in verdict.gates}
    assert list(by_name) == [
        "auc_roc",
        "average_precision",
        "calibration_error",
        "latency_ms_p99",
        "fpr_ratio",
    ]
    assert by_name["auc_roc"].figure.form() == GOOD["figures"]["auc_roc"]
    assert by_name["latency_ms_p99"].bound == "<= 3"
    assert [part.gate for part in by_name["fpr_ratio"].parts] == ["BE", "NL"]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    "entry",
    [None, {}, figure(math.nan), figure(math.inf), {"value": None, "n": 5}, figure(0.5, n=0), 0.9],
    ids=["absent", "empty", "nan", "inf", "null", "no cases", "bare"],
)
def test_a_figure_that_is_missing_or_no_number_rejects(metric: str, entry: Any) -> None:
    """Whatever a gate asks of it, what is not there does not pass."""
    higher = METRICS[metric].better == "higher"
    bound = at_least(-1e9) if higher else at_most(1e9)
    gate = _one(spoiled("figures", metric, value=entry), **{metric: bound})
    assert gate.result == "REJECT"
    assert "missing" in gate.reason


def test_a_figure_outside_what_its_metric_can_be_rejects() -> None:
    """An average precision of 1.3 or a latency below zero is a fault, not a success."""
    for metric, value, bound in (
        ("average_precision", 1.3, at_least(0.5)),
        ("latency_ms_p99", -1.0, at_most(3)),
    ):
        assert _one(spoiled("figures", metric, value=figure(value)), **{metric: bound}).result == (
            "REJECT"
        )


@given(value=st.floats(0, 1), limit=st.floats(0, 1))
def test_a_number_is_met_by_the_figure_alone(value: float, limit: float) -> None:
    """At the bound counts as met; an interval that crosses it is said in the reason."""
    gate = _one(spoiled("figures", "auc_roc", value=figure(value)), auc_roc=at_least(limit))
    assert (gate.result == "PROMOTE") == (value >= limit)
    crosses = value - 0.01 < limit <= value
    assert ("crosses" in gate.reason) == crosses
    gate = _one(
        spoiled("figures", "calibration_error", value=figure(value)),
        calibration_error=at_most(limit),
    )
    assert (gate.result == "PROMOTE") == (value <= limit)


@pytest.mark.parametrize(
    ("low", "high", "result", "says"),
    [
        (0.01, 0.05, "PROMOTE", "not worse"),
        (0.0, 0.0, "PROMOTE", "not worse"),
        (-0.01, 0.05, "HOLD", "cannot tell"),
        (-0.05, -0.01, "REJECT", "worse"),
    ],
)
def test_another_model_is_a_bound_by_the_paired_interval(
    low: float, high: float, result: str, says: str
) -> None:
    """Not shown to be worse is not enough: the lower end of the difference must reach zero."""
    told = {"against": "floor", "value": (low + high) / 2, "low": low, "high": high}
    evaluation = spoiled("differences", "average_precision", value=told)
    gate = _one(evaluation, average_precision=at_least("floor"))
    assert (gate.result, gate.against) == (result, "floor")
    assert says in gate.reason
    assert gate.difference is not None
    assert (gate.difference.low, gate.difference.high) == (low, high)


def test_a_first_release_meets_the_floor_and_says_so() -> None:
    """Where there is no champion, its place in the gate is the floor model's."""
    gate = _one(GOOD, average_precision=at_least("champion"))
    assert (gate.result, gate.against) == ("PROMOTE", "floor")
    assert "no champion yet" in gate.reason


def test_a_champion_is_met_by_a_difference_to_the_champion() -> None:
    """With a champion, a difference to the floor is no evidence; one to the champion is."""
    evaluation = spoiled("champion_figures", value={"average_precision": figure(0.65)})
    assert _one(evaluation, average_precision=at_least("champion")).result == "REJECT"
    told = {"against": "champion", "value": 0.01, "low": 0.001, "high": 0.02}
    evaluation["differences"]["average_precision"] = told
    gate = _one(evaluation, average_precision=at_least("champion"))
    assert (gate.result, gate.against) == ("PROMOTE", "champion")
    evaluation["champion_figures"] = {}
    assert _one(evaluation, average_precision=at_least("champion")).result == "REJECT"


def test_a_missing_or_open_difference_rejects() -> None:
    """Two figures without the interval of their difference do not pass the gate."""
    path = ("differences", "average_precision")
    for entry in (None, {"against": "floor", "value": 0.06, "low": None, "high": 0.1}):
        gate = _one(spoiled(*path, value=entry), average_precision=at_least("floor"))
        assert gate.result == "REJECT"
    gate = _one(spoiled("differences", drop=True), average_precision=at_least("floor"))
    assert gate.result == "REJECT"
    gate = _one(
        spoiled("floor_figures", "average_precision", drop=True),
        average_precision=at_least("floor"),
    )
    assert "floor's figure is missing" in gate.reason


def test_latency_is_the_bundles_own() -> None:
    """The latency gate reads the figure that the evaluation took in process."""
    assert _one(GOOD, latency_ms_p99=at_most(0.4)).result == "PROMOTE"
    assert _one(GOOD, latency_ms_p99=at_most(0.39)).result == "REJECT"


@pytest.mark.parametrize("groups", [None, {}, {"auc_roc": {}}])
def test_no_group_column_holds(groups: Any) -> None:
    """A gate by group without groups holds, whatever the figure, which may be missing too."""
    evaluation = spoiled("groups", value=groups)
    evaluation["figures"]["fpr_ratio"] = figure(math.nan)
    gate = _one(evaluation, fpr_ratio=at_least(0.8, by="country"))
    assert gate.result == "HOLD"
    assert "country" in gate.reason


@pytest.mark.parametrize(("genuine", "frauds"), [(0, 50), (29, 50), (5000, 29), (5000, 0)])
def test_too_few_cases_in_a_group_hold_and_name_it(genuine: int, frauds: int) -> None:
    """A group needs as many cases of both kinds as the gates ask for, thirty by default."""
    few = {"value": 0.5, "n": genuine + frauds, "n_positive": frauds}
    evaluation = spoiled("groups", "fpr_ratio", "LU", value=few)
    gate = _one(evaluation, fpr_ratio=at_least(0.8, by="country"))
    assert gate.result == "HOLD"
    assert gate.reason == "too few cases in LU"
    assert {part.gate: part.result for part in gate.parts}["LU"] == "HOLD"
    bounds = {"fpr_ratio": at_least(0.8, by="country")}
    if min(genuine, frauds) > 0:
        fewer = Gates(group_cases=min(genuine, frauds), **bounds)
        assert judge(fewer, evaluation, at=NOW).result == "PROMOTE"


def test_one_group_alone_holds() -> None:
    """A ratio between groups needs two of them."""
    evaluation = spoiled("groups", "fpr_ratio", "NL", drop=True)
    assert _one(evaluation, fpr_ratio=at_least(0.8, by="country")).result == "HOLD"


def test_unequal_groups_reject() -> None:
    """Enough cases and a ratio below the bound is a no."""
    gate = _one(
        spoiled("figures", "fpr_ratio", value=figure(0.5)), fpr_ratio=at_least(0.8, by="country")
    )
    assert gate.result == "REJECT"


def test_a_metric_by_group_must_hold_in_each() -> None:
    """A gate by group on a plain metric bounds every group's own figure."""
    evaluation = spoiled(
        "groups",
        "auc_roc",
        value={
            "BE": {"value": 0.9, "n": 9_000, "n_positive": 90},
            "NL": {"value": 0.7, "n": 9_000, "n_positive": 90},
        },
    )
    assert _one(evaluation, auc_roc=at_least(0.65, by="country")).result == "PROMOTE"
    gate = _one(evaluation, auc_roc=at_least(0.8, by="country"))
    assert (gate.result, gate.reason) == ("REJECT", "bound not met in NL")


def test_the_worst_gate_is_the_verdict() -> None:
    """REJECT over HOLD over PROMOTE."""
    held = spoiled("groups", value=None)
    assert judge(_all(), held, at=NOW).result == "HOLD"
    held["figures"]["auc_roc"] = figure(0.5)
    assert judge(_all(), held, at=NOW).result == "REJECT"


def test_a_verdict_has_a_digest_of_its_gates_and_figures() -> None:
    """Moving a bound changes the verdict's digest, even where the result stays."""
    one = judge(Gates(auc_roc=at_least(0.85)), GOOD, at=NOW)
    other = judge(Gates(auc_roc=at_least(0.80)), GOOD, at=NOW)
    assert one.result == other.result
    assert one.gates_digest != other.gates_digest
    assert one.digest != other.digest
    assert judge(Gates(auc_roc=at_least(0.85)), GOOD, at=NOW).digest == one.digest


def test_a_verdict_is_printed_for_people() -> None:
    """The text names the result first, then each gate on a line with its groups below."""
    lines = judge(_all(), GOOD, at=NOW).text().splitlines()
    assert lines[0] == "PROMOTE  model aaaaaaaaaaaa"
    assert len(lines) == 1 + 5 + 2
    assert "0.88 [0.87, 0.89]  >= 0.85" in lines[1]


def _codes(gates: Gates, evaluation: dict[str, Any]) -> str:
    with pytest.raises(GovernError) as caught:
        judge(gates, evaluation, at=NOW)
    return caught.value.code


def test_gates_that_cannot_be_meant_are_errors() -> None:
    """No gate at all, and a gate by group against another model, are refused, not passed."""
    assert _codes(Gates(), GOOD) == "govern.gate.none"
    by_group = Gates(auc_roc=at_least("floor", by="country"))
    assert _codes(by_group, GOOD) == "govern.gate.reference_by_group"
    assert _codes(Gates(auc_roc=at_most(0.5)), GOOD) == "govern.gate.direction"
    assert _codes(Gates(calibration_error=at_least("floor")), GOOD) == "govern.gate.direction"
    assert _codes(Gates(auc_roc=at_least(0.5)), spoiled("model", drop=True)) == (
        "govern.evaluation.format"
    )


def test_an_unknown_metric_is_an_error() -> None:
    """A gate on a metric that nobody measures is refused."""
    assert _codes(Gates(accuracy=at_least(0.99)), GOOD) == "govern.gate.unknown_metric"


def test_the_form_of_a_verdict_is_plain_json() -> None:
    """NaN in an evaluation is null in the verdict: its form always has a digest."""
    verdict = judge(_all(), spoiled("figures", "auc_roc", value=figure(math.nan)), at=NOW)
    assert isinstance(verdict, Verdict)
    assert verdict.form()["gates"][0]["figure"]["value"] is None
    assert verdict.digest.startswith("sha256:")
