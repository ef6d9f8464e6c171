"""What an import takes in: its files read and checked, before anything of them is ordered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mintmark.ground import Progress, digest, digest_file, mask
from mintmark.log.contract import POSITION, TableContract
from mintmark.log.manifest import Imported
from mintmark.log.order import SOURCE
from mintmark.log.quarantine import raw_line, raw_row
from mintmark.log.record import Refusal
from mintmark.log.rule import Shape
from mintmark.log.sources import Piece, pieces

ROW_BITS = 40
_ROW = (1 << ROW_BITS) - 1


@dataclass(slots=True)
class Origin:
    """One file of an import: its stream, the digest that names what it brings, and its counts."""

    shape: Shape
    file: Path
    digest: str
    rows: int = 0
    refused: int = 0

    def imported(self) -> Imported:
        """Return what the manifest keeps of the file."""
        return Imported(self.shape.name, self.digest, self.rows, self.refused)

    def refusal(self, number: int, *, reason: str, column: str, raw: str) -> Refusal:
        """Count and return the refusal of row or line `number`."""
        self.refused += 1
        source = mask(f"{self.file}:{number}")
        return Refusal(self.shape.name, reason, mask(column), source, number, raw)


@dataclass(slots=True)
class Intake:
    """All that an import read: the sound rows of each stream, and the refused ones.

    `streams` hold the stored columns and `SOURCE`; `again` counts the rows of files that were
    imported before and are not read any more.
    """

    origins: list[Origin] = field(default_factory=list)
    streams: dict[str, pl.DataFrame] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    again: int = 0

    def refuse(self, sources: pl.Series, reason: str) -> None:
        """Put rows that were sound by themselves into quarantine, read from their files again."""
        places = np.sort(sources.to_numpy())
        for number in np.unique(places >> ROW_BITS).tolist():
            origin = self.origins[number]
            column = origin.shape.source_at_fault(reason)
            for row_number, row in _rows(origin.file, places[places >> ROW_BITS == number] & _ROW):
                raw = raw_row(row, origin.shape)
                refusal = origin.refusal(row_number, reason=reason, column=column, raw=raw)
                self.refusals.append(refusal)

    def take(self, origin: Origin, contract: TableContract) -> Iterator[pl.DataFrame]:
        """Check a file piece by piece; keep its refusals, yield its sound rows."""
        number = len(self.origins)
        self.origins.append(origin)
        for piece in pieces(origin.file):
            for line in piece.unsound:
                raw = raw_line(line.text)
                refusal = origin.refusal(line.line, reason=line.reason, column="", raw=raw)
                self.refusals.append(refusal)
            origin.rows += piece.table.height + len(piece.unsound)
            yield self._checked(piece, origin, contract, number)

    def _checked(
        self, piece: Piece, origin: Origin, contract: TableContract, number: int
    ) -> pl.DataFrame:
        checked = contract.check(piece.table, file=str(piece.file))
        for position, fault in checked.faults:
            raw = raw_row(piece.table.row(position, named=True), origin.shape)
            line, reason = int(piece.numbers[position]), fault.reason
            refusal = origin.refusal(line, reason=reason, column=fault.column, raw=raw)
            self.refusals.append(refusal)
        places = piece.numbers[checked.stored[POSITION].to_numpy()] | (number << ROW_BITS)
        return checked.stored.drop(POSITION).with_columns(pl.Series(SOURCE, places))


def take_in(
    files: Mapping[str, list[Path]],
    contracts: Mapping[str, TableContract],
    *,
    definitions: Mapping[str, str],
    known: Mapping[tuple[str, str], Imported],
    progress: Progress,
) -> Intake:
    """Read and check the files of an import; those in `known` were imported before.

    `definitions` are the digests of the events. They are a part of a file's name: under another
    definition it is read again.
    """
    intake = Intake()
    seen = dict(known)
    for stream, paths in files.items():
        parts: list[pl.DataFrame] = []
        for file in paths:
            name = digest([digest_file(file), definitions[stream]])
            before = seen.get((stream, name))
            if before is None:
                origin = Origin(contracts[stream].shape, file, name)
                parts += intake.take(origin, contracts[stream])
                seen[(stream, name)] = origin.imported()
            else:
                intake.again += before.rows
            progress.advance(file.stat().st_size)
        if parts:
            intake.streams[stream] = pl.concat(parts)
    return intake


def _rows(file: Path, numbers: NDArray[np.int64]) -> Iterator[tuple[int, dict[str, object]]]:
    """Read some rows of a file again, by their numbers in it."""
    for piece in pieces(file):
        for place in np.flatnonzero(np.isin(piece.numbers, numbers)).tolist():
            yield int(piece.numbers[place]), piece.table.row(place, named=True)
