"""pandas: values by `groupby(key).rolling(span, on=time)`, rows sorted by time and then by seq.

Its windows of time are open on the left and closed on the right, as ours, and a tied row sees the
rows before it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from talk import answer

Rolled = Any
AMOUNT: dict[str, Callable[[Rolled], pd.Series]] = {
    "sum": lambda w: w.sum(),
    "mean": lambda w: w.mean(),
    "var": lambda w: w.var(),
    "std": lambda w: w.std(),
    "cv": lambda w: w.std() / w.mean(),
    "skew": lambda w: _population_skew(w),
    "kurt": lambda w: _population_kurt(w),
    "min": lambda w: w.min(),
    "max": lambda w: w.max(),
    "range": lambda w: w.max() - w.min(),
    "first": lambda w: w.first(),
    "last": lambda w: w.last(),
}


def values(log: str, wanted: Sequence[dict[str, Any]], out: str) -> dict[str, Any]:
    """Compute what can be expressed and write it."""
    frame = pd.read_parquet(log).sort_values(["key", "at", "seq"], kind="stable", ignore_index=True)
    frame["one"] = 1.0
    frame["code"] = frame["category"].astype("category").cat.codes.astype(float)
    frame["code"] = frame["code"].where(frame["code"] >= 0)
    frame.index = pd.to_datetime(frame["at"], unit="us")
    made = {"seq": frame["seq"].to_numpy()}
    for one in wanted:
        column = _column(frame, one["kind"], one["span_us"])
        if column is not None:
            made[one["name"]] = column.to_numpy(dtype=float)
    pd.DataFrame(made).sort_values("seq").to_parquet(out, index=False)
    return {"names": [n for n in made if n != "seq"], "how": "groupby.rolling on time"}


def _column(frame: pd.DataFrame, kind: str, span_us: int | None) -> pd.Series | None:
    if kind == "count":
        return _window(frame, "one", span_us, 0).sum()
    if kind == "sum":
        return _window(frame, "amount", span_us, 0).sum()
    if kind == "distinct":
        return _window(frame, "code", span_us, 0).nunique()
    if kind.startswith("quantile_"):
        share = int(kind.removeprefix("quantile_")) / 100
        # Only the median of the lower kind is the nearest rank for every count of values.
        window = _window(frame, "amount", span_us, 1)
        return window.quantile(share, interpolation="lower") if share == 0.5 else None
    if kind not in AMOUNT:
        return None
    return AMOUNT[kind](_window(frame, "amount", span_us, 1))


def _window(frame: pd.DataFrame, name: str, span_us: int | None, least: int) -> Rolled:
    grouped = frame.groupby("key", sort=True)[name]
    if span_us is None:
        return grouped.expanding(min_periods=least)
    return grouped.rolling(pd.Timedelta(span_us, unit="us"), min_periods=least)


def _population_skew(window: Rolled) -> pd.Series:
    n = window.count()
    return window.skew() * (n - 2) / (n * (n - 1)) ** 0.5


def _population_kurt(window: Rolled) -> pd.Series:
    n = window.count()
    return (window.kurt() * (n - 2) * (n - 3) / (n - 1) - 6) / (n + 1)


if __name__ == "__main__":
    answer({"values": values}, ("pandas",))
