"""Fitting: a learner by name, the rows that it may see, and the frozen model that comes out.

A learner is a function from rows and parameters to bytes of a native text form.  What it returns
is at once loaded by the engine's own scorer, so every later figure is that of the bytes which
would be served, never of a library object that is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mintmark.engine.calibration import Calibration
from mintmark.engine.predict import Margins, model_of
from mintmark.ground import TrainError, digest_bytes, generator
from mintmark.train.boosting import fit_boosted
from mintmark.train.calibrate import calibrate
from mintmark.train.linear import fit_logistic
from mintmark.train.rows import Rows

Floats = npt.NDArray[np.float64]


class Learner(Protocol):
    """A way to learn: it must give the same bytes for the same rows, parameters and seed."""

    def __call__(self, rows: Rows, parameters: Mapping[str, Any], *, seed: int) -> bytes:
        """Return the trained model in the native text form that its kind of file holds."""
        ...


@dataclass(frozen=True)
class Kind:
    """A learner with the file that its models are kept in."""

    learn: Learner
    file: str


KINDS: Mapping[str, Kind] = {
    "lightgbm": Kind(fit_boosted, "model.txt"),
    "logistic": Kind(fit_logistic, "model.json"),
}
"""The learners by the name that a definition's form gives them."""


@dataclass(frozen=True)
class Fitted:
    """A trained and calibrated model, as the bytes that will be served.

    Attributes
    ----------
    kind : str
        ``lightgbm`` or ``logistic``.
    names : tuple of str
        Inputs in order.
    content : bytes
        The model's file.
    calibration : Calibration
        From margin to probability.
    parameters : mapping
        What the learner was given.
    seed : int
    """

    kind: str
    names: tuple[str, ...]
    content: bytes
    calibration: Calibration
    parameters: Mapping[str, Any]
    seed: int

    @property
    def file(self) -> str:
        """Name of the model's file in a bundle."""
        return KINDS[self.kind].file

    @property
    def digest(self) -> str:
        """Digest of the model's bytes."""
        return digest_bytes(self.content)

    @cached_property
    def model(self) -> Margins:
        """The model, loaded by the code that will serve it."""
        return model_of(self.file, self.content, names=self.names)

    def margins(self, features: Floats) -> Floats:
        """Return the raw margin of each row [n, F]."""
        return self.model.margins(features)


def fit(
    kind: str,
    parameters: Mapping[str, Any],
    *,
    train: Rows,
    calibration: tuple[str, Rows] | None,
    seed: int,
) -> Fitted:
    """Train a model and calibrate it.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    parameters : mapping
        The learner's own parameters; what is not named takes its default.
    train : Rows
        What it may learn from.
    calibration : (kind, Rows) or None
        How to calibrate and on which later rows; None reads margins as log-odds.
    seed : int
        Fixes whatever the learner draws.

    Raises
    ------
    TrainError
        ``train.fit.kind``, ``train.rows.*``, ``train.boosting.*``, ``train.linear.*``,
        ``train.calibrate.*``.
    """
    if kind not in KINDS:
        raise TrainError(
            "there is no such learner", at="$.learner", got=kind, want=" or ".join(KINDS),
            code="train.fit.kind",
        )  # fmt: skip
    train.check("train")
    content = KINDS[kind].learn(train, parameters, seed=seed)
    log_odds = Calibration.platt(a=1.0, b=0.0)
    plain = Fitted(kind, train.names, content, log_odds, parameters, seed)
    if calibration is None:
        return plain
    how, rows = calibration
    if not len(rows.labels):
        rows.check("calibrate")
    fitted = calibrate(how, margins=plain.margins(rows.features), labels=rows.labels)
    return replace(plain, calibration=fitted)


CROSS_PARTS = 5


def fit_crossed(
    kind: str, parameters: Mapping[str, Any], *, train: Rows, groups: npt.NDArray[Any], how: str,
    seed: int,
) -> Fitted:  # fmt: skip
    """Train a model on all rows and calibrate it on scores of those same rows, fairly made.

    Each of five parts of the rows is scored by a model that was trained on the other four, whole
    groups (cards) staying together, so no row is scored by a model that has seen it or its card.
    The calibration learned from these margins is the model's. For short histories, where no later
    window can be spared to calibrate on.

    Parameters
    ----------
    groups : array, shape (n,)
        Key of each row, of any type.
    how : str
        ``isotonic`` or ``platt``.

    Raises as `fit`.  Cost: six fits.
    """
    plain = fit(kind, parameters, train=train, calibration=None, seed=seed)
    keys, codes = np.unique(groups.astype(str), return_inverse=True)
    part = generator(seed, "calibrate").permutation(len(keys))[codes] % CROSS_PARTS
    margins = np.empty(len(train.labels))
    for number in range(CROSS_PARTS):
        held = part == number
        rest = Rows(train.features[~held], train.labels[~held], train.names)
        made = fit(kind, parameters, train=rest, calibration=None, seed=seed)
        margins[held] = made.margins(np.ascontiguousarray(train.features[held]))
    return replace(plain, calibration=calibrate(how, margins=margins, labels=train.labels))
