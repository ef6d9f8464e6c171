"""Calibration: from a model's margins on rows that it never saw to probabilities.

Isotonic regression needs some hundred frauds and assumes only that a higher margin is no safer;
Platt's line needs fewer.  Either way the calibration rows come after the training rows and were
mature before the test, which `train.split` sees to.
"""

import numpy as np
import numpy.typing as npt

from mintmark.engine.calibration import Calibration
from mintmark.ground import TrainError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

KINDS = ("isotonic", "platt")


def calibrate(kind: str | None, *, margins: Floats, labels: Flags) -> Calibration:
    """Fit a calibration of `kind`; None reads the margin as plain log-odds.

    Raises
    ------
    TrainError
        ``train.calibrate.kind``; ``train.calibrate.one_class`` where the rows hold no fraud, or
        nothing else.

    Examples
    --------
    >>> rows = np.array([-3.0, -2.0, 1.0, 2.0]), np.array([False, False, True, True])
    >>> calibrate("isotonic", margins=rows[0], labels=rows[1]).probability(1.5)
    1.0
    """
    if kind is None:
        return Calibration.platt(a=1.0, b=0.0)
    if kind not in KINDS:
        raise TrainError(
            "there is no such calibration", at="$.calibrate", got=kind,
            want=" or ".join(KINDS), code="train.calibrate.kind",
        )  # fmt: skip
    if labels.all() or not labels.any():
        raise TrainError(
            "the calibration window holds one class only",
            at="$.calibrate",
            got=f"{len(labels)} rows, {int(labels.sum())} frauds",
            want="frauds and genuine payments",
            hint="lengthen the calibration window, or set calibrate=None",
            code="train.calibrate.one_class",
        )
    return _isotonic(margins, labels) if kind == "isotonic" else _platt(margins, labels)


def _isotonic(margins: Floats, labels: Flags) -> Calibration:
    """Pool adjacent violators, keeping the points where the staircase turns."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(margins, labels.astype(np.float64))
    x = fitted.X_thresholds_.astype(float).tolist()
    y = np.maximum.accumulate(fitted.y_thresholds_.astype(float)).tolist()
    return Calibration.from_form({"kind": "isotonic", "x": x, "y": y})


def _platt(margins: Floats, labels: Flags) -> Calibration:
    """A line in log-odds, fitted without penalty to Platt's softened targets.

    Source: Platt 1999, with the targets (n + 1) / (n + 2) and 1 / (m + 2).
    """
    from sklearn.linear_model import LogisticRegression

    frauds = float(labels.sum())
    high, low = (frauds + 1) / (frauds + 2), 1 / (len(labels) - frauds + 2)
    target = np.where(labels, high, low)
    doubled = np.concatenate([margins, margins])[:, np.newaxis]
    classes = np.repeat([1, 0], len(margins))
    weights = np.concatenate([target, 1 - target])
    line = LogisticRegression(C=1e12, solver="newton-cholesky", max_iter=200)
    line.fit(doubled, classes, sample_weight=weights)
    return Calibration.platt(a=float(line.coef_[0, 0]), b=float(line.intercept_[0]))
