"""Logistic regression, the floor that every model must beat, and its standardised inputs.

Inputs are standardised with the mean and the deviation of the training rows (deviation over n; a
constant input keeps scale one), and a null counts as the mean.  The result is a handful of numbers
in JSON, scored by `engine.logistic` without scikit-learn.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mintmark.engine.logistic import LogisticModel
from mintmark.ground import TrainError, canonical
from mintmark.train.rows import Rows

DEFAULTS: Mapping[str, Any] = {"C": 1.0, "balanced": False}
"""Parameters where a definition names none: `C` is the inverse strength of the penalty."""


def fit_logistic(rows: Rows, parameters: Mapping[str, Any], *, seed: int) -> bytes:
    """Train on `rows` and return the model as canonical JSON.

    `seed` is not used: the problem is convex and is solved to convergence.

    Raises
    ------
    TrainError
        ``train.linear.parameter``.

    Cost: 300,000 rows of 50 features 2 s on 2 cores.
    """
    from sklearn.linear_model import LogisticRegression

    unknown = sorted(set(parameters) - set(DEFAULTS))
    settings = {**DEFAULTS, **parameters}
    strength = settings["C"]
    if unknown or isinstance(strength, bool) or not (isinstance(strength, (int, float))
                                                     and strength > 0):  # fmt: skip
        raise TrainError(
            "logistic regression is not given these parameters",
            at="$.floor",
            got=", ".join(unknown) or f"C={strength!r}",
            want="C > 0, balanced true or false",
            code="train.linear.parameter",
        )
    mean = np.nanmean(rows.features, axis=0)
    scale = np.nanstd(rows.features, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    inputs = np.where(np.isnan(rows.features), mean, rows.features)
    inputs -= mean
    inputs /= scale
    solver = LogisticRegression(
        C=strength,
        class_weight="balanced" if settings["balanced"] else None,
        solver="newton-cholesky",
        tol=1e-8,
        max_iter=200,
    )
    solver.fit(inputs, rows.labels)
    model = LogisticModel(
        rows.names, mean, scale, mean, solver.coef_[0].astype(float), float(solver.intercept_[0])
    )
    return canonical(model.form())
