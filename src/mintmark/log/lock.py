"""One writer per log: an advisory lock on a file beside it.

The kernel drops the lock with the process, however it ends, so a killed writer leaves nothing to
clear away.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mintmark.ground import LogError


class WriterLock:
    """The right to write to one log; one `WriterLock` has it at a time, over all processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    @property
    def held(self) -> bool:
        """Whether this lock is held now."""
        return self._descriptor >= 0

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        LogError
            `log.locked` when another writer has it, one of this process included.
        """
        descriptor = self._open()
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)
        self._descriptor = -1

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock for a `with` block."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def _open(self) -> int:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise LogError(
                "another writer has this log",
                at=str(self._path),
                want="one writer at a time",
                hint="stop the other writer, or send the rows to it",
                code="log.locked",
                kind="world",
            ) from None
        return descriptor
