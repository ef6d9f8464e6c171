"""The import of a history: one sealed set over all its streams, in the order of knowledge.

    files -> contract -> judged and ordered -> tables -> manifest

Nothing is written before everything is judged, and nothing that is written can be read before the
manifest names it. So an import that is killed has not happened, and the same command again ends
where it would have ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from msgspec.structs import replace

from mintmark.ground import LogError, Progress
from mintmark.log import batch, disk, manifest, quarantine
from mintmark.log.batch import Batch
from mintmark.log.contract import TableContract
from mintmark.log.intake import take_in
from mintmark.log.manifest import Epoch, Head, Mark
from mintmark.log.store import Store


@dataclass(frozen=True)
class Ingested:
    """What an import did.

    `read` = `added` + `same` + the sum of `quarantined`, which counts rows by reason. `parked` are
    labels among the added whose event is not known yet. `first_seq` and `last_seq` are the places
    that were given, 0 and 0 where none was. `versions` are those of the tables it wrote.
    """

    read: int
    added: int
    same: int
    quarantined: dict[str, int]
    parked: int
    epoch: int
    first_seq: int
    last_seq: int
    versions: dict[str, int]


def import_files(
    store: Store,
    files: Mapping[str, list[Path]],
    *,
    token_key: bytes | None,
    progress: Progress,
) -> Ingested:
    """Import files by stream; the caller holds the lock and has no live tail.

    Raises
    ------
    LogError
        `log.source.*` for a file that cannot be read at all, `log.disk.full`.
    """
    head = store.head()
    store.roll_back(head)
    intake = take_in(
        files,
        {name: TableContract(store.shapes[name], token_key) for name in files},
        definitions={name: store.events[name].digest for name in files},
        known={(one.stream, one.digest): one for one in head.imported},
        progress=progress,
    )
    known = store.history(head.epoch)
    settled = batch.settle(intake, store.shapes, head.epoch, known)
    try:
        after, versions = write(store, head, settled)
    except LogError:
        store.roll_back(head)
        raise
    imported = tuple(origin.imported() for origin in intake.origins)
    if imported:
        store.save(replace(after, imported=head.imported + imported))
        store.condense(after)
    first_seq = 1 if settled.reopened else head.epoch.seq + 1
    return Ingested(
        read=sum(one.rows for one in imported) + intake.again,
        added=settled.added,
        same=settled.same,
        quarantined=batch.by_reason(settled.refusals),
        parked=batch.count_parked(settled, store.shapes, known),
        epoch=after.epoch.number,
        first_seq=first_seq if settled.added else 0,
        last_seq=after.epoch.seq if settled.added else 0,
        versions=versions,
    )


def write(store: Store, head: Head, settled: Batch) -> tuple[Head, dict[str, int]]:
    """Write one version of each touched table; return the manifest that names them all."""
    sizes = [int(rows.estimated_size()) for rows in settled.streams.values()]
    disk.require(store.folder, sum(sizes))
    versions: dict[str, int] = {}
    marks: dict[str, Mark] = {}
    for name, rows in settled.streams.items():
        mark = head.epoch.streams.get(name)
        onto = None if mark is None else mark.version
        table = rows.select(list(store.shapes[name].columns)).to_arrow()
        versions[name] = store.table("events", name).write(
            table.cast(store.schema(name)), onto=onto, replace=settled.reopened
        )
        marks[name] = _mark(rows, versions[name], None if settled.reopened else mark)
    after = head
    if settled.refusals:
        refused = quarantine.to_table(settled.refusals)
        versions["quarantine"] = store.table("quarantine").write(refused, onto=head.quarantine)
        after = replace(after, quarantine=versions["quarantine"])
    if versions:
        after = replace(after, digest=manifest.chain(head.digest, settled.content()))
    return _reached(after, settled, marks), versions


def _mark(rows: pl.DataFrame, version: int, before: Mark | None) -> Mark:
    """Return how far a stream has come with these rows, after what it had before."""
    horizon = rows.select(pl.min_horizontal("mm_at", "mm_known_at").max()).item()
    if before is None:
        return Mark(version, rows.height, horizon)
    reached = horizon if before.horizon is None else max(horizon, before.horizon)
    return Mark(version, before.rows + rows.height, reached)


def _reached(head: Head, settled: Batch, marks: dict[str, Mark]) -> Head:
    """Return the manifest with the epoch that the import leaves behind."""
    if not marks:
        return head
    seq = max(int(rows["mm_seq"][-1]) for rows in settled.streams.values())
    known_at = max(int(rows["mm_known_at"][-1]) for rows in settled.streams.values())
    before = head.epoch
    if settled.reopened:
        epoch = Epoch(before.number + 1, seq=seq, known_at=known_at, streams=marks)
        return replace(head, epochs=(*head.epochs, epoch))
    epoch = Epoch(before.number, seq=seq, known_at=known_at, streams=before.streams | marks)
    return replace(head, epochs=(*head.epochs[:-1], epoch))
