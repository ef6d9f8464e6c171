"""DuckDB: values by RANGE frames, which are closed at both ends; a span is a microsecond less.

All rows of one time are in one another's window, those after a row among them. A mode is left out:
which of several equally frequent values it gives cannot be said.
"""

import sys
from collections.abc import Sequence
from typing import Any

import duckdb
from talk import answer

FORMS = {
    "count": "count(*) OVER w",
    "sum": "coalesce(sum(amount) OVER w, 0)",
    "mean": "avg(amount) OVER w",
    "var": "var_samp(amount) OVER w",
    "std": "stddev_samp(amount) OVER w",
    "cv": "stddev_samp(amount) OVER w / avg(amount) OVER w",
    "skew": "skewness(amount) OVER w * (count(amount) OVER w - 2)"
    " / sqrt(count(amount) OVER w * (count(amount) OVER w - 1))",
    "kurt": "CASE WHEN count(amount) OVER w >= 4 THEN kurtosis_pop(amount) OVER w END",
    "min": "min(amount) OVER w",
    "max": "max(amount) OVER w",
    "range": "max(amount) OVER w - min(amount) OVER w",
    "first": "first_value(amount IGNORE NULLS) OVER w",
    "last": "last_value(amount IGNORE NULLS) OVER w",
    "since_first": "(at_us - min(at_us) OVER w) / 1e6",
    "since_max": "(at_us - arg_max(at_us, {'a': amount, 't': at_us})"
    " FILTER (WHERE amount IS NOT NULL) OVER w) / 1e6",
    "distinct": "count(DISTINCT category) OVER w",
    "unique_share": "count(DISTINCT category) OVER w / nullif(count(category) OVER w, 0)",
    "entropy": "entropy(category) OVER w * ln(2)",
    "slope": "regr_slope(amount, at_us / 1e6) OVER w",
}


def values(log: str, wanted: Sequence[dict[str, Any]], out: str) -> dict[str, Any]:
    """Compute what can be expressed and write it; what it refuses it cannot express."""
    connection = duckdb.connect()
    source = f'SELECT * EXCLUDE ("at"), "at" AS at_us FROM read_parquet(\'{log}\')'
    connection.execute(f"CREATE TABLE log AS {source} ORDER BY at_us, seq").fetchall()
    connection.execute("CREATE TABLE made AS SELECT seq FROM log").fetchall()
    names = []
    for one in wanted:
        form = _form(one["kind"])
        if form is None:
            continue
        before = "UNBOUNDED" if one["span_us"] is None else str(one["span_us"] - 1)
        frame = f"RANGE BETWEEN {before} PRECEDING AND CURRENT ROW"
        window = f"w AS (PARTITION BY key ORDER BY at_us {frame})"
        column = f'SELECT seq AS own, {form} AS "{one["name"]}" FROM log WINDOW {window}'
        try:
            query = f"CREATE TABLE next AS SELECT * FROM made JOIN ({column}) ON seq = own"
            connection.execute(query).fetchall()
        except (duckdb.BinderException, duckdb.NotImplementedException) as error:
            print(one["name"], error, file=sys.stderr)
            continue
        connection.execute("DROP TABLE made").fetchall()
        connection.execute("CREATE TABLE made AS SELECT * EXCLUDE (own) FROM next").fetchall()
        connection.execute("DROP TABLE next").fetchall()
        names.append(one["name"])
    connection.execute(
        f"COPY (SELECT * FROM made ORDER BY seq) TO '{out}' (FORMAT parquet)"
    ).fetchall()
    return {"names": names, "how": "RANGE frames"}


def _form(kind: str) -> str | None:
    if kind.startswith("quantile_"):
        share = int(kind.removeprefix("quantile_")) / 100
        return f"quantile_disc(amount, {share}) OVER w"
    return FORMS.get(kind)


if __name__ == "__main__":
    answer({"values": values}, ("duckdb",))
