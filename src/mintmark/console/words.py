"""Numbers and names as people read them."""

import math
from html import escape

__all__ = ["METRICS", "count", "escape", "number", "share"]

# What a metric is called on a page; its key is its name in records and gates.
METRICS = {
    "auc_roc": "ROC AUC",
    "average_precision": "average precision",
    "card_precision_100": "card precision@100",
    "recall_at_budget": "recall at the alert budget",
    "calibration_error": "expected calibration error",
    "money_saved": "money saved",
    "latency_ms_p99": "latency p99, ms",
    "fpr_ratio": "false-positive-rate ratio",
}


def count(value: float) -> str:
    """Return a whole number with thin groups of three.

    Examples
    --------
    >>> count(1303778)
    '1,303,778'
    """
    return f"{int(value):,}"


def number(value: float | None, digits: int, *, signed: bool = False) -> str:
    """Return a figure with `digits` decimals; a missing or NaN figure is an em dash.

    Examples
    --------
    >>> number(0.68712, 3), number(None, 3), number(0.5, 2, signed=True)
    ('0.687', '—', '+0.50')
    """
    if value is None or math.isnan(value):
        return "—"
    if abs(value) >= 1000:
        return f"{value:+,.0f}" if signed else f"{value:,.0f}"
    return f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"


def share(value: float) -> str:
    """Return a share as a percentage.

    Examples
    --------
    >>> share(0.0125)
    '1.25 %'
    """
    return f"{100 * value:.2f} %"
