"""Runs a graph of steps in one process: in order, timed, leaving out what is already made.

What a step has finished is on disk, as records and tables, before the runner goes on; so a run
that was killed is started again with the same command, and `fresh` finds what need not be done
twice. The runner itself keeps nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mintmark.flow.graph import order
from mintmark.flow.step import Done, Step
from mintmark.ground import Progress, monotonic_ns


@dataclass(frozen=True)
class Ran:
    """One step's run: what it left, the seconds that it took, and whether it was left out."""

    name: str
    done: Done
    seconds: float
    fresh: bool


def run(
    steps: Sequence[Step],
    progress: Progress,
    *,
    after: Callable[[Ran], None] | None = None,
) -> dict[str, Ran]:
    """Run every step in order and return what each left, by name.

    A step that raises ends the run; the steps before it stay done.

    Parameters
    ----------
    steps : sequence of Step
        In any order.
    progress : Progress
        Each step starts a bar of its own and ends it with its one line.
    after : callable, optional
        Called with each `Ran` as soon as it is there.
    """
    ran: dict[str, Ran] = {}
    for step in order(steps):
        made: Mapping[str, Any] = {name: ran[name].done.value for name in step.needs}
        started_ns = monotonic_ns()
        progress.start(step.name, None)
        earlier = step.fresh(made) if step.fresh else None
        done = earlier if earlier is not None else step.work(made, _Within(step.name, progress))
        seconds = (monotonic_ns() - started_ns) / 1e9
        progress.done(done.line)
        ran[step.name] = Ran(step.name, done, seconds, earlier is not None)
        if after is not None:
            after(ran[step.name])
    return ran


class _Within:
    """The progress that a step's work is handed: what a room says moves the step's own bar."""

    def __init__(self, step: str, progress: Progress) -> None:
        self._step, self._progress = step, progress

    def start(self, step: str, total: int | None) -> None:
        """Give the step's bar its total; a room's own name for its part is not shown."""
        self._progress.start(self._step, total)

    def advance(self, n: int) -> None:
        """Move the step's bar on."""
        self._progress.advance(n)

    def done(self, line: str) -> None:
        """Leave the last word to the step."""
