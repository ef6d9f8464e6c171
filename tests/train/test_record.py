"""The record of a run: what went in, what came out, and nothing that differs by the hour."""

import mintmark as mm
from mintmark.ground import DAY_US, canonical
from mintmark.train import Rows, Run, Window, environment, fit, split_in_time
from train.history import history_of


def _run() -> Run:
    """The whole way from history to record, as the hall would wire it."""
    history = history_of(60)
    split = split_in_time(
        Window(0, 60 * DAY_US),
        mm.Split("card", test="9d", calibration="8d"),
        mature_after_us=7 * DAY_US,
        known_by_us=60 * DAY_US,
    )
    dataset = history.cut(split.cutoff_at)
    assert split.calibration is not None
    train, calibration = (
        Rows(dataset.features[rows], dataset.value[rows] == 1, dataset.names)
        for rows in (
            dataset.rows_between(window.start_at, end_at=window.end_at)
            for window in (split.train, split.calibration)
        )
    )
    fitted = fit(
        "lightgbm", {"num_iterations": 5}, train=train, calibration=("platt", calibration), seed=3
    )
    return Run(dataset, split, fitted, "sha256:bundle", {"auc_roc": 0.9})


def test_a_run_repeated_is_the_same_record() -> None:
    """Same history, definitions and seed: the same body, to the byte."""
    assert canonical(_run().body()) == canonical(_run().body())


def test_a_record_names_everything_that_made_the_model() -> None:
    """Data version, plan, parameters, seed, environment and metrics are all there."""
    body = _run().body()
    assert body["data_version"] == "log-1"
    assert body["plan"] == "sha256:plan"
    assert body["parameters"] == {"num_iterations": 5}
    assert (body["seed"], body["digest"]) == (3, "sha256:bundle")
    assert body["metrics"] == {"auc_roc": 0.9}
    assert body["dataset"].startswith("sha256:")


def test_the_environment_names_python_and_libraries() -> None:
    """Enough to rebuild it: versions that matter, and one digest of all that is installed."""
    found = environment()
    assert {"numpy", "lightgbm", "scikit-learn"} <= set(found["libraries"])
    assert found["lock"].startswith("sha256:")
    assert found == environment()
