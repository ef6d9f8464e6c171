"""What an import adds: its rows judged and in order, ready to be written.

    sound rows -> ahead? -> order -> identity -> late? -> seq

The rows are judged as the sequencer would judge them, one by one in this order.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import polars as pl

from mintmark.log import order
from mintmark.log.intake import Intake
from mintmark.log.manifest import Epoch, Mark
from mintmark.log.order import SOURCE
from mintmark.log.record import Refusal
from mintmark.log.rule import Shape

Known: TypeAlias = Callable[[str], pl.DataFrame]
"""Reads a stream's events that are in the log, with a `SOURCE` of -1."""


@dataclass(slots=True)
class Batch:
    """An import that is judged and ordered, ready to be written.

    `streams` hold each touched stream's rows with their `mm_seq`: the new ones, or all of them
    where `reopened` says that a new epoch begins.
    """

    streams: dict[str, pl.DataFrame]
    reopened: bool
    added: int
    same: int
    refusals: list[Refusal] = field(default_factory=list)

    def content(self) -> bytes:
        """Return what the log's digest is made of: the rows, the refusals, where they stand."""
        whole = hashlib.sha256(b"epoch" if self.reopened else b"import")
        for name in sorted(self.streams):
            whole.update(name.encode() + b"\0" + fingerprint(self.streams[name]))
        for one in self.refusals:
            parts = (one.stream, one.reason, one.column, str(one.row_number), one.raw)
            whole.update("\0".join(parts).encode() + b"\1")
        return whole.digest()


def settle(intake: Intake, shapes: Mapping[str, Shape], epoch: Epoch, known: Known) -> Batch:
    """Judge and order what was taken in, on top of an epoch whose rows `known` reads.

    Rows that are refused on the way are put into `intake.refusals`.
    """

    def judge(*, reopen: bool) -> dict[str, _Judged]:
        return {
            name: _judge(rows, shapes[name], epoch.streams.get(name), known, reopen=reopen)
            for name, rows in intake.streams.items()
        }

    reopened = _reaches_back(intake.streams, epoch)
    judged = judge(reopen=reopened)
    if reopened and not _reaches_back({name: one.fresh for name, one in judged.items()}, epoch):
        reopened, judged = False, judge(reopen=False)
    for one in judged.values():
        for reason, sources in one.refused.items():
            intake.refuse(sources, reason)
    ordered = {name: one.rows for name, one in judged.items() if one.fresh.height}
    if reopened:
        ordered |= {name: known(name) for name in epoch.streams if name not in ordered}
    return Batch(
        streams=order.sequence(ordered, shapes, after_seq=0 if reopened else epoch.seq),
        reopened=reopened,
        added=sum(one.fresh.height for one in judged.values()),
        same=intake.again + sum(one.same for one in judged.values()),
        refusals=intake.refusals,
    )


def count_parked(batch: Batch, shapes: Mapping[str, Shape], known: Known) -> int:
    """Count the labels just added whose event is not in the log before them."""
    total = 0
    for name, rows in batch.streams.items():
        shape = shapes[name]
        if shape.refers_to is None:
            continue
        target = shapes[shape.refers_to]
        targets = [known(target.name)] if not batch.reopened else []
        targets += [batch.streams[target.name]] if target.name in batch.streams else []
        places = pl.concat(part.select(target.id, "mm_seq") for part in targets)
        labels = rows.filter(pl.col(SOURCE) >= 0)
        total += order.parked(labels, shape, targets=places)
    return total


def by_reason(refusals: list[Refusal]) -> dict[str, int]:
    """Count refusals by their reason."""
    return dict(sorted(Counter(one.reason for one in refusals).items()))


def fingerprint(rows: pl.DataFrame) -> bytes:
    """Hash rows column by column, nulls and the borders of texts included.

    Cost: 0.1 s for 500,000 rows of eleven columns.
    """
    whole = hashlib.sha256()
    for name in sorted(column for column in rows.columns if column != SOURCE):
        column = rows[name]
        whole.update(f"{name} {column.dtype} {len(column)}\0".encode())
        if column.null_count():
            whole.update(column.is_null().to_numpy().tobytes())
        if column.dtype == pl.String:
            filled = column.fill_null("")
            whole.update(filled.str.len_bytes().to_numpy().tobytes())
            whole.update(filled.str.join("").item().encode())
        else:
            whole.update(column.cast(pl.Int64).fill_null(0).to_numpy().tobytes())
    return whole.digest()


@dataclass(frozen=True, slots=True)
class _Judged:
    """One stream after its judgement: the rows to be placed, and the sources of those refused.

    `rows` are in order; where an epoch is reopened they hold the log's own rows too.
    """

    rows: pl.DataFrame
    same: int
    refused: dict[str, pl.Series]

    @property
    def fresh(self) -> pl.DataFrame:
        """The rows that are added."""
        return self.rows.filter(pl.col(SOURCE) >= 0)


def _reaches_back(streams: Mapping[str, pl.DataFrame], epoch: Epoch) -> bool:
    """Say whether something became known before what the log knows already."""
    earliest = [rows["mm_known_at"].to_numpy().min() for rows in streams.values() if rows.height]
    return epoch.known_at is not None and any(at < epoch.known_at for at in earliest)


def _judge(
    rows: pl.DataFrame, shape: Shape, mark: Mark | None, known: Known, *, reopen: bool
) -> _Judged:
    """Judge one stream's rows as if they came one by one.

    A row that came too late is not in the log, so the next row of its id is judged for itself;
    each pass finds some more of those, and what was too late stays too late.
    """
    early = order.ahead(rows, shape)
    left = order.arrange(rows.filter(~early), shape)
    refused = {"ahead": rows.filter(early)[SOURCE], "late": rows[SOURCE].clear()}
    while True:
        split = order.identify(left, shape, known=known(shape.name))
        if reopen:
            placed, too_late = order.merge_late(split.kept, shape, old=known(shape.name))
        else:
            placed = split.kept
            too_late = order.late(placed, shape, None if mark is None else mark.horizon)
        if not too_late.any():
            return _Judged(placed, split.same, refused | {"conflict": split.conflicts})
        sources = placed.filter(too_late)[SOURCE]
        refused["late"] = pl.concat([refused["late"], sources])
        left = left.filter(~left[SOURCE].is_in(sources.implode()))
