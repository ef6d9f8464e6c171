"""pandas: the fourteen columns the way the Handbook's third chapter makes them.

For each customer a rolling window on the index of times, and for each terminal two of them, whose
difference is the window that ended a delay ago, one group at a time by `groupby(...).apply(...)`.
"""

from typing import Any

import pandas as pd
import pyarrow as pa
from talk import answer, timed

DAYS = (1, 7, 30)
DELAY = 7
held: dict[str, Any] = {}


def load(path: str) -> dict[str, Any]:
    """Read the payments into memory."""
    held["frame"] = pd.read_parquet(path)
    return {"threads": 1}


def spending(payments: pd.DataFrame) -> pd.DataFrame:
    """Return one customer's counts and average amounts."""
    payments = payments.sort_values("at", kind="stable")
    payments.index = payments["at"]
    for days in DAYS:
        rolled = payments["amount"].rolling(f"{days}D")
        total, count = rolled.sum(), rolled.count()
        payments[f"card_payments_{days}d"] = list(count)
        payments[f"card_mean_{days}d"] = list(total / count)
    payments.index = payments["payment_id"]
    return payments


def risk(payments: pd.DataFrame) -> pd.DataFrame:
    """Return one terminal's counts and shares of fraud, known a week late."""
    payments = payments.sort_values("at", kind="stable")
    payments.index = payments["at"]
    fraud = payments["fraud"]
    frauds_late = fraud.rolling(f"{DELAY}D").sum()
    count_late = fraud.rolling(f"{DELAY}D").count()
    for days in DAYS:
        frauds = fraud.rolling(f"{DELAY + days}D").sum() - frauds_late
        count = fraud.rolling(f"{DELAY + days}D").count() - count_late
        payments[f"terminal_payments_{days}d"] = list(count)
        payments[f"terminal_risk_{days}d"] = list(frauds / count)
    payments.index = payments["payment_id"]
    return payments.fillna(0)


def columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the fourteen columns."""
    frame = frame.copy()
    frame["weekend"] = (frame["at"].dt.day_of_week >= 5).astype(float)
    frame["night"] = (frame["at"].dt.hour <= 6).astype(float)
    frame = frame.groupby("card", group_keys=False)[frame.columns].apply(spending)
    frame = frame.sort_values("at").reset_index(drop=True)
    frame = frame.groupby("terminal", group_keys=False)[frame.columns].apply(risk)
    frame = frame.sort_values("at").reset_index(drop=True)
    return frame.drop(columns=["card", "terminal", "chain", "at", "amount", "fraud"])


def fourteen() -> dict[str, Any]:
    """Time the fourteen columns, memory to memory."""
    seconds, held["made"] = timed(lambda: columns(held["frame"]))
    return {"seconds": seconds, "form": "the book's"}


def fourteen_file(source: str, target: str, level: int) -> dict[str, Any]:
    """Time the fourteen columns, file to file."""

    def run() -> pd.DataFrame:
        made = columns(pd.read_parquet(source))
        made.to_parquet(target, compression="zstd", compression_level=level, index=False)
        return made

    seconds, held["made"] = timed(run)
    return {"seconds": seconds, "form": "the book's"}


def write(path: str) -> dict[str, Any]:
    """Write the latest result for the comparison."""
    table = pa.Table.from_pandas(held["made"].sort_values("payment_id"), preserve_index=False)
    fields = [f if f.name == "payment_id" else pa.field(f.name, pa.float64()) for f in table.schema]
    table = table.cast(pa.schema(fields))
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return {}


if __name__ == "__main__":
    answer(
        {"load": load, "fourteen": fourteen, "fourteen_file": fourteen_file, "write": write},
        ("pandas",),
    )
