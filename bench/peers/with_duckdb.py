"""DuckDB: the fourteen columns and the features that it can express, as RANGE window frames.

Frames are closed at both ends there, so a window of a day looks back a day less one microsecond.
"""

import os
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from talk import answer, timed

DAYS = (1, 7, 30)
DELAY = 7
DAY_US = 86_400_000_000
held: dict[str, Any] = {}


def load(path: str) -> dict[str, Any]:
    """Read the payments into a table in memory."""
    held["db"] = duckdb.connect()
    threads = int(os.environ.get("PEER_THREADS", "2"))
    _do(f"SET threads = {threads}")
    _do("SET preserve_insertion_order = false")
    _do(f"CREATE TABLE payments AS SELECT * FROM '{path}'")
    return {"threads": threads}


def fourteen_query(source: str) -> str:
    """Return the query of the fourteen columns."""
    columns, windows = [], []
    for days in DAYS:
        windows.append(_window(f"c{days}", ["card"], days * DAY_US))
        back, until = (days + DELAY) * DAY_US - 1, DELAY * DAY_US
        frame = f"RANGE BETWEEN {_us(back)} PRECEDING AND {_us(until)} PRECEDING"
        windows.append(f't{days} AS (PARTITION BY terminal ORDER BY "at" {frame})')
        columns += [
            f"CAST(count(*) OVER c{days} AS DOUBLE) AS card_payments_{days}d",
            f"avg(amount) OVER c{days} AS card_mean_{days}d",
            f"CAST(count(*) OVER t{days} AS DOUBLE) AS terminal_payments_{days}d",
            f"coalesce(avg(fraud) OVER t{days}, 0) AS terminal_risk_{days}d",
        ]
    return f"""SELECT payment_id,
        CAST(isodow("at") >= 6 AS DOUBLE) AS weekend, CAST(hour("at") <= 6 AS DOUBLE) AS night,
        {", ".join(columns)} FROM {source} WINDOW {", ".join(windows)}"""


def fourteen() -> dict[str, Any]:
    """Time the fourteen columns, memory to memory."""
    return _run(fourteen_query("payments"))


def fourteen_file(source: str, target: str, level: int) -> dict[str, Any]:
    """Time the fourteen columns, file to file."""
    query = fourteen_query(f"'{source}'")
    options = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {level}"
    seconds, _ = timed(lambda: _do(f"COPY ({query}) TO '{target}' ({options})"))
    held["made"] = held["db"].sql(f"SELECT * FROM '{target}'").to_arrow_table()
    return {"seconds": seconds, "form": "RANGE frames"}


def sixty(wanted: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Time those of the wanted features that can be expressed."""
    able = [one for one in wanted if one["kind"] != "decay_sum"]
    windows: dict[str, str] = {}
    columns = []
    for one in able:
        short = "_".join(one["by"]) + (f"_{one['span_s']}" if one["current"] else "")
        if one["current"]:
            windows[short] = _window(short, one["by"], one["span_s"] * 1_000_000)
        else:
            keys = ", ".join(one["by"])
            windows[short] = f'{short} AS (PARTITION BY {keys} ORDER BY "at", payment_id)'
        columns.append(f"{_aggregate(one, short)} AS {one['name']}")
    query = f"SELECT payment_id, {', '.join(columns)} FROM payments"
    query += f" WINDOW {', '.join(windows.values())}"
    return _run(query) | {"names": [one["name"] for one in able]}


def write(path: str) -> dict[str, Any]:
    """Write the latest result for the comparison."""
    table = held["made"].sort_by("payment_id")
    columns = [
        column if name == "payment_id" else pc.cast(column, pa.float64())
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    table = pa.table(columns, names=table.column_names)
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return {}


def _do(statement: str) -> None:
    """Run a statement to its end, or the connection takes no other."""
    held["db"].execute(statement).fetchall()


def _run(query: str) -> dict[str, Any]:
    seconds, held["made"] = timed(lambda: held["db"].sql(query).to_arrow_table())
    return {"seconds": seconds, "form": "RANGE frames"}


def _us(count: int) -> str:
    return f"to_microseconds({count})"


def _window(name: str, keys: Sequence[str], span_us: int) -> str:
    frame = f"RANGE BETWEEN {_us(span_us - 1)} PRECEDING AND CURRENT ROW"
    return f'{name} AS (PARTITION BY {", ".join(keys)} ORDER BY "at" {frame})'


def _aggregate(one: dict[str, Any], window: str) -> str:
    """One aggregate over its window."""
    kind, of = one["kind"], one["of"]
    if kind == "since_last":
        return f'date_diff(\'microsecond\', lag("at") OVER {window}, "at") / 1e6'
    if kind == "last":
        return f"lag({of}) OVER {window}"
    calls = {
        "count": "count(*)", "sum": f"sum({of})", "mean": f"avg({of})",
        "std": f"stddev_samp({of})", "min": f"min({of})", "max": f"max({of})",
        "distinct": f"count(DISTINCT {of})",
    }  # fmt: skip
    high = "" if one["above"] is None else f" FILTER (WHERE amount > {one['above']})"
    call = f"{calls[kind]}{high} OVER {window}"
    call = f"coalesce({call}, 0)" if kind == "sum" else call
    return f"CAST({call} AS DOUBLE)"


if __name__ == "__main__":
    answer(
        {
            "load": load,
            "fourteen": fourteen,
            "fourteen_file": fourteen_file,
            "sixty": sixty,
            "write": write,
        },
        ("duckdb",),
    )
