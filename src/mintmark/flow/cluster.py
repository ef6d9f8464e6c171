"""Ray, by setting: `pip install mintmark[ray]`. The only file that imports it.

Tasks of a sharded replay become Ray tasks, hosts of a split live state Ray actors. Both are what
they are in one process: Ray carries plain data there and back, and adds no arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import ray
from ray.exceptions import RayActorError, WorkerCrashedError

from mintmark.engine.live_shards import LivePlace
from mintmark.flow.executor import TRIES, lost, said
from mintmark.flow.shard_work import attempt, plan_at
from mintmark.flow.split import SplitLive
from mintmark.ground import FlowError

if TYPE_CHECKING:
    from mintmark.engine.live_shards import Answer, Call
    from mintmark.flow.shard_work import Form

_attempt: Any = ray.remote(num_cpus=1, max_retries=TRIES - 1)(attempt)


class OnRay:
    """The executor of a Ray cluster that this process is connected to.

    Its nodes have this package, and reach the files of a replay by the paths that the driver has.

    workers : tasks at a time; all the cores of the cluster by default.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or int(ray.cluster_resources().get("CPU", 1))

    def run(self, tasks: Sequence[Form]) -> Iterator[tuple[int, Form]]:
        """Do every task, as `flow.executor.Executor` says."""
        waiting = list(enumerate(tasks))[::-1]
        running: dict[Any, int] = {}
        while waiting or running:
            while waiting and len(running) < self.workers:
                place, task = waiting.pop()
                running[_attempt.remote(dict(task))] = place
            (ended,), _ = ray.wait(list(running), num_returns=1)
            place = running.pop(ended)
            try:
                yield place, said(ray.get(ended))
            except WorkerCrashedError:
                raise lost(tasks[place]) from None


@ray.remote(num_cpus=1, max_restarts=0)
class _Actor:
    """A process that holds one place of a split live state."""

    def __init__(self, plan: str, place: int, of: int, tables: Mapping[str, str]) -> None:
        read = {name: pq.read_table(path) for name, path in tables.items()}
        self._place = LivePlace(plan_at(plan), place, of, read or None)

    def take(self, calls: Sequence[Call]) -> list[Answer]:
        return self._place.take(calls)

    def bytes(self) -> int:
        return self._place.bytes


class ActorHost:
    """A host that is a Ray actor; one caller's calls reach it in the order of their sending."""

    def __init__(self, actor: Any) -> None:
        self.actor = actor

    def take(self, calls: Sequence[Call]) -> Callable[[], list[Answer]]:
        """Begin to fold rows, as `flow.split.Host` says."""
        if not calls:
            return list
        sent = self.actor.take.remote(list(calls))
        return lambda: self._wait(sent)

    @staticmethod
    def _wait(sent: Any) -> list[Answer]:
        try:
            answers: list[Answer] = ray.get(sent)
        except RayActorError as error:
            raise FlowError(
                "a host of the live state is gone",
                got=str(error).split("\n")[0],
                hint="start the state again from the log",
                code="flow.host.lost",
                kind="world",
            ) from None
        return answers


def split_on_ray(
    plan: Path, places: int, tables: Mapping[str, Path] | None = None, **options: Any
) -> SplitLive:
    """Return a live state split over Ray actors, after all rows of some files.

    Parameters
    ----------
    plan : path
        A plan's form, as JSON.
    tables : stream name to Parquet file
        The history, which the actors read themselves; its rows in the order of the log.
    **options
        Of the actors, as Ray has them: `scheduling_strategy="SPREAD"`, `resources`.

    Raises
    ------
    FlowError
        `flow.host.lost` when an actor cannot be started.
    """
    told = {name: str(path) for name, path in (tables or {}).items()}
    made: Any = _Actor
    actors = [
        made.options(**options).remote(str(plan), place, places, told) for place in range(places)
    ]
    state = SplitLive(plan_at(str(plan)), [ActorHost(actor) for actor in actors])
    if tables:
        state.seq = max(_newest(path) for path in tables.values())
    return state


def _newest(path: Path) -> int:
    seq = pq.read_table(path, columns=["mm_seq"])["mm_seq"]
    return int(seq[-1].as_py()) if len(seq) else -1
