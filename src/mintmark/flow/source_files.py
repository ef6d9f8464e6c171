"""The Parquet files that a replay reads: their order, and cuts of them for tasks.

What is known of a file without reading its rows, its row groups and the first and last `mm_seq` of
each, is enough to cut a stream into chunks and to check that these are in the order of the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mintmark.ground import FlowError
from mintmark.log.tables import Table

Cut = list[tuple[str, list[int]]]
"""Row groups of files, in the order of the log."""


@dataclass(frozen=True)
class RowGroup:
    """One row group of a file; first, last : the `mm_seq` that it goes from and up to."""

    path: str
    place: int
    rows: int
    first: int
    last: int


def row_groups(name: str, given: Path | Sequence[Path]) -> list[RowGroup]:
    """Return the row groups of a stream in the order of the log, empty ones left out.

    given : Parquet files, or one, or the folder of a Delta table.

    Raises
    ------
    FlowError
        `flow.replay.unreadable`, `flow.replay.column`, `flow.replay.order`.
    """
    if isinstance(given, Path):
        given = Table(given).files() if (given / "_delta_log").exists() else [given]
    files = [group for group in map(_of_file, given) if group]
    files.sort(key=lambda groups: groups[0].first)
    found = [group for groups in files for group in groups]
    for before, after in pairwise(found):
        if after.first <= before.last:
            raise FlowError(
                f'the files of "{name}" overlap in the order of the log',
                at=after.path,
                got=f"mm_seq from {after.first}",
                want=f"> {before.last}",
                hint="sort the rows by mm_seq over all files",
                code="flow.replay.order",
            )
    return found


def cuts(groups: Sequence[RowGroup], rows: int) -> list[Cut]:
    """Return row groups put together to about so many rows; a longer one stands alone."""
    found: list[Cut] = []
    held = 0
    for group in groups:
        if not found or held + group.rows > rows:
            found.append([])
            held = 0
        held += group.rows
        if not found[-1] or found[-1][-1][0] != group.path:
            found[-1].append((group.path, []))
        found[-1][-1][1].append(group.place)
    return found


def every_nth(groups: Sequence[RowGroup], rows: int) -> list[int]:
    """Return the `mm_seq` of every so many rows, from the first on.

    Cost: one column of the row groups that hold such a row.
    """
    found: list[int] = []
    start = 0
    for group in groups:
        wanted = range(-(-start // rows) * rows, start + group.rows, rows)
        if len(wanted):
            seq = _seq_of(group)
            found += [int(seq[place - start].as_py()) for place in wanted]
        start += group.rows
    return found


def batches(cut: Cut, columns: Sequence[str], rows: int) -> Iterator[pa.Table]:
    """Read some columns of row groups, so many rows at a time.

    Raises
    ------
    FlowError
        `flow.replay.unreadable`, `flow.replay.column`.
    """
    for path, places in cut:
        with readable(path), pq.ParquetFile(path) as file:
            require(path, columns, file.schema_arrow.names)
            for batch in file.iter_batches(rows, places, list(columns), use_threads=False):
                yield pa.Table.from_batches([batch])


def rows_between(
    groups: Sequence[RowGroup], first: int, end: int
) -> list[tuple[str, int, int, int]]:
    """Return where the rows from `first` up to `end` stand: file, row group, and rows of it."""
    found, start = [], 0
    for group in groups:
        if start < end and first < start + group.rows:
            low, high = max(first - start, 0), min(end - start, group.rows)
            found.append((group.path, group.place, low, high))
        start += group.rows
    return found


def require(path: str, columns: Sequence[str], there: Sequence[str]) -> None:
    """Refuse a file that lacks some columns."""
    missing = [name for name in columns if name not in there]
    if missing:
        raise FlowError(
            "a file lacks a column that the plan reads",
            at=path,
            got=", ".join(there),
            want=", ".join(missing),
            code="flow.replay.column",
        )


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Tell a file that cannot be read by its name."""
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise FlowError(
            "a file of rows cannot be read",
            at=path,
            got=str(error).split("\n")[0],
            want="a Parquet file that every worker reaches by this path",
            hint="bring it back or write it anew; what other files gave stays and is used again",
            code="flow.replay.unreadable",
            kind="world",
        ) from error


def _of_file(path: Path) -> list[RowGroup]:
    told = str(path.resolve())
    with readable(told):
        about = pq.read_metadata(path)
    names = about.schema.to_arrow_schema().names
    require(told, ["mm_seq"], names)
    place, found = names.index("mm_seq"), []
    for number in range(about.num_row_groups):
        group = about.row_group(number)
        if group.num_rows:
            first, last = _bounds(told, number, group.column(place).statistics)
            found.append(RowGroup(told, number, group.num_rows, first, last))
    return found


def _bounds(path: str, number: int, statistics: pq.Statistics | None) -> tuple[int, int]:
    """The least and the greatest mm_seq of a row group, from what was noted of it or its rows."""
    if statistics is not None and statistics.has_min_max:
        return statistics.min, statistics.max
    seq = _seq_of(RowGroup(path, number, 0, 0, 0)).to_numpy()
    return int(seq.min()), int(seq.max())


def _seq_of(group: RowGroup) -> pa.ChunkedArray:
    with readable(group.path), pq.ParquetFile(group.path) as file:
        return file.read_row_group(group.place, columns=["mm_seq"])["mm_seq"]
