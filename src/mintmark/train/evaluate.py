"""Evaluation: every figure of a model on the test rows, beside its floor and the champion.

All models are scored on the same frozen, mature rows, and all intervals come from the same draws
of cards, so that a difference is a paired one.  Nothing is judged here: the figures go to the
gates as they are, and one that does not exist is null.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mintmark.engine.bootstrap import Interval, Resampled, Resampling, Statistic
from mintmark.engine.metrics import (
    Budget,
    CardDays,
    GroupRates,
    Ranking,
    Reliability,
    percentile,
    realised_cost,
)
from mintmark.engine.policy import ACTIONS, PolicyTable
from mintmark.ground import DAY_US, TrainError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Keys = npt.NDArray[Any]

_CURVE_BINS, _SCORE_BINS = 20, 40


@dataclass(frozen=True)
class Tested:
    """The rows held out for the test: what is true of them whichever model scores them.

    Attributes
    ----------
    labels : bool[n]
        True where the payment was a fraud; every row is mature.
    at : int64[n]
        Event time, µs UTC.
    cards : array[n]
        The key that budgets and draws go by.
    amounts : float64[n]
        The policy's money field in major units, NaN where unknown.
    groups : array[n] or None
        The attribute by which treatment is compared.
    """

    labels: Flags
    at: npt.NDArray[np.int64]
    cards: Keys
    amounts: Floats
    groups: Keys | None = None

    def check(self) -> None:
        """Refuse a test without rows; a test without frauds only has figures that do not exist."""
        if not len(self.labels):
            raise TrainError(
                "there are no mature rows to test on",
                got="0 rows",
                want="at least one",
                hint="wait for labels to mature, or move the test window back",
                code="train.evaluate.empty",
            )


@dataclass(frozen=True)
class Candidate:
    """A model with its scores of the test rows and, in process, its milliseconds per row."""

    digest: str
    margins: Floats
    probabilities: Floats
    latencies_ms: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Protocol:
    """How the figures are taken, the same for every model.

    Attributes
    ----------
    policy : PolicyTable
        Turns probability and amount into an action.
    alerts_per_day : int
        Budget of `recall_at_budget`.
    seed, rounds : int
        Fix the draws.
    against : mapping
        For each metric the model that the difference is to, ``floor`` or ``champion``; a metric
        not named is set against the champion where there is one, else the floor.
    """

    policy: PolicyTable
    alerts_per_day: int = 100
    seed: int = 0
    rounds: int = 200
    against: Mapping[str, str] = field(default_factory=dict)


def evaluate(
    model: Candidate,
    *,
    floor: Candidate,
    champion: Candidate | None,
    tested: Tested,
    protocol: Protocol,
) -> dict[str, Any]:
    """Measure a model, its floor and the champion on the same rows.

    Returns
    -------
    dict
        ``model``, ``floor``, ``champion`` (digests), ``figures``, ``floor_figures``,
        ``champion_figures`` (or None), ``differences``, ``groups`` (or None), ``window``,
        ``curves``; a figure is ``{"value", "low", "high", "n"}``.

    Raises
    ------
    TrainError
        ``train.evaluate.empty``.

    Cost: 60,000 rows, two models, 200 draws: 2.3 s.
    """
    tested.check()
    tested = replace(
        tested,
        cards=_sortable(tested.cards),
        groups=None if tested.groups is None else _sortable(tested.groups),
    )
    named = {"model": model, "floor": floor}
    if champion is not None:
        named["champion"] = champion
    statistics: dict[str, Statistic] = {}
    for role, candidate in named.items():
        for metric, statistic in _statistics(candidate, tested, protocol).items():
            statistics[f"{role} {metric}"] = statistic
    drawn = Resampling.of(tested.cards, seed=protocol.seed, rounds=protocol.rounds).run(statistics)
    timed = _latencies(named, protocol)
    figures = {role: _figures(role, drawn, timed) for role in named}
    return {
        "model": model.digest,
        "floor": floor.digest,
        "champion": champion.digest if champion else None,
        "figures": figures["model"],
        "floor_figures": figures["floor"],
        "champion_figures": figures.get("champion"),
        "differences": _differences(drawn, timed, protocol),
        "groups": _groups(model, tested, protocol),
        "window": _window(tested),
        "curves": _curves(named, tested),
    }


def _sortable(keys: Keys) -> Keys:
    """Keys that numpy can sort: text, in which a missing key reads "none"."""
    if keys.dtype.kind != "O":
        return keys
    return np.array(["none" if key is None else str(key) for key in keys])


def _statistics(candidate: Candidate, tested: Tested, protocol: Protocol) -> dict[str, Statistic]:
    """Every metric of one model as a function of row weights."""
    labels, cards, days = tested.labels, tested.cards, tested.at // DAY_US
    margins = candidate.margins
    ranking = Ranking.of(margins, labels=labels)
    alerts = protocol.alerts_per_day
    found: dict[str, Statistic] = {
        "auc_roc": ranking.auc_roc,
        "average_precision": ranking.average_precision,
        "card_precision_100": CardDays.of(margins, labels=labels, cards=cards, days=days).precision,
        "recall_at_budget": Budget.of(
            margins, labels=labels, days=days, alerts_per_day=alerts
        ).recall,
        "calibration_error": Reliability.of(candidate.probabilities, labels=labels).error,
        "money_saved": _saving(candidate, tested, protocol.policy),
    }
    if tested.groups is not None:
        flagged = _actions(candidate, tested, protocol.policy) != 0
        found["fpr_ratio"] = GroupRates.of(flagged, labels=labels, groups=tested.groups).ratio
    return found


def _actions(candidate: Candidate, tested: Tested, policy: PolicyTable) -> npt.NDArray[np.int64]:
    """Code of the action that the policy takes on each row, 0 for approve."""
    return np.asarray(policy.decide(candidate.probabilities, tested.amounts)[0], dtype=np.int64)


def _saving(candidate: Candidate, tested: Tested, policy: PolicyTable) -> Statistic:
    """What the policy's actions really cost less than approving; unknown amounts are left out."""
    needed = policy.field is not None
    known = np.isfinite(tested.amounts) if needed else np.ones(len(tested.labels), dtype=bool)
    amounts = np.where(known & needed, tested.amounts, 0.0)
    costs = {}
    for action in ACTIONS:
        cost = getattr(policy, action)
        fraud, genuine = cost.if_fraud, cost.if_genuine
        costs[action] = ((fraud.fixed, fraud.rate), (genuine.fixed, genuine.rate))
    actions = np.array(ACTIONS)[_actions(candidate, tested, policy)]
    approving = np.full(len(actions), "approve")
    chosen, approved = (
        realised_cost(taken, labels=tested.labels, amounts=amounts, costs=costs)
        for taken in (actions, approving)
    )
    gain = np.where(known, approved - chosen, 0.0)
    return lambda weights: float(np.sum(gain if weights is None else gain * weights))


def _latencies(named: Mapping[str, Candidate], protocol: Protocol) -> Resampled | None:
    """The 99th percentile of the models that were timed, drawn row by row."""
    timed = {role: c.latencies_ms for role, c in named.items() if len(c.latencies_ms)}
    if "model" not in timed:
        return None
    count = len(timed["model"])

    def statistic(latencies_ms: Floats) -> Statistic:
        return lambda weights: percentile(latencies_ms, weights=weights)

    alike = {f"{r} latency_ms_p99": statistic(ms) for r, ms in timed.items() if len(ms) == count}
    return Resampling.of(np.arange(count), seed=protocol.seed, rounds=protocol.rounds).run(alike)


def _figures(role: str, drawn: Resampled, timed: Resampled | None) -> dict[str, Any]:
    """Figures of one model by metric."""
    found: dict[str, Any] = {}
    for run in (drawn, timed):
        for name in run.values if run is not None else ():
            owner, metric = name.split(" ")
            if run is not None and owner == role:
                found[metric] = run.figure(name).form()
    return found


def _differences(drawn: Resampled, timed: Resampled | None, protocol: Protocol) -> dict[str, Any]:
    """The model's figure less the other's, metric by metric, on the same draws."""
    found: dict[str, Any] = {}
    for run in (drawn, timed):
        for name in run.values if run is not None else ():
            owner, metric = name.split(" ")
            if run is None or owner != "model":
                continue
            usual = "champion" if f"champion {metric}" in run.values else "floor"
            against = protocol.against.get(metric, usual)
            other = f"{against} {metric}"
            if other in run.values:
                gap: Interval = run.difference(name, against=other)
                found[metric] = {"against": against, **gap.form()}
    return found


def _groups(candidate: Candidate, tested: Tested, protocol: Protocol) -> dict[str, Any] | None:
    """Figures of the model within each group, for the metrics that mean something there."""
    if tested.groups is None:
        return None
    flagged = _actions(candidate, tested, protocol.policy) != 0
    rates = GroupRates.of(flagged, labels=tested.labels, groups=tested.groups).table()
    found: dict[str, dict[str, Any]] = {"fpr_ratio": rates}
    for group in np.unique(tested.groups):
        inside = tested.groups == group
        labels = tested.labels[inside]
        ranking = Ranking.of(candidate.margins[inside], labels=labels)
        reliability = Reliability.of(candidate.probabilities[inside], labels=labels)
        sizes = {"n": len(labels), "n_positive": int(labels.sum())}
        for metric, value in (
            ("auc_roc", ranking.auc_roc()),
            ("average_precision", ranking.average_precision()),
            ("calibration_error", reliability.error()),
        ):
            found.setdefault(metric, {})[str(group)] = {"value": value, **sizes}
    for members in found.values():
        for entry in members.values():
            entry["value"] = float(entry["value"]) if np.isfinite(entry["value"]) else None
    return found


def _window(tested: Tested) -> dict[str, Any]:
    """Which rows the figures are of."""
    return {
        "start_at": int(tested.at.min()),
        "end_at": int(tested.at.max()) + 1,
        "rows": len(tested.labels),
        "frauds": int(tested.labels.sum()),
        "cards": len(np.unique(tested.cards)),
        "days": len(np.unique(tested.at // DAY_US)),
    }


def _curves(named: Mapping[str, Candidate], tested: Tested) -> dict[str, Any]:
    """What the report draws: precision-recall, calibration, and scores by class."""
    model, labels = named["model"], tested.labels
    pairs = {}
    for role, candidate in named.items():
        curve = Ranking.of(candidate.margins, labels=labels).curve()
        pairs[role] = [list(pair) for pair in zip(curve["recall"], curve["precision"], strict=True)]
    bins = Reliability.of(model.probabilities, labels=labels, bins=_CURVE_BINS).table()
    low, high = float(model.margins.min()), float(model.margins.max())
    edges = np.linspace(low, high if high > low else low + 1.0, _SCORE_BINS + 1)
    counts = {
        name: np.histogram(model.margins[rows], bins=edges)[0].tolist()
        for name, rows in (("genuine", ~labels), ("fraud", labels))
    }
    return {
        "precision_recall": pairs,
        "calibration": [
            {"predicted": predicted, "observed": observed, "n": int(n)}
            for n, predicted, observed in zip(
                bins["n"], bins["predicted"], bins["observed"], strict=True
            )
        ],
        "scores": {"edges": edges.tolist(), "counts": counts},
    }
