"""river: the features that its time windows can express, updated and read one event at a time.

`utils.TimeRolling` wraps a statistic that can take back what it learnt: sums, means, variances.
There is no minimum, maximum or distinct count over time. A filtered count is a sum of ones and
zeros. Counts are sums of ones, for `stats.Count` takes nothing back.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow.parquet as pq
from live_run import run
from river import stats, utils
from talk import answer

STATISTICS = {"count": stats.Sum, "sum": stats.Sum, "mean": stats.Mean, "std": stats.Var}
Row = dict[str, Any]
held: dict[str, Any] = {}


class Feature:
    """One feature: a statistic for each key."""

    def __init__(self, wanted: Row) -> None:
        self.name, self.by, self.above = wanted["name"], wanted["by"], wanted["above"]
        self.kind, self.of = wanted["kind"], wanted["of"]
        made: Callable[[], Any] = lambda: stats.Shift(1)  # noqa: E731
        if self.kind in STATISTICS:
            statistic, period = STATISTICS[self.kind], dt.timedelta(seconds=wanted["span_s"])
            made = lambda: utils.TimeRolling(statistic, period=period)  # noqa: E731
        self.of_key: dict[Any, Any] = defaultdict(made)

    def step(self, row: Row) -> float | None:
        """Learn a payment and return the value with it."""
        key = tuple([row[role] for role in self.by])
        one = self.of_key[key]
        if self.kind == "since_last":
            one.update(row["at"])
            before = one.get()
            return None if before is None else (row["at"] - before) / dt.timedelta(seconds=1)
        if self.kind == "last":
            one.update(row["amount"])
            return one.get()
        value = 1.0 if self.kind == "count" else row[self.of]
        if self.above is not None and row["amount"] <= self.above:
            value = 0.0
        one.update(value, t=row["at"])
        if self.kind == "std":
            return math.sqrt(one.get()) if one.obj.mean.n >= 2 else None
        return one.get()


def load(path: str, past: int, wanted: Sequence[Row]) -> dict[str, Any]:
    """Learn the payments of the past."""
    able = [w for w in wanted if w["kind"] in STATISTICS or w["kind"] in ("last", "since_last")]
    held["features"] = [Feature(w) for w in able]
    rows = pq.read_table(path).to_pylist()
    for row in rows[:past]:
        step(row)
    held["rows"] = rows[past:]
    return {"names": [w["name"] for w in able], "threads": 1}


def step(row: Row) -> list[float | None]:
    """Learn one payment and read every feature."""
    return [feature.step(row) for feature in held["features"]]


def live(out: str) -> dict[str, Any]:
    """Time every payment after the past."""
    names = [feature.name for feature in held["features"]]
    return run(step, held["rows"], names, out) | {"form": "TimeRolling, in process"}


if __name__ == "__main__":
    answer({"load": load, "live": live}, ("river",))
