"""Polars: values by `rolling(index_column, period, group_by=key).agg(...)`, rows sorted by time.

It gives all rows of one time the same window, those after a row among them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
from talk import answer

A, C, T = pl.col("amount").drop_nulls(), pl.col("category").drop_nulls(), pl.col("at")
LIFETIME_US = 10**15


def _gaps() -> pl.Expr:
    return T.diff().drop_nulls()


def _gap_or_null(expr: pl.Expr) -> pl.Expr:
    return pl.when(pl.len() >= 2).then(expr / 1e6)


FORMS: dict[str, Callable[[], pl.Expr]] = {
    "count": lambda: pl.len(),
    "sum": lambda: A.sum(),
    "mean": lambda: A.mean(),
    "var": lambda: A.var(),
    "std": lambda: A.std(),
    "cv": lambda: A.std() / A.mean(),
    "skew": lambda: pl.when(A.len() >= 3).then(A.skew(bias=True)),
    "kurt": lambda: pl.when(A.len() >= 4).then(A.kurtosis(fisher=True, bias=True)),
    "min": lambda: A.min(),
    "max": lambda: A.max(),
    "range": lambda: A.max() - A.min(),
    "first": lambda: A.first(),
    "last": lambda: A.last(),
    "lag_2": lambda: A.reverse().get(1, null_on_oob=True),
    "since_first": lambda: (T.last() - T.first()) / 1e6,
    "gap_mean": lambda: _gap_or_null(_gaps().mean()),
    "gap_std": lambda: _gap_or_null(_gaps().std()),
    "gap_min": lambda: _gap_or_null(_gaps().min()),
    "gap_max": lambda: _gap_or_null(_gaps().max()),
    "distinct": lambda: C.n_unique(),
    "unique_share": lambda: pl.when(C.len() > 0).then(C.n_unique() / C.len()),
    "mode": lambda: C.mode().sort().first(),
    "top_share": lambda: C.unique_counts().max() / C.len(),
    "entropy": lambda: pl.when(C.len() > 0).then(C.unique_counts().entropy()),
}


def values(log: str, wanted: Sequence[dict[str, Any]], out: str) -> dict[str, Any]:
    """Compute what can be expressed and write it."""
    rows = pl.read_parquet(log).sort("key", "at", "seq")
    sides = [rows.select("seq")]
    for span in {one["span_us"] for one in wanted}:
        asked = [
            _form(one["kind"]).alias(one["name"])
            for one in wanted
            if one["span_us"] == span and _able(one["kind"])
        ]
        if asked:
            timed = rows.with_columns(at_time=pl.col("at").cast(pl.Datetime("us")))
            period = f"{LIFETIME_US if span is None else span}us"
            rolled = timed.rolling("at_time", period=period, group_by="key").agg(asked)
            sides.append(rolled.drop("key", "at_time"))
    made = pl.concat(sides, how="horizontal").sort("seq")
    made.write_parquet(out)
    return {"names": made.columns[1:], "how": "rolling with group_by"}


def _able(kind: str) -> bool:
    return kind in FORMS or kind.startswith("quantile_")


def _form(kind: str) -> pl.Expr:
    if not kind.startswith("quantile_"):
        return FORMS[kind]()
    share = int(kind.removeprefix("quantile_"))
    rank = (share * A.len() + 99) // 100
    return A.sort().get(pl.max_horizontal(rank, 1) - 1, null_on_oob=True)


if __name__ == "__main__":
    answer({"values": values}, ("polars",))
