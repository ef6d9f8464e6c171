"""The order of an import: who comes first, who is the same again, and who came too late.

All functions take one stream's sound rows as the contract left them, with `SOURCE` saying where
each came from, and are pure. A history is imported as if its events had been handed to the
sequencer one by one in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from mintmark.log.rule import Shape

SOURCE = "mm_source"
"""Number of the file and of the row in it, as `file << 40 | row`; -1 for a row of the log."""


@dataclass(frozen=True, slots=True)
class Split:
    """Rows that go on, how many were the same again, and the sources of those that conflict."""

    kept: pl.DataFrame
    same: int
    conflicts: pl.Series


def ahead(rows: pl.DataFrame, shape: Shape) -> pl.Series:
    """Mark the rows that are dated further after they became known than `skew` allows."""
    return rows["mm_at"] > rows["mm_known_at"] + shape.skew_us


def arrange(rows: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """Put one stream's rows in the log's order; rows that tie in all of it keep theirs.

    Cost: 0.02 s for 500,000 rows that are in order already.
    """
    keys = ["mm_known_at", "mm_at", shape.id, "mm_revision"]
    return rows.sort(keys, maintain_order=True)


def identify(rows: pl.DataFrame, shape: Shape, *, known: pl.DataFrame) -> Split:
    """Tell rows that are new from those whose id and revision are in the log or came before.

    Equal content counts as the same, other content as a conflict. `known` are the log's rows.

    Cost: 0.03 to 0.05 s for 500,000 rows of distinct ids and an empty log.
    """
    none = rows[SOURCE].clear()
    if known.height:
        first = _compare(rows, shape, known=known)
        rows = rows.filter(first["verdict"] == 0)
    else:
        first = None
    parts = [] if first is None else [first]
    if rows[shape.id].n_unique() < rows.height:
        leaders = rows.unique([shape.id, "mm_revision"], keep="first", maintain_order=True)
        again = rows.join(leaders.select(SOURCE), on=SOURCE, how="anti", maintain_order="left")
        parts.append(_compare(again, shape, known=leaders))
        rows = leaders
    same = sum(int((part["verdict"] == 1).sum()) for part in parts)
    conflicts = [part.filter(pl.col("verdict") == 2)[SOURCE] for part in parts]
    return Split(rows, same, pl.concat([none, *conflicts]))


def late(rows: pl.DataFrame, shape: Shape, horizon: int | None) -> pl.Series:
    """Mark the rows of an ordered stream that came too late.

    `horizon` is the largest min(`at`, `known_at`) of the stream before its first row here.
    """
    reached = pl.min_horizontal("mm_at", "mm_known_at").cum_max().shift(1)
    if horizon is not None:
        reached = pl.max_horizontal(reached, pl.lit(horizon))
    too_late = pl.col("mm_at") < reached - shape.lateness_us
    return rows.select(too_late.fill_null(False).alias("late"))["late"]


def merge_late(
    rows: pl.DataFrame, shape: Shape, *, old: pl.DataFrame
) -> tuple[pl.DataFrame, pl.Series]:
    """Put new rows among those of the log; mark the new ones that come too late at their place.

    Returns all rows in order and the marks; a row of the log was judged when it came and is not
    judged again.
    """
    both = arrange(pl.concat([old.select(rows.columns), rows]), shape)
    return both, late(both, shape, None) & (both[SOURCE] >= 0)


def sequence(
    streams: Mapping[str, pl.DataFrame], shapes: Mapping[str, Shape], *, after_seq: int
) -> dict[str, pl.DataFrame]:
    """Give every row of several ordered streams its place in the one order over all of them.

    Cost: 0.01 s for 500,000 rows in two streams.
    """
    names = sorted((name for name, rows in streams.items() if rows.height), key=str.encode)
    if not names:
        return {}
    places = pl.concat(
        streams[name].select(
            "mm_known_at",
            pl.lit(0 if shapes[name].label else 1, pl.Int8).alias("class"),
            "mm_at",
            pl.lit(number, pl.Int16).alias("stream"),
        )
        for number, name in enumerate(names)
    )
    seq = np.arange(after_seq + 1, after_seq + 1 + places.height, dtype=np.int64)
    if len(names) > 1:
        keys = ["mm_known_at", "class", "mm_at", "stream"]
        order = places.select(pl.arg_sort_by(keys, maintain_order=True)).to_series().to_numpy()
        seq[order] = seq.copy()
    heights = np.cumsum([streams[name].height for name in names])[:-1]
    parts = dict(zip(names, np.split(seq, heights), strict=True))
    return {
        name: streams[name].with_columns(pl.Series("mm_seq", part)) for name, part in parts.items()
    }


def parked(labels: pl.DataFrame, shape: Shape, *, targets: pl.DataFrame) -> int:
    """Count the labels whose event is not in the log before them.

    `targets` has two columns: the ids of the events that labels are about, and their `mm_seq`.
    """
    id, seq = targets.columns
    first = targets.group_by(id).agg(pl.col(seq).min().alias("target_seq"))
    joined = labels.join(first, left_on=shape.refers, right_on=id, how="left")
    unknown = joined["target_seq"].is_null() | (joined["target_seq"] > joined["mm_seq"])
    return int(unknown.sum())


def _compare(rows: pl.DataFrame, shape: Shape, *, known: pl.DataFrame) -> pl.DataFrame:
    """Judge each row against the known one of its id: 0 there is none, 1 the same, 2 a conflict."""
    keys = [shape.id, "mm_revision"]
    content = list(shape.content)
    right = known.select(*keys, *content, pl.lit(True).alias("mm_known"))
    pairs = rows.join(right, on=keys, how="left", suffix=" known", maintain_order="left")
    equal = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name} known")) for name in content)
    verdict = pl.when(pl.col("mm_known").is_null()).then(0).when(equal).then(1).otherwise(2)
    return pairs.select(SOURCE, verdict.alias("verdict"))
