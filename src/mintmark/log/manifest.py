"""The manifest: one small file that says what of the log can be read.

    HEAD.json  ->  version of each table, epochs, what was imported, the log's digest

All tables change their visible version together, when this file is replaced (written beside,
synced, renamed). Whatever a table holds beyond it does not exist for a reader.

The log's digest is a chain: each import, and each record of the tail, is hashed onto the one
before. It depends on what was stored in which order, not on when, where or in how many files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from mintmark.ground import LogError, write_atomic

FORMAT = 1
_PREFIX = "sha256:"
EMPTY = _PREFIX + "0" * 64


class Mark(msgspec.Struct, frozen=True):
    """One stream of one epoch: its table's version, its rows, and how far it has come.

    `horizon` is the largest min(`at`, `known_at`) of its events, µs, against which lateness is
    judged; None while it has none. `known_at` is that of its last event.
    """

    version: int
    rows: int
    horizon: int | None


class Epoch(msgspec.Struct, frozen=True):
    """One order of all events: each stream's mark, and the place and time that it has reached."""

    number: int
    seq: int = 0
    known_at: int | None = None
    streams: dict[str, Mark] = {}


class Imported(msgspec.Struct, frozen=True):
    """One file that was imported: its stream, what names its content, its rows and its refusals."""

    stream: str
    digest: str
    rows: int
    refused: int


class Head(msgspec.Struct, frozen=True):
    """All that the manifest says; segments of the tail below number `sealed` are in the tables."""

    format: int = FORMAT
    digest: str = EMPTY
    shapes: dict[str, dict[str, str]] = {}
    epochs: tuple[Epoch, ...] = (Epoch(0),)
    quarantine: int | None = None
    decisions: int | None = None
    sealed: int = 0
    imported: tuple[Imported, ...] = ()

    @property
    def epoch(self) -> Epoch:
        """The newest epoch, the one that is written to."""
        return self.epochs[-1]


def chain(before: str, content: bytes) -> str:
    """Hash what was added onto the digest of what was there.

    Examples
    --------
    >>> chain(EMPTY, b"a") == chain(EMPTY, b"a") != chain(EMPTY, b"b")
    True
    """
    link = bytes.fromhex(before.removeprefix(_PREFIX))
    return _PREFIX + hashlib.sha256(link + content).hexdigest()


def load(path: Path) -> Head:
    """Read a manifest.

    Raises
    ------
    LogError
        `log.manifest.unreadable` when it is damaged or of a format that this version cannot read.
    """
    try:
        head = msgspec.json.decode(path.read_bytes(), type=Head)
    except msgspec.DecodeError as error:
        raise _unreadable(path, str(error)) from error
    if head.format != FORMAT:
        raise _unreadable(path, f"format {head.format}")
    return head


def save(path: Path, head: Head) -> None:
    """Replace a manifest, lastingly and as a whole."""
    write_atomic(path, msgspec.json.format(msgspec.json.encode(head, order="sorted"), indent=1))


def require_shapes(head: Head, shapes: Mapping[str, dict[str, str]], path: Path) -> None:
    """Refuse to open a log with events that store other columns than those in it.

    Raises
    ------
    LogError
        `log.open.other_columns`.
    """
    for stream, columns in shapes.items():
        known = head.shapes.get(stream, columns)
        if known != columns:
            raise LogError(
                f'event "{stream}" is stored with other columns',
                at=str(path),
                got=", ".join(f"{name} {kind}" for name, kind in columns.items()),
                want=", ".join(f"{name} {kind}" for name, kind in known.items()),
                hint="read the history into a new log with the new definition",
                code="log.open.other_columns",
            )


def _unreadable(path: Path, got: str) -> LogError:
    return LogError(
        "the log's manifest cannot be read",
        at=str(path),
        got=got,
        want=f"format {FORMAT}",
        hint="restore HEAD.json from a copy: the tables beside it are whole",
        code="log.manifest.unreadable",
        kind="world",
    )
