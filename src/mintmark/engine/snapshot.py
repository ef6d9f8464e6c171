"""Live state in one file: what a fresh process needs to go on where another one stopped.

    16 bytes   magic, with the version of this layout
     8 bytes   length of the header, little-endian
    header     msgpack: format, plan, position, shapes, keys, texts, books of labels
    arrays     int64, little-endian, one after another
    32 bytes   SHA-256 of everything before

Numbers, texts and lengths only: reading one runs nothing. It is written beside its place and moved
there whole.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from mintmark.engine.sentinel import FORMAT
from mintmark.ground import EngineError, disk_watch, short, sync_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_MAGIC = b"mintmark state 1"
_DIGEST = 32
_PIECE = 1 << 22
_SYNCED = 16
"""Pieces after which the disk is waited for: a gigabyte that it owes would hold up every commit."""

Atom = str | int


class BookForm(msgspec.Struct, frozen=True):
    """The lists of one book of labels: ids in the order of its rows, and what is parked."""

    ids: list[Atom]
    parked: list[tuple[Atom, list[tuple[int, int, int]]]]


class SubjectForm(msgspec.Struct, frozen=True, array_like=True):
    """What is known of one id that may be corrected or reversed (`engine.subject`).

    best : (revision, seq, at, inputs, rows of the directory, amounts), None before its first row.
    """

    id: Atom | None
    best: tuple[int, int, int, list[int], list[int], list[int]] | None
    reversals: list[tuple[tuple[str, Atom | None], int, int]]
    labels: list[tuple[int, int, int]]
    left: list[int] | None


class SubjectsForm(msgspec.Struct, frozen=True):
    """The ids of one stream, and which of them each reversal names."""

    known: list[SubjectForm]
    homes: list[tuple[tuple[str, Atom | None], int, Atom | None]]


class Version(msgspec.Struct, frozen=True):
    """What the header of any version says first."""

    format: int


class Header(msgspec.Struct, frozen=True):
    """Everything but the arrays; `shapes` names these in their order in the file.

    lookups : the headers of what events look up, whose arrays are named "STREAM: NAME" here;
    layout : digest of what the plan's states keep (`plan.layout_digest`).
    """

    format: int
    plan: str
    seq: int
    watermark: int
    shapes: list[tuple[str, tuple[int, ...]]]
    texts: list[Atom]
    keys: list[list[Atom | tuple[Atom, ...]]]
    books: dict[str, BookForm]
    subjects: dict[str, SubjectsForm]
    lookups: dict[str, Header] = {}
    layout: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A header and its arrays by name."""

    header: Header
    arrays: Mapping[str, Ints]


def shapes_of(arrays: Mapping[str, Ints]) -> list[tuple[str, tuple[int, ...]]]:
    """Return the names and shapes of some arrays, as a header has them."""
    return [(name, tuple(array.shape)) for name, array in arrays.items()]


def place_of(path: str | Path) -> Path:
    """Return the place of a snapshot.

    Raises
    ------
    EngineError
        `engine.snapshot.place` for what names no file.
    """
    told: Any = path
    if not isinstance(told, (str, Path)):
        raise EngineError(
            "a snapshot is kept in a file",
            got=repr(told)[:80],
            want='a path: "state", Path("state")',
            code="engine.snapshot.place",
        )
    return Path(told)


def place_to_write(path: str | Path) -> Path:
    """Return the place where a snapshot will be written, before anything is done for it.

    Raises
    ------
    EngineError
        `engine.snapshot.place` for what names no file, a folder, and a file in no folder.
    """
    place = place_of(path)
    if place.is_dir() or not place.parent.is_dir():
        raise EngineError(
            "a snapshot cannot be written here",
            at=str(path),
            got="a folder" if place.is_dir() else f"no folder {place.parent}",
            want="a file in a folder that is there",
            hint="name a file in the folder" if place.is_dir() else "make the folder first",
            code="engine.snapshot.place",
        )
    return place


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot; the place holds the old file or the new one, never half of it.

    Raises
    ------
    GroundError
        `ground.disk.full`, kind "world".

    Cost: the bytes once through SHA-256, about 1.5 s a GB.
    """
    spare = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with disk_watch(path):
        try:
            with spare.open("wb") as file:
                seal = hashlib.sha256()
                for number, piece in enumerate(_pieces(snapshot), 1):
                    seal.update(piece)
                    file.write(piece)
                    if number % _SYNCED == 0:
                        file.flush()
                        os.fsync(file.fileno())
                file.write(seal.digest())
                file.flush()
                os.fsync(file.fileno())
            os.replace(spare, path)
            sync_folder(path.parent)
        finally:
            spare.unlink(missing_ok=True)


def read_snapshot(path: Path, plan_digest: str, layout: str) -> Snapshot:
    """Return a snapshot of a plan whose states keep what `layout` is the digest of.

    Raises
    ------
    EngineError
        `engine.snapshot.missing`, `engine.snapshot.foreign` (not a snapshot, or another layout),
        `engine.snapshot.damaged` (a bit is not as it was written), `engine.snapshot.version`
        (another version of the state) and `engine.snapshot.plan` (another plan's state).

    Cost: the bytes once through SHA-256; the arrays are views of the file, and take no memory.
    """
    try:
        data = _mapped(path)
    except (FileNotFoundError, NotADirectoryError):
        raise EngineError(
            "there is no snapshot here",
            at=str(path),
            want="a file that Live.snapshot wrote",
            code="engine.snapshot.missing",
        ) from None
    except IsADirectoryError:
        raise EngineError(
            "a folder is no snapshot",
            at=str(path),
            want="a file that Live.snapshot wrote",
            hint="name the file in it",
            code="engine.snapshot.foreign",
        ) from None
    if bytes(data[: len(_MAGIC)]) != _MAGIC:
        raise EngineError(
            "the file is not a snapshot of this version",
            at=str(path),
            want="a file that Live.snapshot wrote",
            code="engine.snapshot.foreign",
        )
    told, arrays = _opened(path, data)
    # Another version may have another header.
    version = msgspec.msgpack.decode(told, type=Version).format
    if version != FORMAT:
        raise _refused(path, got=f"state {version}", want=f"state {FORMAT}", what="version")
    header = msgspec.msgpack.decode(told, type=Header)
    if header.plan != plan_digest:
        got, want = f"plan {short(header.plan)}", f"plan {short(plan_digest)}"
        raise _refused(path, got=got, want=want, what="plan")
    if header.layout != layout:
        got, want = f"states {short(header.layout) or '?'}", f"states {short(layout)}"
        raise _refused(path, got=got, want=want, what="version")
    return Snapshot(header, _arrays(arrays, header.shapes))


def _mapped(path: Path) -> memoryview:
    """The bytes of a file; files of state are replaced, never written to."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _pieces(snapshot: Snapshot) -> Iterator[bytes | memoryview]:
    """The bytes of the file up to its seal."""
    header = msgspec.msgpack.encode(snapshot.header)
    yield _MAGIC + len(header).to_bytes(8, "little") + header
    for array in snapshot.arrays.values():
        plain: Any = np.ascontiguousarray(array, dtype="<i8").reshape(-1).view(np.uint8)
        view = memoryview(plain)
        for start in range(0, len(view), _PIECE):
            yield view[start : start + _PIECE]


def _opened(path: Path, data: memoryview) -> tuple[memoryview, memoryview]:
    """The bytes of the header and the bytes of the arrays, once the seal is found whole."""
    body, seal = data[:-_DIGEST], data[-_DIGEST:]
    if hashlib.sha256(body).digest() != seal:
        raise EngineError(
            "the snapshot is not as it was written",
            at=str(path),
            hint="take the one before it, or fold the log again",
            code="engine.snapshot.damaged",
        )
    start = len(_MAGIC) + 8
    end = start + int.from_bytes(body[len(_MAGIC) : start], "little")
    return body[start:end], body[end:]


def _arrays(data: memoryview, shapes: Sequence[tuple[str, tuple[int, ...]]]) -> dict[str, Ints]:
    arrays = {}
    first = 0
    for name, shape in shapes:
        count = int(np.prod(shape))
        array = np.frombuffer(data, dtype="<i8", count=count, offset=first)
        arrays[name] = array.astype(np.int64, copy=False).reshape(shape)
        first += 8 * count
    return arrays


def _refused(path: Path, *, got: str, want: str, what: str) -> EngineError:
    return EngineError(
        f"the snapshot belongs to another {what}",
        at=str(path),
        got=got,
        want=want,
        hint="fold the log with this plan: Live.start(plan, tables)",
        code=f"engine.snapshot.{what}",
    )
