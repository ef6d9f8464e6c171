"""Fitting: the same bytes again, the engine's own scores, and clear errors for unfit rows."""

import dataclasses

import lightgbm
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mintmark.engine.metrics import auc_roc, calibration_error
from mintmark.ground import TrainError
from mintmark.train import Rows, fit
from mintmark.train.calibrate import calibrate
from train.history import NAMES, rows_of

SMALL = {"num_iterations": 20, "num_leaves": 7}


@pytest.mark.parametrize(("kind", "parameters"), [("lightgbm", SMALL), ("logistic", {})])
def test_the_same_rows_and_seed_give_the_same_bytes(
    kind: str, parameters: dict[str, object]
) -> None:
    """A run can be repeated: the model's digest is a function of rows, parameters and seed."""
    first, again = (
        fit(kind, parameters, train=rows_of(3_000), calibration=None, seed=4) for _ in range(2)
    )
    assert first.digest == again.digest


def test_another_seed_gives_another_model() -> None:
    """The seed reaches LightGBM (features are drawn for each tree)."""
    first, other = (
        fit("lightgbm", SMALL, train=rows_of(3_000), calibration=None, seed=s) for s in (1, 2)
    )
    assert first.digest != other.digest


@pytest.mark.parametrize(("kind", "parameters"), [("lightgbm", SMALL), ("logistic", {})])
def test_a_model_learns(kind: str, parameters: dict[str, object]) -> None:
    """On rows that it did not see the model ranks far better than chance."""
    fitted = fit(kind, parameters, train=rows_of(4_000), calibration=None, seed=1)
    unseen = rows_of(2_000, seed=9)
    assert auc_roc(fitted.margins(unseen.features), labels=unseen.labels) > 0.85


def test_logistic_equals_scikit_learn_on_standardised_inputs() -> None:
    """The floor is the textbook's: StandardScaler, then LogisticRegression(C=1)."""
    rows = rows_of(3_000)
    full = Rows(np.nan_to_num(rows.features), rows.labels, rows.names)
    fitted = fit("logistic", {}, train=full, calibration=None, seed=0)
    scaler = StandardScaler().fit(full.features)
    theirs = LogisticRegression(tol=1e-10).fit(scaler.transform(full.features), full.labels)
    want = theirs.decision_function(scaler.transform(full.features))
    np.testing.assert_allclose(fitted.margins(full.features), want, atol=1e-4)


def test_a_null_counts_as_the_training_mean_in_the_floor() -> None:
    """Nulls neither raise nor lower the floor's margin."""
    rows = rows_of(2_000)
    fitted = fit("logistic", {}, train=rows, calibration=None, seed=0)
    mean = np.nanmean(rows.features, axis=0)
    null = np.full((1, len(NAMES)), np.nan)
    assert fitted.margins(null)[0] == pytest.approx(fitted.margins(mean[np.newaxis])[0])


def test_a_constant_feature_is_harmless() -> None:
    """A scale of zero becomes one, as in StandardScaler."""
    rows = rows_of(2_000)
    rows.features[:, 2] = 3.0
    fitted = fit("logistic", {}, train=rows, calibration=None, seed=0)
    assert np.isfinite(fitted.margins(rows.features)).all()


def test_calibrated_probabilities_are_right_on_average() -> None:
    """After isotonic or Platt's map the predicted share of fraud is near the observed one."""
    parameters = {**SMALL, "scale_pos_weight": 20.0}  # throws the plain log-odds far off
    unseen = rows_of(8_000, seed=7)
    errors = {}
    for kind in ("isotonic", "platt", None):
        chosen = None if kind is None else (kind, rows_of(8_000, seed=5))
        fitted = fit("lightgbm", parameters, train=rows_of(4_000), calibration=chosen, seed=1)
        chance = fitted.calibration.probability(fitted.margins(unseen.features))
        errors[kind] = calibration_error(chance, labels=unseen.labels)
    assert errors["isotonic"] < 0.01
    assert errors["platt"] < 0.04
    assert errors[None] > 0.1


def test_platt_recovers_a_line_in_log_odds() -> None:
    """Margins that are half the true log-odds get a slope of two."""
    draw = np.random.Generator(np.random.Philox(3))
    odds = draw.normal(size=40_000) * 2
    labels = draw.random(40_000) < 1 / (1 + np.exp(-odds))
    line = calibrate("platt", margins=odds / 2 - 1, labels=labels).form()
    assert line["a"] == pytest.approx(2, rel=0.05)
    assert line["b"] == pytest.approx(2, rel=0.05)


def _rows(features: np.ndarray, frauds: int) -> Rows:
    labels = np.zeros(len(features), dtype=bool)
    labels[:frauds] = True
    return Rows(features, labels, NAMES)


@pytest.mark.parametrize("kind", ["lightgbm", "logistic"])
@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (_rows(np.zeros((0, 4)), 0), "train.rows.empty"),
        (_rows(np.zeros((50, 4)), 0), "train.rows.one_class"),
        (_rows(np.zeros((50, 4)), 50), "train.rows.one_class"),
        (_rows(np.tile([1.0, np.nan, 1.0, 1.0], (50, 1)), 5), "train.rows.null_feature"),
        (_rows(np.tile([1.0, np.inf, 1.0, 1.0], (50, 1)), 5), "train.rows.infinite"),
    ],
    ids=["empty", "no fraud", "only fraud", "null", "infinite"],
)
def test_rows_that_teach_nothing_are_refused(kind: str, rows: Rows, code: str) -> None:
    """An error in our form, naming the feature where one is at fault, and no model."""
    with pytest.raises(TrainError) as caught:
        fit(kind, {}, train=rows, calibration=None, seed=1)
    assert caught.value.code == code
    if "feature" in code:
        assert caught.value.at == "$.features.payments_1d"


def test_a_model_that_finds_no_split_is_refused() -> None:
    """Constant features give LightGBM nothing, and nothing is not a model."""
    with pytest.raises(TrainError) as caught:
        fit("lightgbm", {}, train=_rows(np.ones((500, 4)), 50), calibration=None, seed=1)
    assert caught.value.code == "train.boosting.learned_nothing"


@pytest.mark.parametrize(
    ("kind", "parameters", "code"),
    [
        ("lightgbm", {"n_estimators": 3}, "train.boosting.parameter"),
        ("lightgbm", {"objective": "regression"}, "train.boosting.parameter"),
        ("lightgbm", {"num_leaves": "many"}, "train.boosting.parameter"),
        ("lightgbm", {"num_leaves": 100_000}, "train.boosting.parameter"),
        ("lightgbm", {"learning_rate": -1.0}, "train.boosting.refused"),
        ("logistic", {"C": 0}, "train.linear.parameter"),
        ("logistic", {"penalty": "l1"}, "train.linear.parameter"),
        ("catboost", {}, "train.fit.kind"),
    ],
)
def test_parameters_are_checked(kind: str, parameters: dict[str, object], code: str) -> None:
    """A misspelt or impossible parameter is an error; LightGBM would ignore it in silence."""
    with pytest.raises(TrainError) as caught:
        fit(kind, parameters, train=rows_of(500), calibration=None, seed=1)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("how", "rows", "code"),
    [
        ("isotonic", _rows(np.zeros((40, 4)), 0), "train.calibrate.one_class"),
        ("platt", _rows(np.zeros((40, 4)), 40), "train.calibrate.one_class"),
        ("isotonic", _rows(np.zeros((0, 4)), 0), "train.rows.empty"),
        ("spline", _rows(np.zeros((40, 4)), 4), "train.calibrate.kind"),
    ],
)
def test_a_calibration_window_must_hold_both_classes(how: str, rows: Rows, code: str) -> None:
    """No probability is made up where the window cannot tell one."""
    with pytest.raises(TrainError) as caught:
        fit("logistic", {}, train=rows_of(500), calibration=(how, rows), seed=1)
    assert caught.value.code == code


def test_the_scores_of_a_fit_are_those_of_its_bytes() -> None:
    """Figures are taken from the model as it would be served, not from the library's object."""
    rows = rows_of(2_000)
    fitted = fit("lightgbm", SMALL, train=rows, calibration=None, seed=1)
    theirs = lightgbm.Booster(model_str=fitted.content.decode())
    assert (fitted.margins(rows.features) == theirs.predict(rows.features, raw_score=True)).all()
    assert dataclasses.replace(fitted).margins(rows.features[:0]).shape == (0,)
