"""Cutting a log: a new log that knows only what was known before a time."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pyarrow as pa
from msgspec.structs import replace

from mintmark.log import importer
from mintmark.log.batch import Batch
from mintmark.log.store import Store


def cut(store: Store, streams: Mapping[str, pa.Table], *, known_before_us: int) -> None:
    """Fill an empty store with the rows that became known before a time, `seq` and all.

    `known_at` never falls as `seq` grows, so what remains is the beginning of the order.
    """
    kept = {}
    for name, rows in streams.items():
        frame = pl.DataFrame(pl.from_arrow(rows)).filter(pl.col("mm_known_at") < known_before_us)
        if frame.height:
            kept[name] = frame
    added = sum(frame.height for frame in kept.values())
    batch = Batch(streams=kept, reopened=False, added=added, same=0)
    after, _ = importer.write(store, store.head(), batch)
    store.save(replace(after))
