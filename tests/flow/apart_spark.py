"""Spark in local mode: the features of frames, by the plan that replays.

Run by `test_apart.py`, in the environment that has pyspark; the last line says what was found.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from pyspark.sql import SparkSession

from flow.made import drawn_case, full_case, write_tables
from laws.drawn import tables_of
from mintmark.engine.history import replay
from mintmark.flow.spark import features_on_spark


def main(place: Path) -> None:
    """Say how many cases were equal."""
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    equal = 0
    for seed in range(3):
        plan, log = full_case(seed, 40) if seed % 2 else drawn_case(seed)
        tables = tables_of(log)
        sources = write_tables(tables, place / str(seed), files=2)
        frames = {n: spark.read.parquet(*map(str, files)) for n, files in sources.items()}
        made = features_on_spark(plan, frames, of=2, piece=16).toArrow().sort_by("mm_seq")
        truth = replay(plan, tables)
        columns = [made[name].to_numpy() for name in plan.names]
        features = np.ascontiguousarray(np.column_stack(columns))
        same = made["mm_seq"].to_numpy().tobytes() == truth.seq.tobytes()
        equal += same and features.tobytes() == truth.features.tobytes()
    spark.stop()
    print(json.dumps({"equal": equal, "spark": spark.version}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
