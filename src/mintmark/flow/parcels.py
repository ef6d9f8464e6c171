"""Files between the tasks of a replay: tables by slot, each found by one small read.

A task that hands rows to many others writes one file; each of those reads its own slot of it. The
tables stand one after another as Arrow streams; at the end stands where each begins, with a sum
over its bytes, so that what a disk has changed is told and not computed with.

    table │ table │ ... │ where, length, sum of each slot │ ... │ runs, slots, mark

A file is written run by run, so that a writer holds no more than one.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.ground import FlowError, disk_watch

if TYPE_CHECKING:
    from typing import BinaryIO

MARK = int.from_bytes(b"parcels1", "little")
_WORD, _SLOT, _TAIL = 8, 24, 24
_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")

Run = Iterable[tuple[int, pa.Table]]
"""Tables, each with its slot, no slot twice."""


def write(path: Path, slots: int, runs: Iterable[Run]) -> None:
    """Write a file of so many slots, there whole or not at all.

    Raises
    ------
    GroundError
        `ground.disk.full`.
    """
    with whole(path) as spare, spare.open("wb") as file:
        index = []
        for run in runs:
            told = np.zeros((slots, 3), dtype=np.int64)
            for slot, table in run:
                octets = _octets(table)
                told[slot] = file.tell(), len(octets), zlib.crc32(octets)
                file.write(octets)
            index.append(told)
        for told in index:
            file.write(told.tobytes())
        file.write(np.array([len(index), slots, MARK], dtype=np.int64).tobytes())


def read(path: Path, slot: int) -> list[pa.Table]:
    """Return the tables of one slot, in the order in which they were written.

    Raises
    ------
    FlowError
        `flow.parcels.broken` for a file that is gone or is not what was written.

    Cost: two small reads a run, and the bytes of the slot.
    """
    try:
        with path.open("rb") as file:
            found = [_taken(file, *where) for where in _where(file, slot)]
    except OSError as error:
        raise _broken(path, error.strerror or str(error)) from error
    if None in found:
        raise _broken(path, "other bytes than were written")
    return [pa.ipc.open_stream(octets).read_all() for octets in found]


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a file to write that takes its name once it is whole, or is not there at all.

    Raises
    ------
    GroundError
        `ground.disk.full`.
    """
    spare = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with disk_watch(path):
            yield spare
            os.replace(spare, path)
    finally:
        spare.unlink(missing_ok=True)


def _octets(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_LZ4) as writer:
        writer.write_table(table.combine_chunks())
    return memoryview(sink.getvalue())


def _where(file: BinaryIO, slot: int) -> list[tuple[int, int, int]]:
    """Where the tables of a slot stand, how long they are, and the sum of each."""
    size = file.seek(0, os.SEEK_END)
    runs, slots, mark = _words(file, max(size - _TAIL, 0), 3)
    if mark != MARK:
        return [(0, size, -1)]
    start = size - _TAIL - runs * slots * _SLOT
    told = [_words(file, start + (run * slots + slot) * _SLOT, 3) for run in range(runs)]
    return [(where, length, total) for where, length, total in told if length]


def _words(file: BinaryIO, place: int, count: int) -> list[int]:
    file.seek(place)
    octets = file.read(count * _WORD).ljust(count * _WORD, b"\0")
    return [int(word) for word in np.frombuffer(octets, dtype=np.int64)]


def _taken(file: BinaryIO, where: int, length: int, total: int) -> bytes | None:
    """The bytes of a table, None if they are not those that were written."""
    if total < 0:
        return None
    file.seek(where)
    octets = file.read(length)
    return octets if len(octets) == length and zlib.crc32(octets) == total else None


def _broken(path: Path, got: str) -> FlowError:
    return FlowError(
        "a file between two tasks is not what was written",
        at=str(path),
        got=got,
        hint="remove its folder and say the same command again: it is made of the sources alone",
        code="flow.parcels.broken",
        kind="world",
    )
