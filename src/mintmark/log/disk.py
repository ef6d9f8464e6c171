"""The disk under the log: what is full, what is lasting, and the error for each."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mintmark.ground import GroundError, LogError

MIB = 1 << 20
SPARE_BYTES = 16 * MIB
"""What must stay free beside what is about to be written."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_IN_TEXT = re.compile(rf"os error ({'|'.join(map(str, sorted(_FULL)))})\b")

sync_data = getattr(os, "fdatasync", os.fsync)
"""Make a file's content lasting; `fsync` where the system has no `fdatasync`."""


def full(path: Path, *, got: str | None = None, want: str | None = None) -> LogError:
    """Return the error for a disk that has no room for what the log must write."""
    return LogError(
        "the disk has no room for this",
        at=str(path),
        got=got,
        want=want,
        hint="free some space and run the same command again: nothing was half-written",
        code="log.disk.full",
        kind="world",
    )


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn a full disk inside the block into a `LogError`; let everything else pass.

    The table library reports a full disk by text alone, so its text is read.
    """
    try:
        yield
    except GroundError as error:
        if error.code == "ground.disk.full":
            raise full(path) from error
        raise
    except OSError as error:
        if error.errno in _FULL or _FULL_IN_TEXT.search(str(error)):
            raise full(path) from error
        raise


def require(path: Path, need: int) -> None:
    """Refuse to begin a write of `need` bytes that the disk cannot take."""
    state = os.statvfs(path)
    free = state.f_bavail * state.f_frsize
    if free < need + SPARE_BYTES:
        want = f"{(need + SPARE_BYTES) / MIB:.0f} MiB free"
        raise full(path, got=f"{free / MIB:.0f} MiB free", want=want)


def sync_file(path: Path) -> None:
    """Make a file's content lasting."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
