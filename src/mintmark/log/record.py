"""What one frame of the tail holds: an event with its decision, or a row that was refused."""

from __future__ import annotations

import enum
from typing import TypeAlias

import msgspec

from mintmark.log.decision import Decision

Stored: TypeAlias = int | str | bool | None
"""A stored value: minor units, µs, text or a flag; `None` is null."""

Row: TypeAlias = dict[str, Stored]
"""One event in stored units: `mm_seq`, `mm_at`, `mm_known_at`, `mm_revision`, then its columns."""


class Kind(enum.IntEnum):
    """The kinds of record that a frame can carry; the numbers are part of the format."""

    EVENT = 1
    REFUSAL = 2


class TailRecord(msgspec.Struct, frozen=True):
    """One event in stored units, and the decision that answered it, if it asked for one."""

    stream: str
    row: Row
    decision: Decision | None = None

    @property
    def seq(self) -> int:
        """The event's place in the log's one order."""
        return int(self.row["mm_seq"] or 0)


class Refusal(msgspec.Struct, frozen=True):
    """A row that did not enter the log, and why; `raw` is JSON with every card number masked."""

    stream: str
    reason: str
    column: str
    source: str
    row_number: int
    raw: str


_encoder = msgspec.msgpack.Encoder()
_events = msgspec.msgpack.Decoder(TailRecord)
_refusals = msgspec.msgpack.Decoder(Refusal)


def encode(record: TailRecord | Refusal) -> tuple[Kind, bytes]:
    """Turn one record into the kind and the payload of its frame.

    Examples
    --------
    >>> kind, payload = encode(TailRecord("payment", {"mm_seq": 7, "mm_at": 0}))
    >>> decode(kind, payload).seq
    7
    """
    kind = Kind.EVENT if isinstance(record, TailRecord) else Kind.REFUSAL
    return kind, _encoder.encode(record)


def decode(kind: int, payload: bytes | memoryview) -> TailRecord | Refusal:
    """Turn a frame's payload back into its record; equal to what was encoded."""
    if kind == Kind.EVENT:
        return _events.decode(payload)
    return _refusals.decode(payload)
