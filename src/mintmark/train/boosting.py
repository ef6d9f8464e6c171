"""LightGBM training: the one file that imports the library, and only when it trains.

Two runs on the same rows give the same bytes: a seed, LightGBM's deterministic mode, row-wise
histograms and a number of threads that the rows decide.  The result is LightGBM's own text;
nothing is pickled.

Trees are small on purpose.  Every decision carries exact contributions, whose cost grows with the
square of a tree's depth: at 50 inputs 200 trees take 1.5 ms unbounded at 31 leaves, 0.3 ms at 15
leaves and depth 5.
"""

from collections.abc import Mapping
from typing import Any

from mintmark.ground import TrainError, rest_idle_threads
from mintmark.train.rows import Rows

DEFAULTS: Mapping[str, float] = {
    "num_iterations": 200,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "max_depth": 5,
    "min_data_in_leaf": 50,
    "lambda_l2": 1.0,
    "feature_fraction": 0.8,
}
"""Parameters where a definition names none."""

_ALLOWED = frozenset(DEFAULTS) | {
    "bagging_fraction", "bagging_freq", "boost_from_average", "extra_trees",
    "feature_fraction_bynode", "is_unbalance",
    "lambda_l1", "max_bin", "max_delta_step", "min_data_in_bin", "min_gain_to_split",
    "min_sum_hessian_in_leaf", "neg_bagging_fraction", "path_smooth", "pos_bagging_fraction",
    "scale_pos_weight",
}  # fmt: skip
_FIXED: Mapping[str, Any] = {
    "objective": "binary",
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
_TREES_MAX, _LEAVES_MAX = 2_000, 1_024
_THREADED_CELLS = 2_000_000  # below so many values two threads wait for each other more than work


def parameters_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole parameters that `given` stands for.

    Raises
    ------
    TrainError
        ``train.boosting.parameter`` for one that is not LightGBM's own name, is fixed here, or is
        no number: LightGBM itself would ignore a misspelt name in silence.
    """
    for name, value in given.items():
        if name not in _ALLOWED or not isinstance(value, (bool, int, float)):
            raise TrainError(
                f'LightGBM is not given the parameter "{name}"',
                at=f"$.learner.{name}",
                got=repr(value)[:60],
                want="a number for one of " + ", ".join(sorted(_ALLOWED)),
                hint="objective, seed, threads and determinism are set by mintmark",
                code="train.boosting.parameter",
            )
    whole = {**DEFAULTS, **given}
    if not (1 <= whole["num_iterations"] <= _TREES_MAX and 2 <= whole["num_leaves"] <= _LEAVES_MAX):
        raise TrainError(
            "a model of this size is not served",
            at="$.learner",
            got=f"{whole['num_iterations']} trees of {whole['num_leaves']} leaves",
            want=f"1..{_TREES_MAX} trees of 2..{_LEAVES_MAX} leaves",
            code="train.boosting.parameter",
        )
    return whole


def fit_boosted(rows: Rows, parameters: Mapping[str, Any], *, seed: int) -> bytes:
    """Train on `rows` and return the model as LightGBM's text.

    Raises
    ------
    TrainError
        ``train.boosting.refused`` with LightGBM's words; ``train.boosting.learned_nothing`` where
        no tree found a split.

    Cost: 300,000 rows of 50 features, 200 trees of 31 leaves: 6 s on 2 idle cores.  On busy ones
    far more: the OpenMP runtime spins while it waits, unless GOMP_SPINCOUNT tells it not to.
    """
    rest_idle_threads()
    import lightgbm

    threads = 2 if rows.features.size >= _THREADED_CELLS else 1  # by the data, so it repeats
    settings = {**parameters_of(parameters), **_FIXED, "seed": seed, "num_threads": threads}
    rounds = int(settings.pop("num_iterations"))
    try:
        data = lightgbm.Dataset(rows.features, rows.labels, feature_name=list(rows.names))
        booster = lightgbm.train(settings, data, num_boost_round=rounds)
    except lightgbm.basic.LightGBMError as error:
        raise TrainError(
            f"LightGBM refused to train: {error}", at="$.learner", code="train.boosting.refused"
        ) from error
    text: str = booster.model_to_string()
    if not booster.feature_importance().any():
        raise TrainError(
            "LightGBM found nothing to split on",
            got=f"{len(rows.labels)} rows, {int(rows.labels.sum())} frauds",
            want="a feature that tells some of them apart",
            hint="give it more rows, or lower min_data_in_leaf",
            code="train.boosting.learned_nothing",
        )
    return text.encode("ascii")
