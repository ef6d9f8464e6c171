"""Bytewax: values by `fold_window` over a `SlidingWindower`, whose windows hop.

It has no window that ends at an event. The nearest is the hopping window that closes first after
the event, with sixty hops to a span: that is what is read here for each event.
"""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from typing import Any

import bytewax.operators as op
import bytewax.operators.windowing as win
import pyarrow as pa
import pyarrow.parquet as pq
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource, run_main
from talk import answer

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
HOPS = 60
FORMS: dict[str, Callable[[list[float], int], float | None]] = {
    "count": lambda a, n: float(n),
    "sum": lambda a, n: sum(a),
    "mean": lambda a, n: sum(a) / len(a) if a else None,
    "std": lambda a, n: _std(a),
    "min": lambda a, n: min(a) if a else None,
    "max": lambda a, n: max(a) if a else None,
    "range": lambda a, n: max(a) - min(a) if a else None,
}


def values(log: str, wanted: Sequence[dict[str, Any]], out: str) -> dict[str, Any]:
    """Compute what can be expressed and write it; a lifetime is no window there."""
    rows = pq.read_table(log).sort_by("seq").to_pylist()
    made = {"seq": pa.array([row["seq"] for row in rows])}
    able = [w for w in wanted if w["kind"] in FORMS and w["span_us"] is not None]
    for span in sorted({one["span_us"] for one in able}):
        windows, hop = _windows(rows, span)
        for one in able:
            if one["span_us"] == span:
                column = [_read(windows, row, span, hop, FORMS[one["kind"]]) for row in rows]
                made[one["name"]] = pa.array(column, pa.float64())
    pq.write_table(pa.table(made), out)
    return {"names": [n for n in made if n != "seq"], "how": f"hopping windows, {HOPS} to a span"}


def _windows(rows: Sequence[dict[str, Any]], span: int) -> tuple[dict[Any, Any], int]:
    """Fold the log; return what each (key, window) holds: its amounts, and how many events."""
    hop = max(span // HOPS, 1)
    length, offset = dt.timedelta(microseconds=span), dt.timedelta(microseconds=hop)
    late = dt.timedelta(days=3_000)
    found: list[Any] = []
    flow = Dataflow("values")
    stream = op.input("in", flow, TestingSource(rows))
    keyed = op.key_on("key", stream, lambda row: str(row["key"]))
    windowed = win.fold_window(
        "fold",
        keyed,
        win.EventClock(_time, wait_for_system_duration=late),
        win.SlidingWindower(length=length, offset=offset, align_to=EPOCH),
        lambda: ([], 0),
        _fold,
        lambda a, b: (a[0] + b[0], a[1] + b[1]),
    )
    op.output("out", windowed.down, TestingSink(found))
    run_main(flow)
    return {(key, number): held for key, (number, held) in found}, hop


def _time(row: dict[str, Any]) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=row["at"])


def _fold(held: tuple[list[float], int], row: dict[str, Any]) -> tuple[list[float], int]:
    amounts = held[0] if row["amount"] is None else [*held[0], row["amount"]]
    return amounts, held[1] + 1


def _read(
    windows: dict[Any, Any],
    row: dict[str, Any],
    span: int,
    hop: int,
    form: Callable[[list[float], int], float | None],
) -> float | None:
    """Read the window that closes first after the event; window n begins at n hops."""
    number = (row["at"] - span) // hop + 1
    held = windows.get((str(row["key"]), number))
    return None if held is None else form(*held)


def _std(amounts: list[float]) -> float | None:
    n = len(amounts)
    if n < 2:
        return None
    mean = sum(amounts) / n
    return math.sqrt(sum((a - mean) ** 2 for a in amounts) / (n - 1))


if __name__ == "__main__":
    answer({"values": values}, ("bytewax",))
