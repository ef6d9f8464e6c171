"""The live loop of a peer: each payment timed by itself, and all answers written afterwards."""

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa


def run(
    step: Callable[[dict[str, Any]], Sequence[float | None]],
    rows: Sequence[dict[str, Any]],
    names: Sequence[str],
    out: str,
) -> dict[str, Any]:
    """Send every row through `step`; return its quantiles in microseconds, and events a second."""
    took, answers = [], []
    gc.collect()
    gc.freeze()
    begun = time.perf_counter()
    for row in rows:
        started = time.perf_counter_ns()
        answers.append(step(row))
        took.append(time.perf_counter_ns() - started)
    wall = time.perf_counter() - begun
    columns = list(zip(*answers, strict=True))
    table = pa.table(
        {name: pa.array(column, pa.float64()) for name, column in zip(names, columns, strict=True)}
    )
    with pa.OSFile(out, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    took.sort()
    at = {"p50": 0.5, "p99.9": 0.999, "max": 1.0}
    found = {name: took[min(int(q * len(took)), len(took) - 1)] / 1e3 for name, q in at.items()}
    return found | {"events_s": len(rows) / wall, "seconds": wall}
