"""The rows of one stream in the order of the log, wherever they are kept: in memory, or in files.

A history is folded a piece at a time. What all of it must be known by (times, places, keys, ids)
is read as whole columns; everything else is read with its piece, so that a history in files may be
larger than memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mintmark.engine.columns import column_of, known, numbers_of
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_FEW = 1 << 12


@runtime_checkable
class Rows(Protocol):
    """Rows of one stream: columns by name, whole or of some rows."""

    @property
    def names(self) -> Sequence[str]:
        """The columns that there are."""

    def __len__(self) -> int:
        """How many rows there are."""

    def column(self, name: str) -> pa.ChunkedArray:
        """Return one column of all rows."""

    def part(self, first: int, last: int, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows from one place up to another."""

    def take(self, places: Ints, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows at some places."""


class HeldRows:
    """Rows in memory."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    @property
    def names(self) -> Sequence[str]:
        """The columns that there are."""
        names: list[str] = self._table.column_names
        return names

    def __len__(self) -> int:
        return len(self._table)

    def column(self, name: str) -> pa.ChunkedArray:
        """Return one column of all rows.  Cost: nothing is copied."""
        return self._table.column(name)

    def part(self, first: int, last: int, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows from one place up to another; nothing is copied."""
        return self._table.select(list(names)).slice(first, last - first)

    def take(self, places: Ints, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows at some places."""
        return self._table.select(list(names)).take(pa.array(places))


class ParquetRows:
    """Rows in Parquet files, each in the order of the log and after the one before it.

    Parameters
    ----------
    paths : sequence of Path
        At least one file; all have the columns of the first.

    Raises
    ------
    EngineError
        `engine.rows.file` for a file that is not there, is no Parquet file, is damaged where that
        shows, or has other columns or types than the first.

    Cost: a row group is decoded for each piece that it has rows of, mostly once; the newest one is
    kept.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        if isinstance(paths, (str, Path)) or not len(paths):
            raise EngineError(
                "rows are kept in a list of files, at least one",
                got=repr(paths),
                want="[Path, ...]",
                code="engine.rows.file",
            )
        self._paths = [Path(path) for path in paths]
        self._files = [_opened(path) for path in self._paths]
        self.names: list[str] = self._files[0].schema_arrow.names
        self._starts: list[int] = []
        self._groups: list[tuple[int, int]] = []
        count = 0
        for place, (path, file) in enumerate(zip(paths, self._files, strict=True)):
            if not file.schema_arrow.equals(self._files[0].schema_arrow):
                raise EngineError(
                    f"{path} has other columns than {paths[0]}",
                    got=_told(file),
                    want=_told(self._files[0]),
                    code="engine.rows.file",
                )
            for group in range(file.metadata.num_row_groups):
                self._starts.append(count)
                self._groups.append((place, group))
                count += file.metadata.row_group(group).num_rows
        self._count = count
        self._newest: tuple[int, tuple[str, ...], pa.Table] | None = None

    def __len__(self) -> int:
        return self._count

    def column(self, name: str) -> pa.ChunkedArray:
        """Return one column of all rows; no other is decoded."""
        chunks = [
            _read(path, partial(file.read, columns=[name])).column(0)
            for path, file in zip(self._paths, self._files, strict=True)
        ]
        return pa.chunked_array([c for part in chunks for c in part.chunks], type=chunks[0].type)

    def part(self, first: int, last: int, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows from one place up to another."""
        wanted = tuple(names)
        place = max(bisect_right(self._starts, first) - 1, 0)
        tables = []
        while place < len(self._starts) and self._starts[place] < last:
            start, table = self._starts[place], self._group(place, wanted)
            begin = max(first - start, 0)
            tables.append(table.slice(begin, min(last - start, len(table)) - begin))
            place += 1
        if not tables:
            return self._files[0].schema_arrow.empty_table().select(list(wanted))
        return pa.concat_tables(tables)

    def take(self, places: Ints, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows at some places; these columns are read whole."""
        taken = {name: self.column(name).take(pa.array(places)) for name in names}
        return pa.table(taken)

    def _group(self, place: int, names: tuple[str, ...]) -> pa.Table:
        if self._newest is None or self._newest[:2] != (place, names):
            file, group = self._groups[place]
            read = partial(self._files[file].read_row_group, group, columns=list(names))
            table = _read(self._paths[file], read)
            self._newest = (place, names, table)
        return self._newest[2]


def rows_by_stream(tables: Mapping[str, pa.Table | Rows]) -> dict[str, Rows]:
    """Return the rows of each stream, those of a table as `HeldRows`.

    Raises
    ------
    EngineError
        `engine.batch.tables` for what is no mapping of streams to rows.
    """
    told: Any = tables
    if not isinstance(told, Mapping):
        raise EngineError(
            "rows are handed over by their streams",
            got=type(told).__name__,
            want='{"payment": table, ...}',
            hint="a stream that is left out has no rows",
            code="engine.batch.tables",
        )
    return {str(name): _rows_of(name, kept) for name, kept in told.items()}


def _rows_of(name: object, kept: Any) -> Rows:
    if isinstance(kept, pa.Table):
        return HeldRows(kept)
    if not isinstance(kept, Rows):
        raise EngineError(
            f'the rows of "{name}" are of a sort that is not read here',
            got=type(kept).__name__,
            want="a pyarrow.Table, or ParquetRows([path, ...]) for rows in files",
            hint="say .to_arrow()" if hasattr(kept, "to_arrow") else "",
            code="engine.batch.tables",
        )
    return kept


def one_by_one(name: str, rows: Rows) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Yield the rows of a stream with their places, as live folds them.

    Raises
    ------
    EngineError
        `engine.batch.column` for rows without a place.

    Cost: a few rows at a time are held; as objects they are large.
    """
    seqs = numbers_of(known(column_of(rows, "mm_seq", name), "mm_seq", name), "mm_seq", name)
    for first in range(0, len(rows), _FEW):
        part = _plain(rows.part(first, min(first + _FEW, len(rows)), rows.names))
        for seq, row in zip(seqs[first : first + _FEW].tolist(), part.to_pylist(), strict=True):
            yield seq, name, row


def _plain(table: pa.Table) -> pa.Table:
    """The rows with times in stored units, as a history has them."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            times = table.column(place).cast(pa.timestamp("us", field.type.tz)).cast(pa.int64())
            table = table.set_column(place, field.name, times)
    return table


def _told(file: pq.ParquetFile) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in file.schema_arrow)


def _opened(path: Path) -> pq.ParquetFile:
    # Pages that carry a checksum are held to it.
    return _read(path, partial(pq.ParquetFile, path, page_checksum_verification=True))


def _read(path: Path, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (OSError, pa.ArrowInvalid) as error:
        raise EngineError(
            f"{path} cannot be read as a Parquet file: {str(error).splitlines()[0]}",
            hint="hand over the files that hold the stream's rows, in the order of the log",
            code="engine.rows.file",
        ) from None
