"""Ray on a cluster of two local nodes, and Spark in local mode: the bits of one process."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flow.apart import run_apart


@pytest.mark.long
def test_ray_gives_the_bits_of_one_process(tmp_path: Path) -> None:
    """Sharded replays, split live states over two nodes, and workers killed by kill -9."""
    told = run_apart("apart_ray.py", str(tmp_path), seconds=400)
    assert told["nodes"] == told["actor_nodes"] == 2
    assert told["replays"] == told["lives"] == 4
    assert told["after_a_lost_actor"] == "flow.host.lost"
    assert told["kills"]
    assert told["killed_equal"]


@pytest.mark.long
def test_spark_gives_the_bits_of_one_process(tmp_path: Path) -> None:
    """Frames to features through `mapInArrow`."""
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java: apt-get install default-jre-headless")
    told = run_apart("apart_spark.py", str(tmp_path), seconds=400)
    assert told["equal"] == 3
