"""Sealing: whole segments of the tail go into the tables, in one change of the manifest.

A crash before the manifest is saved has moved nothing; a crash after it leaves segments whose
number the manifest has passed, which nobody reads and which the next seal deletes.
"""

from __future__ import annotations

from msgspec.structs import replace

from mintmark.ground import LogError
from mintmark.log import decision, manifest, quarantine, segment
from mintmark.log.manifest import Epoch, Head, Mark
from mintmark.log.record import Row
from mintmark.log.store import Store, rows_table
from mintmark.log.unsealed import Unsealed, gather


def seal(store: Store, *, below: int | None = None) -> int:
    """Move the segments below number `below` into the tables; return how many records moved.

    Without `below` all of them are moved, which only one who holds the lock, and has no open tail,
    may ask for.
    """
    head = store.head()
    parts = segment.listed(store.tail, number=head.sealed)
    if below is not None:
        parts = [part for part in parts if part.place.number < below]
    found = gather(parts, head)
    if parts:
        try:
            after = _write(store, head, found)
        except LogError:
            store.roll_back(head)
            raise
        after = replace(after, sealed=parts[-1].place.number + 1)
        store.save(after)
        store.condense(after)
        head = after
    _delete(store, head)
    return len(found.payloads)


def _write(store: Store, head: Head, found: Unsealed) -> Head:
    """Write the records into their tables; return the manifest that names the new versions."""
    marks = dict(head.epoch.streams)
    for stream in sorted({record.stream for record in found.records}):
        marks[stream] = _append(store, stream, found.of(stream), marks.get(stream))
    after = head
    if found.decisions:
        table = store.table("decisions")
        rows = decision.to_table(found.decisions)
        after = replace(after, decisions=table.write(rows, onto=head.decisions))
    if found.refusals:
        table = store.table("quarantine")
        rows = quarantine.to_table(found.refusals)
        after = replace(after, quarantine=table.write(rows, onto=head.quarantine))
    digest = head.digest
    for kind, payload in found.payloads:
        digest = manifest.chain(digest, bytes([kind]) + payload)
    known_at = found.records[-1].row["mm_known_at"] if found.records else head.epoch.known_at
    epoch = Epoch(
        head.epoch.number,
        seq=found.seq,
        known_at=None if known_at is None else int(known_at),
        streams=marks,
    )
    return replace(after, digest=digest, epochs=(*head.epochs[:-1], epoch))


def _append(store: Store, stream: str, rows: list[Row], mark: Mark | None) -> Mark:
    """Append one stream's rows to its table."""
    onto = None if mark is None else mark.version
    table = rows_table(rows, store.schema(stream))
    version = store.table("events", stream).write(table, onto=onto)
    times = [min(int(row["mm_at"] or 0), int(row["mm_known_at"] or 0)) for row in rows]
    if mark is not None and mark.horizon is not None:
        times.append(mark.horizon)
    return Mark(version, len(rows) + (0 if mark is None else mark.rows), max(times))


def _delete(store: Store, head: Head) -> None:
    """Delete the segments that the manifest has passed."""
    for part in segment.listed(store.tail, number=0):
        if part.place.number < head.sealed:
            part.path.unlink()
