"""Figures of merit of scores, each a pure function of arrays and each ready to be resampled.

Every metric comes in two forms.  The function (`auc_roc`, `card_precision`, ...) takes arrays and
returns the figure.  The frozen value behind it (`Ranking`, `Days`, ...) has done the sorting once
and answers again and again for row weights; that is what `engine.bootstrap` calls.  A weight of
two means "this row was drawn twice"; no weights means one each.

Equal scores are never ordered by accident: they form one threshold (ROC area, average
precision), share the last places of a budget in proportion (recall at a budget), or go by the
card's key (card precision, which by its definition needs a list of cards).  A figure that does
not exist, for want of frauds say, is NaN; nothing here judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mintmark.engine.ranking import Budget, CardDays, Flags, Floats, Indices, Ranking, columns
from mintmark.ground import EngineError

__all__ = [
    "Budget",
    "CardDays",
    "GroupRates",
    "Ranking",
    "Reliability",
    "auc_roc",
    "average_precision",
    "calibration_error",
    "card_precision",
    "fpr_ratio",
    "money_saved",
    "percentile",
    "realised_cost",
    "recall_at_budget",
]


def auc_roc(scores: npt.ArrayLike, *, labels: npt.ArrayLike) -> float:
    """Return the area under the ROC curve, equal scores counted one half.

    Parameters
    ----------
    scores : array of float, shape (n,)
        Any monotone score; higher is riskier.
    labels : array of bool, shape (n,)
        True where the payment was a fraud.

    Returns
    -------
    float
        0..1, or NaN when only one class is present.

    Examples
    --------
    >>> auc_roc([0.9, 0.4, 0.4, 0.1], labels=[True, True, False, False])
    0.875
    """
    return Ranking.of(scores, labels=labels).auc_roc()


def average_precision(scores: npt.ArrayLike, *, labels: npt.ArrayLike) -> float:
    """Return the average precision: the sum of precision times the gain in recall.

    One step per distinct score, no interpolation (scikit-learn's definition).  NaN without a
    fraud.

    Examples
    --------
    >>> round(average_precision([0.9, 0.4, 0.4, 0.1], labels=[True, True, False, False]), 4)
    0.8333
    """
    return Ranking.of(scores, labels=labels).average_precision()


def card_precision(
    scores: npt.ArrayLike,
    *,
    labels: npt.ArrayLike,
    cards: npt.ArrayLike,
    days: npt.ArrayLike,
    k: int = 100,
    remove_detected: bool = True,
) -> float:
    """Return the card precision at `k`: of the `k` riskiest cards a day, the share compromised.

    Parameters
    ----------
    scores : array of float, shape (n,)
        Score of each payment; a card's score on a day is its highest.
    labels : array of bool, shape (n,)
    cards : array, shape (n,)
        Card key of each payment.
    days : array of int, shape (n,)
        Day number of each payment.
    k : int
        Cards that can be looked into each day; the divisor even on a day with fewer cards.
    remove_detected : bool
        Whether a compromised card leaves the days after the one it was found on.

    Returns
    -------
    float
        Mean over the days present.  Its ceiling is the number of compromised cards a day over `k`.

    Source
    ------
    Le Borgne et al., Reproducible Machine Learning for Credit Card Fraud Detection, chapter 4
    ("card precision top-k").  Equal scores, which the book leaves to its sort, go by card key.

    Examples
    --------
    >>> card_precision([0.9, 0.8, 0.7], labels=[True, False, True], cards=[1, 2, 1],
    ...                days=[0, 0, 1], k=1)
    0.5
    """
    reduced = CardDays.of(scores, labels=labels, cards=cards, days=days)
    return reduced.precision(k=k, remove_detected=remove_detected)


def recall_at_budget(
    scores: npt.ArrayLike,
    *,
    labels: npt.ArrayLike,
    days: npt.ArrayLike,
    alerts_per_day: int = 100,
) -> float:
    """Return the share of all frauds among each day's `alerts_per_day` highest scores.

    Rows of one score that do not all fit share the places left in proportion, which is the mean
    over every order of the tie.  NaN without a fraud.

    Examples
    --------
    >>> recall_at_budget([0.9, 0.9, 0.2], labels=[True, False, True], days=[0, 0, 1],
    ...                  alerts_per_day=1)
    0.75
    """
    return Budget.of(scores, labels=labels, days=days, alerts_per_day=alerts_per_day).recall()


@dataclass(frozen=True)
class Reliability:
    """Rows put once into bins of about equal mass by predicted probability.

    Equal probabilities always share a bin (the one their middle falls in), so an isotonic
    staircase is not cut in an order that its rows happen to have.
    """

    bins: Indices
    count: int
    probabilities: Floats
    labels: Floats

    @classmethod
    def of(
        cls, probabilities: npt.ArrayLike, *, labels: npt.ArrayLike, bins: int = 10
    ) -> Reliability:
        """Bin rows of `probabilities` in 0..1 and boolean `labels`."""
        chance, label = columns(probabilities=probabilities, labels=labels)
        _, step, sizes = np.unique(chance, return_inverse=True, return_counts=True)
        middle = (np.cumsum(sizes) - sizes / 2) / max(len(chance), 1)
        chosen = np.minimum((middle * bins).astype(np.int64), bins - 1)[step]
        return cls(chosen, bins, chance.astype(np.float64), label.astype(np.float64))

    def _sums(self, weights: Floats | None) -> tuple[Floats, Floats, Floats]:
        """Rows, sum of probabilities and sum of labels of each bin."""
        mass = np.ones(len(self.bins)) if weights is None else weights
        rows, predicted, came = (
            np.bincount(self.bins, weights=column, minlength=self.count).astype(np.float64)
            for column in (mass, mass * self.probabilities, mass * self.labels)
        )
        return rows, predicted, came

    def error(self, weights: Floats | None = None) -> float:
        """Mean distance between what was predicted and what came, over the bins."""
        rows, predicted, came = self._sums(weights)
        total = float(rows.sum())
        return float(np.abs(predicted - came).sum()) / total if total > 0 else float("nan")

    def table(self) -> dict[str, list[float]]:
        """Rows, mean probability and share of frauds of each bin that holds a row."""
        sums = self._sums(None)
        rows, predicted, came = (column[sums[0] > 0] for column in sums)
        return {
            "n": rows.tolist(),
            "predicted": (predicted / rows).tolist(),
            "observed": (came / rows).tolist(),
        }


def calibration_error(
    probabilities: npt.ArrayLike, *, labels: npt.ArrayLike, bins: int = 10
) -> float:
    """Return the expected calibration error over `bins` bins of about equal mass.

    A draw of the rows can only blur a well calibrated model, so the bootstrap interval of a very
    small error may lie above the error itself.

    Examples
    --------
    >>> round(calibration_error([0.2, 0.2, 0.8, 0.8], labels=[0, 0, 1, 1], bins=2), 4)
    0.2
    """
    return Reliability.of(probabilities, labels=labels, bins=bins).error()


def realised_cost(
    actions: npt.ArrayLike,
    *,
    labels: npt.ArrayLike,
    amounts: npt.ArrayLike,
    costs: Mapping[str, tuple[tuple[float, float], tuple[float, float]]],
) -> Floats:
    """Return what each payment's action cost, now that its label is known.

    Parameters
    ----------
    actions : array of str, shape (n,)
        Action taken on each payment, a key of `costs`.
    labels : array of bool, shape (n,)
    amounts : array of float, shape (n,)
        Amount in the unit that the policy's costs are written in.
    costs : mapping
        ``{action: ((fixed, rate) if it was a fraud, (fixed, rate) if it was genuine)}``; a cost is
        ``fixed + rate * amount``.

    Raises
    ------
    EngineError
        ``engine.metrics.unknown_action`` where an action has no cost.
    """
    action, label, amount = columns(actions=actions, labels=labels, amounts=amounts)
    unknown = set(np.unique(action).tolist()) - set(costs)
    if unknown:
        raise EngineError(
            "an action has no declared cost",
            got=", ".join(sorted(map(str, unknown))),
            want="one of " + ", ".join(sorted(costs)),
            code="engine.metrics.unknown_action",
        )
    total = np.zeros(len(action))
    for name, (fraud, genuine) in costs.items():
        cost = np.where(label, fraud[0] + fraud[1] * amount, genuine[0] + genuine[1] * amount)
        total = np.where(action == name, cost, total)
    return total


def money_saved(
    costs: npt.ArrayLike, *, approving: npt.ArrayLike, weights: Floats | None = None
) -> float:
    """Return how much less the chosen actions cost than approving every payment.

    `costs` and `approving` hold, per payment and in one currency, the cost (expected or realised)
    of the chosen action and of approving.  NaN without a row.

    Examples
    --------
    >>> money_saved([0.0, 5.0], approving=[0.0, 120.0])
    115.0
    """
    chosen, approve = columns(costs=costs, approving=approving)
    if not len(chosen):
        return float("nan")
    gain = approve - chosen
    return float(np.sum(gain if weights is None else gain * weights))


@dataclass(frozen=True)
class GroupRates:
    """False-positive rates of groups: of a group's genuine payments, the share not approved."""

    names: tuple[str, ...]
    codes: Indices
    flagged: Flags
    labels: Flags

    @classmethod
    def of(
        cls, flagged: npt.ArrayLike, *, labels: npt.ArrayLike, groups: npt.ArrayLike
    ) -> GroupRates:
        """Split rows by `groups` (any keys); `flagged` says that the row was not approved."""
        flag, label, group = columns(flagged=flagged, labels=labels, groups=groups)
        keys, codes = np.unique(group, return_inverse=True)
        names = tuple(map(str, keys.tolist()))
        return cls(names, codes.astype(np.int64), flag.astype(bool), label.astype(bool))

    def rates(self, weights: Floats | None = None) -> Floats:
        """False-positive rate of each group of `names`; NaN for one with no genuine payment."""
        mass = np.where(self.labels, 0.0, 1.0 if weights is None else weights)
        genuine = np.bincount(self.codes, weights=mass, minlength=len(self.names))
        wrong = np.bincount(self.codes, weights=mass * self.flagged, minlength=len(self.names))
        unknown = np.full(len(genuine), np.nan)
        return np.asarray(np.divide(wrong, genuine, out=unknown, where=genuine > 0))

    def ratio(self, weights: Floats | None = None) -> float:
        """Smallest rate over the largest: 1 is equal treatment, NaN where a group has no rate."""
        rates = self.rates(weights)
        if len(rates) < 2 or np.isnan(rates).any():
            return float("nan")
        return 1.0 if rates.max() == 0 else float(rates.min() / rates.max())

    def table(self) -> dict[str, dict[str, float | int]]:
        """Rate of each group with its rows (`n`) and its frauds (`n_positive`)."""
        rates = self.rates()
        size = np.bincount(self.codes, minlength=len(self.names))
        frauds = np.bincount(self.codes[self.labels], minlength=len(self.names))
        return {
            name: {"value": float(rates[i]), "n": int(size[i]), "n_positive": int(frauds[i])}
            for i, name in enumerate(self.names)
        }


def fpr_ratio(flagged: npt.ArrayLike, *, labels: npt.ArrayLike, groups: npt.ArrayLike) -> float:
    """Return the smallest group's false-positive rate over the largest group's.

    Examples
    --------
    >>> fpr_ratio([1, 0, 1, 1], labels=[0, 0, 0, 0], groups=["north", "north", "south", "south"])
    0.5
    """
    return GroupRates.of(flagged, labels=labels, groups=groups).ratio()


def percentile(
    latencies_ms: npt.ArrayLike, *, share: float = 0.99, weights: Floats | None = None
) -> float:
    """Return the nearest-rank percentile: the least value that `share` of the rows do not exceed.

    Examples
    --------
    >>> percentile([4.0, 1.0, 2.0, 3.0], share=0.5)
    2.0
    """
    (latency,) = columns(latencies_ms=latencies_ms)
    order = np.argsort(latency, kind="stable")
    running = np.cumsum(np.ones(len(order)) if weights is None else weights[order])
    if not len(order) or running[-1] <= 0:
        return float("nan")
    at = int(np.searchsorted(running, share * running[-1] * (1 - 1e-12), side="left"))
    return float(latency[order[min(at, len(order) - 1)]])
