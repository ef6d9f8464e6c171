"""Progress as people see it: a bar while a step runs and one line when it is done."""

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

NAME_WIDTH = 9


class Bar:
    """Shows steps on standard error, so that standard output stays for answers.

    On a terminal a running step is a bar; elsewhere only the finished lines are written.
    """

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr, highlight=False)
        self._progress: Progress | None = None
        self._task = 0
        self._step = ""

    def start(self, step: str, total: int | None) -> None:
        """Begin a step, or give the running step of the same name its total."""
        if step == self._step and self._progress is not None:
            self._progress.update(self._progress.task_ids[0], total=total)
            return
        self._close()
        self._step = step
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn(f"{step:<{NAME_WIDTH}}"),
            BarColumn(bar_width=34),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._progress.start()
        self._task = self._progress.add_task(step, total=total)

    def advance(self, n: int) -> None:
        """Move the bar on by `n`."""
        if self._progress is not None:
            self._progress.advance(self._progress.task_ids[0], n)

    def done(self, line: str) -> None:
        """End the step with its one line."""
        elapsed = 0.0
        if self._progress is not None and self._progress.tasks:
            elapsed = self._progress.tasks[0].elapsed or 0.0
        step, self._step = self._step, ""
        self._close()
        text = Text()
        text.append("✓ ", style="green")
        text.append(f"{step:<{NAME_WIDTH}}", style="bold")
        text.append(f"{elapsed:7.1f} s  ", style="dim")
        text.append(line)
        self._console.print(text, soft_wrap=True)

    def _close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()
