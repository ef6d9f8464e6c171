"""Events a second of a live state over Ray actors; `bench/scale.py` runs it where Ray is.

python bench/scale_ray.py FOLDER STREAM     # plan.json, past.parquet and next.parquet lie there
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import ray

from mintmark.flow.cluster import split_on_ray

BATCH, ROUNDS = 256, 3


def main(folder: Path, stream: str) -> None:
    """Print the events a second of each round, for one place and two."""
    ray.init(num_cpus=2, log_to_driver=False, include_dashboard=False)
    rows = pq.read_table(folder / "next.parquet").to_pylist()
    told = {}
    for places in (1, 2):
        history = {stream: folder / "past.parquet"}
        state = split_on_ray(folder / "plan.json", places, history, num_cpus=0)
        # An actor reads its history before it answers; the first batch waits for that.
        state.take([(stream, row) for row in rows[:BATCH]])
        speeds, step = [], (len(rows) - BATCH) // ROUNDS
        for first in range(BATCH, BATCH + ROUNDS * step, step):
            mine = rows[first : first + step]
            begun = time.perf_counter()
            for start in range(0, len(mine), BATCH):
                state.take([(stream, row) for row in mine[start : start + BATCH]])
            speeds.append(len(mine) / (time.perf_counter() - begun))
        told[places] = speeds
        for host in state._hosts:
            ray.kill(host.actor)
    ray.shutdown()
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
