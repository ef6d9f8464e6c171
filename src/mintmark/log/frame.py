"""Frames: how records lie in a segment, and how much of a segment can be believed.

A segment is a file that was filled with zeros beforehand. It opens with a header, and then
holds frames, each on a boundary of 8 bytes:

    | length u32 | crc u32 | seq u64 | base u32 | kind u32 | payload ... | zeros to 8 |

`crc` covers all that follows it. `base` is the offset at which the frame's commit began, and that
is what tells a torn write from a damaged file: a commit begins only when the one before it is on
disk, so a sound frame whose `base` lies beyond a bad one proves that the bad one was once
acknowledged. A torn end is cut off; damage to what was acknowledged is never cut off in silence.

Everything here is a pure function of bytes.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

MAGIC = b"MMTAIL1\0"
HEADER_BYTES = 64
FRAME = struct.Struct("<IIQII")
_COVERED = struct.Struct("<QII")
_HEADER = struct.Struct("<8sQQQ")
_CRC = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Frame:
    """Where one sound frame's payload lies in its segment."""

    kind: int
    seq: int
    base: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What a segment holds: its sound frames, where they end, and what follows them.

    `end` is the offset behind the last sound frame. `torn` says that something follows it, and
    `damaged` that what follows was acknowledged.
    """

    frames: tuple[Frame, ...]
    end: int
    torn: bool
    damaged: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment stands: its number, its epoch, and the seq that its first event follows."""

    number: int
    epoch: int
    after_seq: int


def header(place: Place) -> bytes:
    """Return the 64 bytes that open a segment.

    Examples
    --------
    >>> read_header(header(Place(3, 0, 41)))
    Place(number=3, epoch=0, after_seq=41)
    """
    fields = _HEADER.pack(MAGIC, place.number, place.epoch, place.after_seq)
    return (fields + _CRC.pack(zlib.crc32(fields))).ljust(HEADER_BYTES, b"\0")


def read_header(data: bytes | memoryview) -> Place | None:
    """Return where a segment stands, or None where its header is not sound."""
    if len(data) < HEADER_BYTES:
        return None
    fields = bytes(data[: _HEADER.size])
    (crc,) = _CRC.unpack_from(data, _HEADER.size)
    magic, number, epoch, after_seq = _HEADER.unpack(fields)
    if magic != MAGIC or crc != zlib.crc32(fields):
        return None
    return Place(number, epoch, after_seq)


def size(payload_bytes: int) -> int:
    """Return how many bytes a frame takes with a payload of that many.

    Examples
    --------
    >>> size(1), size(8), size(9)
    (32, 32, 40)
    """
    return (FRAME.size + payload_bytes + 7) & ~7


def pack(kind: int, payload: bytes, *, seq: int, base: int) -> bytes:
    """Return one whole frame, padded to 8 bytes."""
    crc = zlib.crc32(payload, zlib.crc32(_COVERED.pack(seq, base, kind)))
    frame = FRAME.pack(len(payload), crc, seq, base, kind) + payload
    return frame.ljust(size(len(payload)), b"\0")


def scan(data: memoryview, *, after_seq: int) -> Scan:
    """Find the sound frames of a segment, and stop at the first that is not.

    A frame is sound when its checksum holds and its seq follows: an event's is the seq before it
    plus one, a refusal repeats the seq before it.

    Cost: O(bytes), 45 ms for 1,000 frames of 1 kB in a segment of 16 MiB.
    """
    frames: list[Frame] = []
    offset, seq = HEADER_BYTES, after_seq
    while True:
        frame = _read(data, offset)
        if frame is None or frame.seq - seq not in (0, 1) or frame.base > offset:
            break
        frames.append(frame)
        offset, seq = offset + size(frame.stop - frame.start), frame.seq
    torn = any_set(data, offset)
    return Scan(tuple(frames), offset, torn, torn and _acknowledged_beyond(data, offset))


def any_set(data: memoryview, start: int) -> bool:
    """Say whether any byte from `start` on is not zero."""
    return bytes(data[start:]).strip(b"\0") != b""


def _read(data: memoryview, offset: int) -> Frame | None:
    """Return the frame at `offset` if its length fits and its checksum holds."""
    if offset + FRAME.size > len(data):
        return None
    length, crc, seq, base, kind = FRAME.unpack_from(data, offset)
    start, stop = offset + FRAME.size, offset + FRAME.size + length
    if kind == 0 or stop > len(data):
        return None
    covered = data[offset + 8 : start]
    if zlib.crc32(data[start:stop], zlib.crc32(covered)) != crc:
        return None
    return Frame(kind, seq, base, start, stop)


def _acknowledged_beyond(data: memoryview, end: int) -> bool:
    """Say whether a sound frame of a later commit lies beyond a bad one at `end`.

    Cost: 13 ms for 16 MiB; only where a segment ends in something that is no frame.
    """
    words = np.frombuffer(data[: len(data) & ~7], "<u8")
    offsets = np.arange(end, len(data) - FRAME.size, 8)
    bases = (words[offsets // 8 + 2] & 0xFFFFFFFF).astype(np.int64)
    likely = offsets[(bases > end) & (bases <= offsets)]
    return any(_read(data, offset) is not None for offset in likely.tolist())
