"""Rows sorted once, so that a figure of merit can be asked for again under other row weights.

Not the figures' definitions (those stand in `engine.metrics`, which is what other rooms call) but
the sorted values behind the ones that rank: over all rows, over the cards of each day, over the
rows of each day.  A weight of two means "this row was drawn twice"; no weights means one each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mintmark.ground import EngineError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
Keys = npt.NDArray[Any]


def columns(**named: npt.ArrayLike) -> tuple[npt.NDArray[Any], ...]:
    """Return the arrays, which must be of one length and hold finite numbers only.

    A NaN among scores would sort somewhere and mean nothing.

    Raises
    ------
    EngineError
        ``engine.metrics.length`` or ``engine.metrics.not_finite``.
    """
    arrays = {name: np.asarray(column) for name, column in named.items()}
    lengths = {name: array.shape for name, array in arrays.items()}
    if len(set(lengths.values())) > 1 or any(array.ndim != 1 for array in arrays.values()):
        raise EngineError(
            "the columns of a metric differ in length",
            got=", ".join(f"{name} {shape}" for name, shape in lengths.items()),
            want="one value per row in each",
            code="engine.metrics.length",
        )
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise EngineError(
                f"{name} of a metric hold a value that is not finite",
                got=f"{int((~np.isfinite(array)).sum())} of {len(array)} rows",
                want="finite numbers",
                code="engine.metrics.not_finite",
            )
    return tuple(arrays.values())


def tie_ends(first: Keys, *others: Keys) -> Indices:
    """Return the position of the last row of each run of equal values, for rows already sorted."""
    changed = np.zeros(max(len(first) - 1, 0), dtype=bool)
    for column in (first, *others):
        changed |= column[1:] != column[:-1]
    last = np.flatnonzero(changed)
    return np.append(last, len(first) - 1) if len(first) else last


@dataclass(frozen=True)
class Ranking:
    """Rows sorted once by falling score, for the two areas under a curve.

    Examples
    --------
    >>> ranking = Ranking.of([0.9, 0.4, 0.4, 0.1], labels=[True, True, False, False])
    >>> ranking.auc_roc(), round(ranking.average_precision(), 4)
    (0.875, 0.8333)
    """

    order: Indices
    labels: Floats
    ends: Indices
    scores: Floats

    @classmethod
    def of(cls, scores: npt.ArrayLike, *, labels: npt.ArrayLike) -> Ranking:
        """Sort rows of `scores` (higher is riskier) and boolean `labels` (True is fraud)."""
        score, label = columns(scores=scores, labels=labels)
        order = np.argsort(-score, kind="stable")
        ranked = score[order].astype(np.float64)
        return cls(order, label[order].astype(np.float64), tie_ends(ranked), ranked)

    def _running(self, weights: Floats | None) -> tuple[Floats, Floats]:
        """Frauds and rows at or above each threshold."""
        mass = np.ones(len(self.order)) if weights is None else weights[self.order]
        return np.cumsum(mass * self.labels)[self.ends], np.cumsum(mass)[self.ends]

    def auc_roc(self, weights: Floats | None = None) -> float:
        """Area under the ROC curve: how often a fraud outscores a genuine row, ties one half."""
        frauds, rows = self._running(weights)
        genuine = rows - frauds
        if not len(rows) or frauds[-1] <= 0 or genuine[-1] <= 0:
            return float("nan")
        below = genuine[-1] - (genuine + np.concatenate(([0.0], genuine[:-1]))) / 2
        won = float(np.sum(np.diff(frauds, prepend=0.0) * below))
        return won / float(frauds[-1] * genuine[-1])

    def average_precision(self, weights: Floats | None = None) -> float:
        """Precision at each threshold, averaged with the gain in recall there as its weight."""
        frauds, rows = self._running(weights)
        if not len(rows) or frauds[-1] <= 0:
            return float("nan")
        precision = np.divide(frauds, rows, out=np.zeros_like(frauds), where=rows > 0)
        return float(np.sum(np.diff(frauds, prepend=0.0) * precision) / frauds[-1])

    def curve(self, points: int = 200) -> dict[str, list[float]]:
        """Precision-recall curve of at most `points` thresholds, evenly spaced in recall."""
        frauds, rows = self._running(None)
        if not len(rows) or frauds[-1] <= 0:
            return {"recall": [], "precision": [], "score": []}
        wanted = np.linspace(frauds[-1] / points, frauds[-1], points)
        at = np.unique(np.searchsorted(frauds, wanted, side="left"))
        return {
            "recall": (frauds[at] / frauds[-1]).tolist(),
            "precision": (frauds[at] / rows[at]).tolist(),
            "score": self.scores[self.ends[at]].tolist(),
        }


@dataclass(frozen=True)
class CardDays:
    """Cards of each day by falling best score, for card precision.

    A card's score on a day is its highest, and it is compromised that day if any of its payments
    is a fraud.  Equal scores are ordered by card key, so the order of rows does not matter.
    """

    days: tuple[tuple[Indices, Flags, Indices], ...]
    cards: int

    @classmethod
    def of(
        cls,
        scores: npt.ArrayLike,
        *,
        labels: npt.ArrayLike,
        cards: npt.ArrayLike,
        days: npt.ArrayLike,
    ) -> CardDays:
        """Reduce rows to cards a day; `cards` are keys of any type, `days` whole numbers."""
        score, label, card, day = columns(scores=scores, labels=labels, cards=cards, days=days)
        keys, codes = np.unique(card, return_inverse=True)
        order = np.lexsort((-score, codes, day))
        score, label, code, day = score[order], label[order], codes[order], day[order]
        ends = tie_ends(day, code)
        starts = np.concatenate(([0], ends[:-1] + 1)).astype(np.int64) if len(ends) else ends
        found = np.maximum.reduceat(label, starts) > 0 if len(ends) else np.zeros(0, dtype=bool)
        best, code, day, row = score[starts], code[starts], day[starts], order[starts]
        parts = []
        for date in np.unique(day):
            rows = np.flatnonzero(day == date)
            rows = rows[np.lexsort((code[rows], -best[rows]))]
            parts.append((code[rows].astype(np.int64), found[rows], row[rows]))
        return cls(tuple(parts), len(keys))

    def by_day(
        self,
        weights: Floats | None = None,
        *,
        k: int = 100,
        remove_detected: bool = True,
    ) -> tuple[Floats, Floats]:
        """Card precision of each day, and how many compromised cards were there to find.

        `weights` are row weights that are equal over the rows of a card.
        """
        detected = np.zeros(self.cards, dtype=bool)
        precision, compromised = [], []
        for cards, fraud, rows in self.days:
            mass = np.ones(len(rows)) if weights is None else weights[rows]
            if remove_detected:
                mass = np.where(detected[cards], 0.0, mass)
            taken = np.clip(k - (np.cumsum(mass) - mass), 0.0, mass)
            caught = taken * fraud
            detected[cards[caught > 0]] = True
            precision.append(float(caught.sum()) / k)
            compromised.append(float((mass * fraud).sum()))
        return np.array(precision), np.array(compromised)

    def precision(
        self, weights: Floats | None = None, *, k: int = 100, remove_detected: bool = True
    ) -> float:
        """Card precision, its mean over the days; NaN when there is no day."""
        if not self.days:
            return float("nan")
        return float(np.mean(self.by_day(weights, k=k, remove_detected=remove_detected)[0]))


@dataclass(frozen=True)
class Budget:
    """Rows of each day by falling score, for what a fixed number of alerts a day would catch."""

    order: Indices
    labels: Floats
    ends: Indices
    first_group: Indices
    alerts_per_day: int

    @classmethod
    def of(
        cls,
        scores: npt.ArrayLike,
        *,
        labels: npt.ArrayLike,
        days: npt.ArrayLike,
        alerts_per_day: int,
    ) -> Budget:
        """Sort rows within their day; `first_group` is where each tie's day begins."""
        score, label, day = columns(scores=scores, labels=labels, days=days)
        order = np.lexsort((-score, day))
        ends = tie_ends(day[order], score[order])
        of_day = day[order][ends]
        first = np.searchsorted(of_day, of_day, side="left")
        return cls(order, label[order].astype(np.float64), ends, first, alerts_per_day)

    def recall(self, weights: Floats | None = None) -> float:
        """Share of the frauds that the alerts catch; NaN without a fraud."""
        mass = np.ones(len(self.order)) if weights is None else weights[self.order]
        if not len(mass):
            return float("nan")
        rows = np.diff(np.cumsum(mass)[self.ends], prepend=0.0)
        frauds = np.diff(np.cumsum(mass * self.labels)[self.ends], prepend=0.0)
        before = np.cumsum(rows) - rows
        before -= before[self.first_group]
        taken = np.clip(self.alerts_per_day - before, 0.0, rows)
        share = np.divide(taken, rows, out=np.zeros_like(rows), where=rows > 0)
        total = float(frauds.sum())
        return float(np.sum(frauds * share)) / total if total > 0 else float("nan")
