"""Splits in time: what may train, what may calibrate, what is tested, and the delay between them.

    ├── train ──┼─ calibration ─┤·· delay: labels ripen ··├──── test ────┤·· not mature yet ··┤ T
                                                      cut-off

A row may train or calibrate only if its label was mature before the first test row, for that is
all that could have been known when the tested model would have gone to work.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mintmark.define import Split as Declared
from mintmark.ground import DAY_US, TrainError, format_span, format_time

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Window:
    """A half-open stretch of event time, ``start_at <= at < end_at``, µs UTC."""

    start_at: int
    end_at: int

    def holds(self, at: Integers) -> Flags:
        """Tell for each time whether it lies inside."""
        return (at >= self.start_at) & (at < self.end_at)

    def form(self) -> dict[str, Any]:
        """JSON form, the times readable beside the numbers."""
        return {
            "start_at": self.start_at,
            "end_at": self.end_at,
            "from": format_time(self.start_at),
            "to": format_time(self.end_at),
        }


@dataclass(frozen=True)
class Split:
    """Windows to train, to calibrate (perhaps none) and to test, in that order of time."""

    train: Window
    calibration: Window | None
    test: Window

    @property
    def cutoff_at(self) -> int:
        """When the labels of the rows before the test are read: as the test begins."""
        return self.test.start_at

    def check(self, mature_after_us: int) -> None:
        """Refuse a split that uses a label before it is mature, or a row twice.

        Raises
        ------
        TrainError
            ``train.split.empty`` or ``train.split.illegal``.
        """
        windows = [w for w in (self.train, self.calibration, self.test) if w is not None]
        if any(w.end_at <= w.start_at for w in windows):
            raise TrainError(
                "a window of the split is empty", at="$.split", code="train.split.empty"
            )
        last = windows[-2]
        overlap = any(a.end_at > b.start_at for a, b in pairwise(windows))
        if overlap or last.end_at + mature_after_us > self.test.start_at:
            raise TrainError(
                "a split uses labels that were not mature when its test begins",
                at="$.split",
                got=f"last labelled row before {format_time(last.end_at)}",
                want=f"{format_time(self.test.start_at - mature_after_us)} or earlier",
                hint=f"labels take {format_span(mature_after_us)} to mature; part the windows",
                code="train.split.illegal",
            )

    def form(self) -> dict[str, Any]:
        """JSON form."""
        calibration = self.calibration.form() if self.calibration else None
        return {
            "train": self.train.form(),
            "calibration": calibration,
            "test": self.test.form(),
            "cutoff_at": self.cutoff_at,
        }


def split_in_time(
    requests: Window, declared: Declared, *, mature_after_us: int, known_by_us: int
) -> Split:
    """Count a declared split's windows back from the last day whose labels are mature.

    Parameters
    ----------
    requests : Window
        From the first request to just after the last.
    declared : mintmark.Split
        How long each window is.
    mature_after_us : int
        The label's delay; it stands between what is learned from and the test, and after the test.
    known_by_us : int
        Up to when labels are known, µs UTC.

    Raises
    ------
    TrainError
        ``train.split.too_short`` where nothing is left to train on.

    Examples
    --------
    >>> import mintmark as mm
    >>> declared = mm.Split("card", test="18d", calibration="12d")
    >>> days = 100 * DAY_US
    >>> split = split_in_time(
    ...     Window(0, days), declared, mature_after_us=10 * DAY_US, known_by_us=days
    ... )
    >>> [(w.start_at // DAY_US, w.end_at // DAY_US) for w in (split.train, split.test)]
    [(0, 50), (72, 90)]
    """
    last_day = (known_by_us - mature_after_us) // DAY_US * DAY_US
    end = min(last_day, -(-requests.end_at // DAY_US) * DAY_US)
    test = Window(end - declared.test_us, end)
    labelled = test.start_at - mature_after_us
    trained = labelled - declared.calibration_us
    calibration = Window(trained, labelled) if declared.calibration_us else None
    first = requests.start_at // DAY_US * DAY_US + declared.warmup_us
    start = first if declared.train_us is None else max(first, trained - declared.train_us)
    if start >= trained:
        raise TrainError(
            "the history is too short for this split",
            at="$.model.split",
            got=f"{format_time(requests.start_at)} to {format_time(requests.end_at)}",
            want=f"days before {format_time(trained)} to train on",
            hint=f"labels take {format_span(mature_after_us)} to mature; wait, or test on less",
            code="train.split.too_short",
        )
    split = Split(Window(start, trained), calibration, test)
    split.check(mature_after_us)
    return split


@dataclass(frozen=True)
class Fold:
    """One step of a prequential evaluation: train, wait for the labels, test.

    Attributes
    ----------
    train_start_at : int
        First training day at 00:00, µs UTC.
    train_days, delay_days, test_days : int
        Lengths of the three stretches.
    """

    train_start_at: int
    train_days: int = 7
    delay_days: int = 7
    test_days: int = 7

    @property
    def train(self) -> Window:
        """The training days."""
        return Window(self.train_start_at, self.train_start_at + self.train_days * DAY_US)

    @property
    def test(self) -> Window:
        """The tested days, which begin once the last training day's labels are known."""
        start = self.train.end_at + self.delay_days * DAY_US
        return Window(start, start + self.test_days * DAY_US)


def prequential(latest: Fold, *, folds: int, step_days: int = 7) -> tuple[Fold, ...]:
    """Return `folds` folds, `latest` first and each the next `step_days` earlier.

    Examples
    --------
    >>> [fold.train_start_at // DAY_US for fold in prequential(Fold(70 * DAY_US), folds=3)]
    [70, 63, 56]
    """
    return tuple(
        Fold(
            latest.train_start_at - number * step_days * DAY_US,
            latest.train_days,
            latest.delay_days,
            latest.test_days,
        )
        for number in range(folds)
    )


def known_compromised(cards: npt.NDArray[Any], *, at: Integers, labels: Flags, fold: Fold) -> Flags:
    """Tell for each row whether its card was known to be compromised before the row's day began.

    A card is known once a fraud of it, paid on or after the fold's first training day, is
    `delay_days` old: its label has then arrived, and a real system would have blocked the card.
    Scoring such a card's later payments would be credit for nothing.

    Parameters
    ----------
    cards : array, shape (n,)
        Card key of each row, of any type.
    at : int64[n]
        Event time, µs UTC.
    labels : bool[n]
        True where the payment was a fraud.
    fold : Fold
        Gives the first day and the delay.

    Source
    ------
    Le Borgne et al., Reproducible Machine Learning for Credit Card Fraud Detection, chapter 3
    (``get_train_test_set``), of which this is the closed form.

    Examples
    --------
    >>> day = np.array([0, 14, 15]) * DAY_US
    >>> labels = np.array([True, False, False])
    >>> known_compromised(np.array([7, 7, 8]), at=day, labels=labels, fold=Fold(0)).tolist()
    [False, True, False]
    """
    keys, codes = np.unique(cards, return_inverse=True)
    never = np.iinfo(np.int64).max // 2
    first = np.full(len(keys), never, dtype=np.int64)
    seen = labels & (at >= fold.train_start_at)
    np.minimum.at(first, codes[seen], at[seen])
    day_start = at // DAY_US * DAY_US
    return np.asarray(first[codes] + fold.delay_days * DAY_US < day_start)


def fold_rows(
    fold: Fold, *, cards: npt.NDArray[Any], at: Integers, labels: Flags
) -> tuple[Integers, Integers]:
    """Return positions of a fold's training rows and of its tested rows, known cards left out."""
    known = known_compromised(cards, at=at, labels=labels, fold=fold)
    return np.flatnonzero(fold.train.holds(at)), np.flatnonzero(fold.test.holds(at) & ~known)
