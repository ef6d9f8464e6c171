"""An evaluation that passes every gate, for tests to spoil in one place at a time."""

import copy
from typing import Any

NOW = 1_533_686_400_000_000  # 2018-08-08
MODEL = "sha256:" + "a" * 64


def figure(value: float, spread: float = 0.01, n: int = 50_000) -> dict[str, Any]:
    """A figure with an interval around it."""
    return {"value": value, "low": value - spread, "high": value + spread, "n": n}


GOOD: dict[str, Any] = {
    "model": MODEL,
    "floor": "sha256:" + "f" * 64,
    "figures": {
        "auc_roc": figure(0.88),
        "average_precision": figure(0.66),
        "card_precision_100": figure(0.30),
        "recall_at_budget": figure(0.55),
        "calibration_error": figure(0.004, 0.001),
        "money_saved": figure(250_000.0, 9_000.0),
        "latency_ms_p99": figure(0.4, 0.1),
        "fpr_ratio": figure(0.91, 0.05),
    },
    "floor_figures": {"average_precision": figure(0.60), "calibration_error": figure(0.01, 0.001)},
    "champion_figures": None,
    "differences": {
        "average_precision": {"against": "floor", "value": 0.06, "low": 0.04, "high": 0.08},
        "calibration_error": {"against": "floor", "value": -0.006, "low": -0.008, "high": -0.004},
    },
    "groups": {
        "fpr_ratio": {
            "BE": {"value": 0.010, "n": 30_000, "n_positive": 200},
            "NL": {"value": 0.011, "n": 20_000, "n_positive": 150},
        }
    },
    "window": {"from": NOW - 7 * 86_400_000_000, "to": NOW},
}


def spoiled(*path: str, value: Any = None, drop: bool = False) -> dict[str, Any]:
    """Return the good evaluation with one place changed or dropped."""
    made = copy.deepcopy(GOOD)
    place = made
    for name in path[:-1]:
        place = place[name]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made
