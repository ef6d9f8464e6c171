"""Delta Lake tables, each written by one writer and read at the version that the manifest names.

A write is a version of its table at once, but nobody reads it before the manifest names it. What a
killed writer left behind the named version is taken away again before the next write, so that one
import stays one version of each table it touches. `deltalake` is imported here and nowhere else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Schema,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, create_table_with_add_actions

from mintmark.ground import sync_folder
from mintmark.log import disk

CHECKPOINT_EVERY = 50
_COMPRESSED = WriterProperties(compression="ZSTD", compression_level=1)
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


class Table:
    """One Delta table of the log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, rows: pa.Table, *, onto: int | None, replace: bool = False) -> int:
        """Write one version that follows version `onto`; return its number.

        Whatever lies beyond `onto` was never named by the manifest and is removed first.

        Raises
        ------
        LogError
            `log.disk.full` when the disk has no room for it.
        """
        self.roll_back(onto)
        mode: Literal["overwrite", "append"] = "overwrite" if replace else "append"
        with disk.guarded(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                write_deltalake(
                    str(self.folder),
                    rows,
                    mode=mode,
                    writer_properties=_COMPRESSED,
                    post_commithook_properties=_NO_HOOKS,
                )
            except DeltaError as error:
                raise OSError(str(error)) from error
            version = 0 if onto is None else onto + 1
            self._sync(version)
        return version

    def read(
        self, version: int, columns: list[str] | None = None, *, after_seq: int | None = None
    ) -> pa.Table:
        """Return the rows of one version, in the order in which they were written.

        With `after_seq` only those of a greater `mm_seq`; files without any are not read.
        """
        wanted = None if after_seq is None else pc.field("mm_seq") > after_seq
        parts = [
            pq.read_table(file, columns=columns, filters=wanted, partitioning=None)
            for file in self.files(version)
        ]
        return pa.concat_tables(parts) if len(parts) != 1 else parts[0]

    def files(self, version: int | None = None) -> list[Path]:
        """Return the Parquet files of one version, or of the newest one."""
        found = DeltaTable(str(self.folder), version=version).file_uris()
        return [self.folder / unquote(uri.rpartition("/")[2]) for uri in found]

    def adopt(self, files: Sequence[Path], told: Mapping[str, str]) -> None:
        """Make files that others have written into the folder its first version, by one commit.

        Before it nobody sees them; after it readers of Delta see them all.

        Parameters
        ----------
        told : mapping of str to str
            What the commit says beside them.

        Raises
        ------
        LogError
            `log.disk.full` when the disk has no room for it.
        """
        shapes = [pq.read_metadata(file) for file in files]
        adds = [
            AddAction(
                path=file.name,
                size=file.stat().st_size,
                partition_values={},
                modification_time=int(file.stat().st_mtime * 1_000),
                data_change=True,
                stats=json.dumps({"numRecords": shape.num_rows}),
            )
            for file, shape in zip(files, shapes, strict=True)
        ]
        with disk.guarded(self.folder):
            for file in files:
                disk.sync_file(file)
            schema = Schema.from_arrow(pq.read_schema(files[0]))
            properties = CommitProperties(custom_metadata=dict(told))
            try:
                create_table_with_add_actions(
                    str(self.folder), schema, adds, commit_properties=properties
                )
            except DeltaError as error:
                raise OSError(str(error)) from error
            self._sync(0)

    def roll_back(self, version: int | None) -> None:
        """Remove every version after `version`, and every file that belongs to none."""
        if not self.folder.exists():
            return
        if version is None:
            shutil.rmtree(self.folder)
            return
        kept: set[str] = set()
        for commit in sorted((self.folder / "_delta_log").iterdir()):
            number = commit.name.partition(".")[0]
            if not number.isdigit():
                _drop_unless_pointer(commit)
            elif int(number) > version:
                commit.unlink()
            elif commit.suffix == ".json":
                kept.update(_added(commit))
        for file in self.folder.glob("*.parquet"):
            if file.name not in kept:
                file.unlink()

    def checkpoint(self, version: int) -> None:
        """Condense the table's log every so many versions; call it once `version` is named."""
        if version and version % CHECKPOINT_EVERY == 0:
            DeltaTable(str(self.folder), version=version).create_checkpoint()

    def _sync(self, version: int) -> None:
        """Make the new version's files lasting, before the manifest may name it."""
        log = self.folder / "_delta_log"
        commit = log / f"{version:020d}.json"
        for name in _added(commit):
            disk.sync_file(self.folder / name)
        disk.sync_file(commit)
        for folder in (log, self.folder, self.folder.parent):
            sync_folder(folder)


def in_order(rows: pa.Table, *, by: str) -> pa.Table:
    """Return rows in the order of a column, sorting only where they are not in it already."""
    seq = rows[by].to_numpy()
    if np.all(seq[1:] > seq[:-1]):
        return rows
    return rows.take(pc.sort_indices(rows, sort_keys=[(by, "ascending")]))


def _added(commit: Path) -> list[str]:
    """Return the names of the data files that one commit added."""
    actions = (json.loads(line) for line in commit.read_text().splitlines())
    return [unquote(action["add"]["path"]) for action in actions if "add" in action]


def _drop_unless_pointer(file: Path) -> None:
    """Remove what an unfinished commit left in the table's log, but not the checkpoint pointer."""
    if file.is_file() and file.name != "_last_checkpoint":
        file.unlink()
