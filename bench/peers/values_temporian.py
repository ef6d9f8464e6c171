"""Temporian: values by its moving operators on an event set indexed by key.

Times are float64 seconds there. numpy is pinned below 2: with a newer one it answers wrong sums.
Its standard deviation divides by n and is brought to n - 1 here.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import temporian as tp
from talk import answer

LIFETIME_S = 1e12
FORMS: dict[str, Callable[[Any, float], Any]] = {
    "sum": lambda s, w: s.moving_sum(w),
    "mean": lambda s, w: s.simple_moving_average(w),
    "min": lambda s, w: s.moving_min(w),
    "max": lambda s, w: s.moving_max(w),
    "range": lambda s, w: s.moving_max(w) - s.moving_min(w),
}


def values(log: str, wanted: Sequence[dict[str, Any]], out: str) -> dict[str, Any]:
    """Compute what can be expressed and write it."""
    frame = pd.read_parquet(log).sort_values(["at", "seq"], kind="stable", ignore_index=True)
    frame["amount"] = frame["amount"].astype(float)
    frame["told"] = frame["amount"].notna().astype(float)
    events = tp.event_set(
        timestamps=frame["at"].to_numpy() / 1e6,
        features={"key": frame["key"].astype(str)}
        | {name: frame[name] for name in ("seq", "amount", "told")},
        indexes=["key"],
        is_unix_timestamp=True,
    )
    made = {"seq": _ordered(events["seq"])}
    for one in wanted:
        window = LIFETIME_S if one["span_us"] is None else one["span_us"] / 1e6
        column = _column(events, one["kind"], window)
        if column is not None:
            made[one["name"]] = column
    pd.DataFrame(made).sort_values("seq").to_parquet(out, index=False)
    return {"names": [n for n in made if n != "seq"], "how": "moving operators"}


def _column(events: Any, kind: str, window: float) -> Any:
    """One feature in the order in which the rows come out, None where there is no operator."""
    if kind == "count":
        return _ordered(events.moving_count(window))
    if kind == "std":
        n = _ordered(events["told"].moving_sum(window))
        spread = _ordered(events["amount"].moving_standard_deviation(window))
        return np.where(n >= 2, spread * np.sqrt(n / np.maximum(n - 1, 1)), np.nan)
    return _ordered(FORMS[kind](events["amount"], window)) if kind in FORMS else None


def _ordered(events: Any) -> Any:
    """The one feature of an event set, in the order in which its rows come out."""
    frame = tp.to_pandas(events, timestamps=False)
    (name,) = [n for n in frame.columns if n != "key"]
    return frame[name].to_numpy()


if __name__ == "__main__":
    answer({"values": values}, ("temporian",))
