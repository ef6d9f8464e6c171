"""Work on the state as it is now, in a copy of this process, while this one goes on.

A fork copies no memory: both processes see the same pages until one of them writes. The copy does
one thing and leaves; it never returns into the code of whoever called.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from mintmark.ground import EngineError, MintmarkError


@dataclass(frozen=True)
class Beside:
    """Work under way in a process of its own."""

    pid: int

    def done(self) -> bool:
        """Return whether the work is over; raise its failure if it failed."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return pid != 0 and _over(status)

    def wait(self) -> None:
        """Wait until the work is over.

        Raises
        ------
        EngineError
            `engine.snapshot.beside` if it failed; the old file is as it was.
        """
        _over(os.waitpid(self.pid, 0)[1])


def beside(work: Callable[[], None]) -> Beside:
    """Start some work on a copy of this process."""
    pid = os.fork()
    if pid:
        return Beside(pid)
    code = 1
    try:
        work()
        code = 0
    except (MintmarkError, OSError, MemoryError):
        code = 1
    finally:
        # Nothing of this process may run again in its copy: no exit handlers, no other threads.
        os._exit(code)


def _over(status: int) -> bool:
    if os.waitstatus_to_exitcode(status) != 0:
        raise EngineError(
            "a snapshot that was written beside the folding did not end well",
            got=f"exit {os.waitstatus_to_exitcode(status)}",
            hint="see that the disk has room; the snapshot before it is as it was",
            code="engine.snapshot.beside",
        )
    return True
