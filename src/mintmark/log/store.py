"""What a log is on disk: one folder with a manifest, a lock and tables.

Everything that writes to a log goes through here: it writes tables first, then saves the manifest
that names their new versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import msgspec
import polars as pl
import pyarrow as pa

from mintmark.define import Event
from mintmark.log import disk, manifest
from mintmark.log.lock import WriterLock
from mintmark.log.manifest import Epoch, Head
from mintmark.log.order import SOURCE
from mintmark.log.record import Row
from mintmark.log.rule import Kind, Shape, shape_of
from mintmark.log.tables import Table, in_order

_ARROW: dict[Kind, pa.DataType] = {
    "integer": pa.int64(),
    "flag": pa.bool_(),
    "text": pa.string(),
    "pan": pa.string(),
}


class Store:
    """The folder of one log: its manifest, its lock, its tables and the shapes of its events."""

    def __init__(self, folder: Path, events: Iterable[Event]) -> None:
        self.folder = folder
        self.events = {event.name: event for event in events}
        self.shapes: dict[str, Shape] = {n: shape_of(event) for n, event in self.events.items()}
        self.lock = WriterLock(folder / "lock")
        self.manifest = folder / "HEAD.json"
        self.tail = folder / "tail"
        self._tables: dict[str, Table] = {}

    def make(self) -> None:
        """Make the folders and an empty manifest."""
        with disk.guarded(self.folder):
            for folder in (self.tail, self.folder / "events"):
                folder.mkdir(parents=True, exist_ok=True)
        with self.lock.hold():
            self.save(Head())

    def head(self) -> Head:
        """Read the manifest: what the tables hold, without the live tail."""
        return manifest.load(self.manifest)

    def save(self, head: Head) -> None:
        """Replace the manifest; from here on its versions are what is read."""
        assert self.lock.held, "the manifest is written under the lock"
        shapes = head.shapes | self.storage()
        with disk.guarded(self.folder):
            manifest.save(self.manifest, msgspec.structs.replace(head, shapes=shapes))

    def storage(self) -> dict[str, dict[str, str]]:
        """Return for each event what its stored columns mean."""
        return {name: shape.storage for name, shape in self.shapes.items()}

    def table(self, *names: str) -> Table:
        """Return one of the Delta tables: `events`, stream; `quarantine`; `decisions`."""
        return self._tables.setdefault("/".join(names), Table(self.folder.joinpath(*names)))

    def schema(self, stream: str) -> pa.Schema:
        """Return the columns of a stream's stored events."""
        columns = self.shapes[stream].columns
        return pa.schema([(name, _ARROW[kind]) for name, kind in columns.items()])

    def rows(self, stream: str, epoch: Epoch, *, after_seq: int | None = None) -> pa.Table:
        """Return the events of a stream that the tables hold of an epoch, in the log's order.

        after_seq : the place after which to begin, or None for all of them.
        """
        mark = epoch.streams.get(stream)
        schema = self.schema(stream)
        if mark is None:
            return schema.empty_table()
        rows = self.table("events", stream).read(mark.version, schema.names, after_seq=after_seq)
        return in_order(rows, by="mm_seq").cast(schema)

    def history(self, epoch: Epoch) -> Callable[[str], pl.DataFrame]:
        """Return a function that reads a stream's stored events once, for the import.

        Its frames have a column `SOURCE` of -1, which tells them from new rows.
        """

        @cache
        def read(stream: str) -> pl.DataFrame:
            rows = pl.DataFrame(pl.from_arrow(self.rows(stream, epoch)))
            return rows.with_columns(pl.lit(-1, pl.Int64).alias(SOURCE))

        return read

    def roll_back(self, head: Head) -> None:
        """Remove from every table what the manifest does not name."""
        for stream in self.shapes:
            mark = head.epoch.streams.get(stream)
            self.table("events", stream).roll_back(None if mark is None else mark.version)
        self.table("quarantine").roll_back(head.quarantine)
        self.table("decisions").roll_back(head.decisions)
        for unfinished in self.folder.glob(f".{self.manifest.name}.*.tmp"):
            unfinished.unlink()

    def condense(self, head: Head) -> None:
        """Condense the logs of tables that have grown by many versions."""
        for stream, mark in head.epoch.streams.items():
            self.table("events", stream).checkpoint(mark.version)
        for name, version in (("quarantine", head.quarantine), ("decisions", head.decisions)):
            if version is not None:
                self.table(name).checkpoint(version)


def rows_table(rows: list[Row], schema: pa.Schema) -> pa.Table:
    """Return rows in stored units as a table."""
    return pa.Table.from_pylist(rows, schema=schema)
