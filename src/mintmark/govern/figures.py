"""The figures that gates may name, and how to read one out of an evaluation without trusting it.

Nothing here measures. A figure that is missing, not a number, or outside the range that its metric
can have is one thing: no figure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Metric:
    """What a metric's figures mean: which way is better, and what they can be at all."""

    better: Literal["higher", "lower"]
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""


METRICS: Mapping[str, Metric] = {
    "auc_roc": Metric("higher", 0.0, 1.0),
    "average_precision": Metric("higher", 0.0, 1.0),
    "card_precision_100": Metric("higher", 0.0, 1.0),
    "recall_at_budget": Metric("higher", 0.0, 1.0),
    "calibration_error": Metric("lower", 0.0, 1.0),
    "money_saved": Metric("higher"),
    "latency_ms_p99": Metric("lower", 0.0, unit="ms"),
    "fpr_ratio": Metric("higher", 0.0, 1.0),
}
"""Every metric that a gate may name."""

OVERALL = frozenset(("fpr_ratio",))
"""Metrics that compare groups: one figure over all of them, and a rate for each."""


@dataclass(frozen=True)
class Figure:
    """A figure with its interval and the number of cases behind it; None for what is not there."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether there is an interval around the value."""
        return self.value is not None and self.low is not None and self.high is not None

    def form(self) -> dict[str, float | int | None]:
        """Return the figure as plain JSON."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}

    def text(self) -> str:
        """Return the figure for people.

        Examples
        --------
        >>> Figure(0.69123, 0.67, 0.71).text()
        '0.6912 [0.67, 0.71]'
        >>> Figure().text()
        'no figure'
        """
        if self.value is None:
            return "no figure"
        interval = f" [{self.low:.4g}, {self.high:.4g}]" if self.bounded else ""
        return f"{self.value:.4g}{interval}"


def read_figure(entry: Any, metric: Metric | None = None) -> Figure:
    """Read a figure from an evaluation; whatever is not a whole and possible one is no figure.

    Parameters
    ----------
    entry : mapping or None
        ``value``, and ``low``, ``high``, ``n`` where they are known.
    metric : Metric, optional
        What the value can be.

    Examples
    --------
    >>> read_figure({"value": float("nan"), "n": 10}).value is None
    True
    >>> read_figure({"value": 1.2}, METRICS["auc_roc"]).value is None
    True
    """
    if not isinstance(entry, Mapping):
        return Figure()
    value, low, high = (_number(entry.get(name)) for name in ("value", "low", "high"))
    n = entry.get("n")
    cases = n if isinstance(n, int) and not isinstance(n, bool) else None
    if metric is not None and value is not None and not metric.low <= value <= metric.high:
        value = None
    if cases == 0:
        value = None
    if low is None or high is None or low > high:
        low = high = None
    return Figure(value, low, high, cases)


def _number(value: Any) -> float | None:
    """Return a finite number as a float, anything else as None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
