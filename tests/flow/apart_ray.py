"""On a local cluster of two nodes: sharded replays, a split live state, workers that are killed.

Run by `test_apart.py`, in the environment that has Ray; the last line says what was found.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster

from flow.made import drawn_case, features_in, full_case, write_tables
from laws.drawn import tables_of
from mintmark.engine.history import replay
from mintmark.engine.live import Live
from mintmark.flow.cluster import OnRay, split_on_ray
from mintmark.flow.sharded import replay_sharded
from mintmark.ground import FlowError


def main(place: Path) -> None:
    """Start the cluster, and say how many cases were equal."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    try:
        cluster.add_node(num_cpus=2)
        ray.init(address=cluster.address, log_to_driver=False)
        told: dict[str, Any] = {"nodes": len(ray.nodes())}
        told |= replays(place / "replays") | lives(place / "lives") | killed(place / "killed")
    finally:
        ray.shutdown()
        cluster.shutdown()
    print(json.dumps(told))


def replays(place: Path) -> dict[str, Any]:
    """Sharded replays on Ray beside the single process."""
    equal = 0
    for seed in range(4):
        plan, log = full_case(seed, 40) if seed % 2 else drawn_case(seed)
        sources = write_tables(tables_of(log), place / f"in-{seed}")
        made = replay_sharded(plan, sources, place / f"out-{seed}", OnRay(), shards=2)
        equal += features_in(made) == replay(plan, tables_of(log)).features.tobytes()
    return {"replays": equal}


def lives(place: Path) -> dict[str, Any]:
    """Live states split over two actors, one a node, from a history on."""
    equal, nodes = 0, set()
    for seed in range(4):
        plan, log = full_case(seed, 40) if seed % 2 else drawn_case(seed)
        cut = len(log) // 2
        history = {
            name: files[0]
            for name, files in write_tables(tables_of(log[:cut]), place / str(seed)).items()
        }
        (place / f"{seed}.json").write_text(json.dumps(plan.form()))
        state = split_on_ray(
            place / f"{seed}.json", 2, history, num_cpus=1, scheduling_strategy="SPREAD"
        )
        one = Live.start(plan, tables_of(log[:cut]))
        truth = [one.decide(r) if s == plan.request else one.fold(s, r) for s, r in log[cut:]]
        got = state.take(log[cut:])
        equal += all(
            (a is None and b is None) or (a is not None and a.tobytes() == b.tobytes())
            for a, b in zip(truth, got, strict=True)
        )
        for host in state._hosts:
            nodes.add(ray.get(host.actor.__ray_call__.remote(node_of)))
            ray.kill(host.actor)
    asked = [row for stream, row in log if stream == plan.request]
    try:
        state.decide({**asked[-1], "mm_seq": 10**6})
        lost = ""
    except FlowError as error:
        lost = error.code
    return {"lives": equal, "actor_nodes": len(nodes), "after_a_lost_actor": lost}


def killed(place: Path) -> dict[str, Any]:
    """Workers killed while they fold: the digest is that of a run in peace."""
    plan, log = full_case(5, rows=4_000)
    sources = write_tables(tables_of(log), place / "in")
    calm = replay_sharded(plan, sources, place / "calm", OnRay(2), shards=8)
    killer = threading.Thread(target=kill_workers, args=(2,))
    killer.start()
    rough = replay_sharded(plan, sources, place / "rough", OnRay(2), shards=8)
    killer.join()
    return {"killed_equal": calm.digest == rough.digest, "kills": KILLS}


def node_of(_actor: object) -> str:
    """The node that an actor runs on."""
    return str(ray.get_runtime_context().get_node_id())


KILLS: list[int] = []


def kill_workers(count: int) -> None:
    """Kill Ray workers while they do a task of ours."""
    until = time.monotonic() + 20
    while len(KILLS) < count and time.monotonic() < until:
        for folder in Path("/proc").iterdir():
            try:
                name = (folder / "cmdline").read_bytes() if folder.name.isdigit() else b""
            except OSError:
                continue
            # A Ray worker names itself by the task that it is doing; only our own are killed.
            if name.startswith(b"ray::attempt") and _ours(int(folder.name)):
                os.kill(int(folder.name), signal.SIGKILL)
                KILLS.append(int(folder.name))
                time.sleep(0.3)
                break
        time.sleep(0.005)


def _ours(pid: int) -> bool:
    """Whether a process descends from this program, whose cluster is its child."""
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return False
        pid = int(told[1])
    return False


if __name__ == "__main__":
    main(Path(sys.argv[1]))
