"""Files that are there whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mintmark.ground.errors import GroundError


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old bytes or the new ones, and a crash neither half.

    Raises
    ------
    GroundError
        ``ground.disk.full`` where the disk has no room; the old file is untouched.
    """
    spare = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with disk_watch(path):
        try:
            handle = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(spare, path)
            sync_folder(path.parent)
        finally:
            spare.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_watch(path: Path) -> Iterator[None]:
    """Turn the system's word for a full disk into ours."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise disk_full(path) from error


def disk_full(path: Path) -> GroundError:
    """Return the error of a disk without room."""
    return GroundError(
        "the disk has no room",
        at=str(path),
        hint="make room and say the same command again; nothing half-written is left",
        code="ground.disk.full",
        kind="world",
    )


def free_name(path: Path) -> Path:
    """Return `path`, or the first numbered name beside it that is not taken."""
    number = 1
    candidate = path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate
