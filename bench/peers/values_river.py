"""river: values by `utils.TimeRolling` and, for a lifetime, by its statistics, in the log's order.

A value that is null is not learnt, as its documentation has it, so nothing is evicted by it either.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from river import stats, utils
from talk import answer

EPOCH = dt.datetime(1970, 1, 1)
WINDOWED: dict[str, tuple[Any, Callable[[Any], float | None]]] = {
    "count": (stats.Sum, lambda s: s.get()),
    "sum": (stats.Sum, lambda s: s.get()),
    "mean": (stats.Mean, lambda s: s.get() if s.n else None),
    "var": (stats.Var, lambda s: s.get() if s.mean.n >= 2 else None),
    "std": (stats.Var, lambda s: math.sqrt(max(s.get(), 0.0)) if s.mean.n >= 2 else None),
}
FOR_EVER: dict[str, tuple[Any, Callable[[Any], float | None]]] = {
    "min": (stats.Min, lambda s: s.get() if math.isfinite(s.get()) else None),
    "max": (stats.Max, lambda s: s.get() if math.isfinite(s.get()) else None),
    "range": (stats.PeakToPeak, lambda s: s.get() if math.isfinite(s.get()) else None),
}


def values(log: str, wanted: Sequence[dict[str, Any]], out: str) -> dict[str, Any]:
    """Compute what can be expressed and write it."""
    rows = pq.read_table(log).sort_by("seq").to_pylist()
    made = {"seq": pa.array([row["seq"] for row in rows])}
    for one in wanted:
        kinds = WINDOWED | (FOR_EVER if one["span_us"] is None else {})
        if one["kind"] in kinds:
            column = _column(rows, one["kind"], one["span_us"], *kinds[one["kind"]])
            made[one["name"]] = pa.array(column, pa.float64())
    pq.write_table(pa.table(made), out)
    return {"names": [n for n in made if n != "seq"], "how": "TimeRolling, one event at a time"}


def _column(
    rows: Sequence[dict[str, Any]],
    kind: str,
    span_us: int | None,
    statistic: Any,
    read: Callable[[Any], float | None],
) -> list[float | None]:
    """Learn each row and read its key's statistic."""
    if span_us is None:
        of_key: dict[Any, Any] = defaultdict(statistic)
    else:
        period = dt.timedelta(microseconds=span_us)
        of_key = defaultdict(lambda: utils.TimeRolling(statistic, period=period))
    column = []
    for row in rows:
        one = of_key[row["key"]]
        value = 1.0 if kind == "count" else row["amount"]
        if value is not None and span_us is None:
            one.update(value)
        elif value is not None:
            one.update(value, t=EPOCH + dt.timedelta(microseconds=row["at"]))
        column.append(read(one if span_us is None else one.obj))
    return column


if __name__ == "__main__":
    answer({"values": values}, ("river",))
