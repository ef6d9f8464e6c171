"""The live tail as a reader sees it: the records on disk that the tables do not hold yet.

A reader takes no lock. It may look while a commit is being written, so a file that seems damaged is
looked at again before anyone is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mintmark.log import segment
from mintmark.log.decision import Decision
from mintmark.log.frame import Frame
from mintmark.log.manifest import Head
from mintmark.log.record import Refusal, Row, TailRecord, decode
from mintmark.log.segment import Segment

_LOOKS = 5


@dataclass(slots=True)
class Unsealed:
    """Records of the tail in their order: as payloads, and what they say.

    `payloads` are (kind, bytes); `seq` is that of the last event, the manifest's where there is
    none.
    """

    seq: int
    payloads: list[tuple[int, bytes]] = field(default_factory=list)
    records: list[TailRecord] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def of(self, stream: str) -> list[Row]:
        """Return the stored rows of one stream."""
        return [record.row for record in self.records if record.stream == stream]

    @property
    def decisions(self) -> list[Decision]:
        """The decisions, in the order of their events."""
        return [record.decision for record in self.records if record.decision is not None]

    def add(self, kind: int, payload: bytes) -> None:
        """Take one more record."""
        self.payloads.append((kind, payload))
        record = decode(kind, payload)
        if isinstance(record, TailRecord):
            self.records.append(record)
            self.seq = record.seq
        else:
            self.refusals.append(record)


def read_tail(folder: Path, head: Head) -> Unsealed:
    """Read what the tail holds beyond what the manifest says is sealed.

    Raises
    ------
    LogError
        `log.tail.damaged` when a record that was acknowledged can no longer be read.
    """
    return gather(segment.listed(folder, number=head.sealed), head)


def gather(parts: list[Segment], head: Head) -> Unsealed:
    """Read the records of some segments that follow what the manifest says is sealed."""
    found = Unsealed(head.epoch.seq)
    for part in parts:
        data, frames = _look(part)
        for frame in frames:
            found.add(frame.kind, bytes(data[frame.start : frame.stop]))
    return found


def _look(part: Segment) -> tuple[memoryview, tuple[Frame, ...]]:
    """Scan a segment that may be written to; only damage that stays is damage."""
    for _ in range(_LOOKS):
        data, found = part.read()
        if not found.damaged:
            return data, found.frames
    raise segment.damaged(part.path, found.end)
