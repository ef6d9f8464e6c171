"""Who does the tasks of a sharded replay: a port of one method, and local processes behind it.

A task is done at least once. A worker that is killed is started anew and its task done again; what
raises an error of ours is not tried again, for it would raise it again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from types import TracebackType
from typing import Protocol

from mintmark.flow.shard_work import Form
from mintmark.ground import EngineError, FlowError, GroundError, LogError, MintmarkError, PlanError

TRIES = 3
_ROOMS: dict[str, type[MintmarkError]] = {
    "engine": EngineError, "plan": PlanError, "log": LogError, "ground": GroundError,
}  # fmt: skip


class Executor(Protocol):
    """Does tasks somewhere, several at a time.

    workers : how many at a time.
    """

    workers: int

    def run(self, tasks: Sequence[Form]) -> Iterator[tuple[int, Form]]:
        """Do every task; yield the place of each and what it said, as they end, in any order.

        Raises
        ------
        MintmarkError
            What a task raised; `flow.worker.lost` when a task's worker died `TRIES` times.
        """
        ...


class Processes:
    """Processes on this machine, each fed one task at a time; to be used in a `with`."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or len(os.sched_getaffinity(0))
        self._idle: SimpleQueue[_Worker | None] = SimpleQueue()
        self._all: set[_Worker] = set()
        for _ in range(self.workers):
            self._idle.put(None)

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        for worker in list(self._all):
            worker.stop()

    @property
    def pids(self) -> list[int]:
        """The workers that are there now."""
        return [worker.process.pid for worker in list(self._all)]

    def run(self, tasks: Sequence[Form]) -> Iterator[tuple[int, Form]]:
        """Do every task, as `Executor` says."""
        with ThreadPoolExecutor(self.workers) as pool:
            places = {pool.submit(self._one, task): place for place, task in enumerate(tasks)}
            try:
                for ended in as_completed(places):
                    yield places[ended], said(ended.result())
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _one(self, task: Form) -> Form:
        for _ in range(TRIES):
            worker = self._idle.get()
            try:
                if worker is None:
                    worker = _Worker()
                    self._all.add(worker)
                return worker.do(task)
            except _Gone:
                assert worker is not None
                self._all.discard(worker)
                worker.stop()
                worker = None
            finally:
                self._idle.put(worker)
        raise lost(task)


def said(form: Form) -> Form:
    """Return what a task said, or raise what it raised."""
    if "error" not in form:
        return form
    told = dict(form["error"])
    kind = _ROOMS.get(told["code"].partition(".")[0], FlowError)
    raise kind(told.pop("what"), **told)


def lost(task: Form) -> FlowError:
    """Return the error of a task that no worker lived to end."""
    return FlowError(
        "a worker was lost each time that it did this task",
        at=str(task.get("out", "")),
        got=f"{TRIES} lost workers",
        hint="give each worker more memory, or take more shards, so that each is smaller",
        code="flow.worker.lost",
        kind="world",
    )


class _Gone(Exception):
    """A worker's process ended before it answered."""


class _Worker:
    """One process that reads a task a line and answers each by a line."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "mintmark.flow.worker"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def do(self, task: Form) -> Form:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(task) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            raise _Gone from None
        if not line.endswith("\n"):
            raise _Gone
        answer: Form = json.loads(line)
        return answer

    def stop(self) -> None:
        """End the process, in the middle of a task if need be."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
