"""Files that events come from: Parquet, CSV, and folders of them, read piece by piece.

A source that cannot be read at all is an error before anything is written; a line that cannot be
read is a fault of that line. CSV values stay text, so that the contract reads them exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mintmark.ground import LogError
from mintmark.log import lines
from mintmark.log.lines import Unsound

Paths: TypeAlias = str | Path | Iterable[str | Path]
"""One file, one folder, or several of them."""

PIECE_ROWS = 1_000_000
SUFFIXES = (".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of one file.

    `numbers` holds for each row of `table` its row in the file (Parquet, from 1) or its line (CSV,
    the header being line 1); `unsound` are the lines that have no row.
    """

    file: Path
    table: pl.DataFrame
    numbers: NDArray[np.int64]
    unsound: tuple[Unsound, ...] = ()


def files_of(paths: Paths) -> list[Path]:
    """Return the files that some paths mean, those of a folder in the order of their names.

    Raises
    ------
    LogError
        `log.source.not_found`, `log.source.empty_folder`, `log.source.format`.
    """
    listed = [paths] if isinstance(paths, (str, Path)) else list(paths)
    return [file for path in listed for file in _files(Path(path))]


def by_stream(folder: str | Path, streams: Iterable[str]) -> Mapping[str, list[Path]]:
    """Sort a folder's files by the stream that each is named after.

    `payment.parquet`, `payment-2018-04.csv`, `payment_1.csv` and all files of a folder `payment`
    belong to the stream `payment`; the longest name that fits wins.

    Raises
    ------
    LogError
        `log.source.no_stream` for a file that is named after none.
    """
    found: dict[str, list[Path]] = {}
    names = sorted(streams, key=len, reverse=True)
    for entry in sorted(Path(folder).iterdir()):
        if entry.name.startswith((".", "_")) or not (entry.is_dir() or entry.suffix in SUFFIXES):
            continue
        stem = entry.name if entry.is_dir() else entry.stem
        stream = next((n for n in names if stem == n or stem.startswith((f"{n}-", f"{n}_"))), None)
        if stream is None:
            raise LogError(
                "a file is named after no event",
                at=str(entry),
                got=stem,
                want=", ".join(sorted(names)),
                hint="name each file or folder after its event: payment.parquet, payment-2.csv",
                code="log.source.no_stream",
            )
        found.setdefault(stream, []).extend(_files(entry))
    return found


def pieces(file: Path) -> Iterator[Piece]:
    """Read a file piece by piece, each at most a million rows or so.

    Raises
    ------
    LogError
        `log.source.empty` for a file without a byte of data, `log.source.unreadable` for one that
        is cut off or not what its name says, `log.source.header` for a CSV header that names a
        column twice.
    """
    if file.stat().st_size == 0:
        raise _empty(file)
    return _csv(file) if file.suffix == ".csv" else _parquet(file)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
        if not inside:
            raise LogError(
                "a folder holds no Parquet and no CSV file",
                at=str(path),
                want="*.parquet or *.csv",
                code="log.source.empty_folder",
            )
        return inside
    if not path.exists():
        raise LogError("no such file", at=str(path), code="log.source.not_found")
    if path.suffix not in SUFFIXES:
        raise LogError(
            "a file is neither Parquet nor CSV by its name",
            at=str(path),
            got=path.suffix or "no suffix",
            want=" or ".join(SUFFIXES),
            code="log.source.format",
        )
    return [path]


def _parquet(file: Path) -> Iterator[Piece]:
    """Read a file by its rows; the footer is read first, so a file that was cut off is told."""
    try:
        with pq.ParquetFile(file) as opened:
            count = opened.metadata.num_rows
        for start in range(0, max(count, 1), PIECE_ROWS):
            table = pl.scan_parquet(file, glob=False).slice(start, PIECE_ROWS).collect()
            numbers = np.arange(start + 1, start + 1 + table.height, dtype=np.int64)
            yield Piece(file, table, numbers)
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(file, "Parquet") from error


def _csv(file: Path) -> Iterator[Piece]:
    with file.open("rb") as opened:
        empty = True
        for part in lines.read(opened):
            empty = False
            if len(set(part.header)) < len(part.header):
                raise LogError(
                    "the header names a column twice",
                    at=f"{file}:1",
                    got=", ".join(part.header),
                    want="each column once",
                    code="log.source.header",
                )
            yield Piece(file, _table(part), part.numbers, part.unsound)
        if empty and not _has_header(file):
            raise _empty(file)


def _table(part: lines.Lines) -> pl.DataFrame:
    """Read sound records as text; an empty value is null."""
    schema = dict.fromkeys(part.header, pl.String())
    if not part.body:
        return pl.DataFrame(schema=schema)
    table = pl.read_csv(part.body, has_header=False, schema=schema, infer_schema=False)
    assert table.height == len(part.numbers), "records were counted differently"
    return table


def _has_header(file: Path) -> bool:
    with file.open("rb") as opened:
        return bool(opened.read(lines.RECORD_BYTES).strip(b"\xef\xbb\xbf\r\n"))


def _empty(file: Path) -> LogError:
    return LogError("a file is empty", at=str(file), want="rows", code="log.source.empty")


def _unreadable(file: Path, form: str) -> LogError:
    return LogError(
        f"a file cannot be read as {form}",
        at=str(file),
        got=f"{file.stat().st_size} bytes",
        want=f"a whole {form} file",
        hint="it may be cut off: copy it again",
        code="log.source.unreadable",
    )
