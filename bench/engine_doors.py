"""The engine as `bench/engine.py` calls it: every call that the rewrite may change stands here."""

from __future__ import annotations

import ctypes
import gc
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mintmark.engine import Live, feature_table, history, kernel, replay
from mintmark.engine.kept_rows import ParquetRows
from mintmark.plan import Plan

Floats = NDArray[np.float64]


def warm() -> float:
    """Make the compiled kernel ready and return the seconds that it took."""
    return kernel.load()


def features_of(
    plan: Plan, tables: Mapping[str, pa.Table]
) -> tuple[NDArray[np.int64], Floats, tuple[str, ...]]:
    """Return the features of a whole history: seq, one row for each payment, and their names."""
    made = replay(plan, tables)
    return made.seq, made.features, made.names


def streamed(plan: Plan, parts: Sequence[Path]) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    """Yield the features of a long history in Parquet files, a million payments at a time."""
    rows = ParquetRows(parts)
    for made in history.replay_pieces(plan, {plan.request: rows}, piece=1 << 20):
        yield made.seq, made.features


def started(plan: Plan, table: pa.Table) -> Live:
    """Return live state after a history of payments."""
    return Live.start(plan, {plan.request: table})


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Return payments as the rows that `decide` takes."""
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def snapshot(live: Live, path: Path) -> None:
    """Write the state to a file."""
    live.snapshot(path)


def followed(path: Path, plan: Plan, table: pa.Table, to: Path) -> None:
    """From one snapshot to the next, as the process beside a server does it."""
    live = Live.restore(path, plan)
    live.fold_all({plan.request: table})
    live.snapshot(to)


def restored(path: Path, plan: Plan) -> Live:
    """Return the state that a snapshot holds."""
    return Live.restore(path, plan)


def keep_plan(plan: Plan, path: Path) -> None:
    """Write a compiled plan to a file, as a release carries it."""
    path.write_text(json.dumps(plan.form()), encoding="utf-8")


def read_plan(path: Path) -> Plan:
    """Read a compiled plan from a file."""
    return Plan.from_form(json.loads(path.read_text(encoding="utf-8")))


def write_features(path: Path, seq: NDArray[Any], names: Sequence[str], features: Floats) -> None:
    """Write features as one Parquet file: the number of the payment, and a column of each."""
    feature_table.write_features(path, feature_table.feature_table(seq, names, features))


def resident_bytes() -> int:
    """Return the memory of this process that is resident, what was freed given back first."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")
