"""Segments: the files of the tail, filled with zeros before anything is written to them.

A file that keeps its length needs no change of metadata at a commit, and that is what makes one
`fdatasync` cheap. The next segment is zeroed in the background while this one fills.

    tail/000000000001.segment     sealed segments are deleted, so the numbers may begin anywhere
    tail/000000000002.segment
    tail/spare                    zeros, the next segment
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from mintmark.ground import LogError, sync_folder
from mintmark.log import disk, frame
from mintmark.log.frame import Place, Scan

SEGMENT_BYTES = 16 << 20
_ZEROS = bytes(1 << 20)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment on disk: its file and where it stands."""

    path: Path
    place: Place

    def read(self) -> tuple[memoryview, Scan]:
        """Read the file; return its bytes and what is sound in them."""
        data = memoryview(self.path.read_bytes())
        return data, frame.scan(data, after_seq=self.place.after_seq)


def damaged(path: Path, offset: int) -> LogError:
    """Return the error for a segment that lost something it had acknowledged."""
    return LogError(
        "a record that was acknowledged can no longer be read",
        at=f"{path}   byte {offset}",
        want="every record that was acknowledged",
        hint="the disk changed this file; restore it from a copy before writing on",
        code="log.tail.damaged",
        kind="world",
    )


def listed(folder: Path, *, number: int) -> list[Segment]:
    """Return a tail's segments from `number` on, oldest first.

    A header is made lasting before its file gets its name, so one that is not sound is damage.

    Raises
    ------
    LogError
        `log.tail.damaged`.
    """
    found = []
    for path in sorted(folder.glob("*.segment")):
        with path.open("rb") as file:
            place = frame.read_header(file.read(frame.HEADER_BYTES))
        if place is None:
            raise damaged(path, 0)
        if place.number >= number:
            found.append(Segment(path, place))
    return found


def path_of(folder: Path, number: int) -> Path:
    """Return the file of segment `number`."""
    return folder / f"{number:012d}.segment"


def wipe(path: Path, start: int) -> None:
    """Overwrite a segment with zeros from `start` on, lastingly."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        _zero(descriptor, start, os.fstat(descriptor).st_size)
        disk.sync_data(descriptor)
    finally:
        os.close(descriptor)


class Spare:
    """The next segment, zeroed ahead of need in a thread of its own."""

    def __init__(self, folder: Path, size: int) -> None:
        self._path = folder / "spare"
        self._size = size
        self._thread: threading.Thread | None = None
        self._failure: OSError | None = None

    def prepare(self) -> None:
        """Begin to zero the next segment, unless that is done or under way."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._fill, name="mintmark-spare", daemon=True)
            self._thread.start()

    def take(self, place: Path, head: bytes, *, need: int) -> int:
        """Give the zeroed file its header and its name; return its open descriptor.

        Raises
        ------
        LogError
            `log.disk.full` when there was no room to zero it.
        """
        self.prepare()
        self.close()
        with disk.guarded(place.parent):
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            try:
                _zero(descriptor, self._size, need)
                os.pwrite(descriptor, head, 0)
                os.fsync(descriptor)
                os.rename(self._path, place)
                sync_folder(place.parent)
            except BaseException:
                os.close(descriptor)
                raise
        return descriptor

    def close(self) -> None:
        """Wait for the zeroing that is under way."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _fill(self) -> None:
        """Zero the spare file; a failure is kept for `take`, which has someone to tell."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC)
            try:
                _zero(descriptor, 0, self._size)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as failure:
            self._failure = failure


def _zero(descriptor: int, start: int, stop: int) -> None:
    """Write zeros over [start, stop)."""
    while start < stop:
        start += os.pwrite(descriptor, _ZEROS[: stop - start], start)
