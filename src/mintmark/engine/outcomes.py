"""Labels joined to the events that they tell about, for a whole history at once.

A label takes effect at the later of its own seq and the event's: one that is logged first is parked
and takes effect right after the event. Among the labels of one event the greatest revision decides,
the later seq among equals; a lower one that arrives late has no effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mintmark.engine import layout as L
from mintmark.engine.book import FIRST, Book, Told, empty_book
from mintmark.engine.columns import whole_numbers
from mintmark.engine.sentinel import NULL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.batch import Batch
    from mintmark.engine.folding import Prepared
    from mintmark.engine.kernel import Kernel
    from mintmark.engine.shape import LabelShape

    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Amendments:
    """Changes of outcomes in the order in which they take effect, with the row of their event.

    amends : int64[m, 4], as `engine.layout` has it;  effective_seq, event_row : int64[m];
    best : int64[events], the greatest revision told of each event, NULL for none;
    parked : rows of the label's table whose event has not come.
    """

    amends: Ints
    effective_seq: Ints
    event_row: Ints
    best: Ints
    parked: Ints

    def __len__(self) -> int:
        return len(self.amends)


def told_values(label: LabelShape, batch: Batch) -> Ints:
    """Return what each row of a label's stream tells, NULL where that is null or out of range."""
    return label.within.limited_all(batch.integers(label.field))


def amendments(
    kernel: Kernel,
    code: int,
    label: LabelShape,
    events: Batch,
    labels: Batch,
    affected: NDArray[np.bool_] | None,
) -> Amendments:
    """Return the changes that one label makes to the events of its stream.

    affected : events that are told their labels elsewhere (`engine.versions`).

    Cost: one hash join, 0.15 s for a million events and as many labels.
    """
    ids = events.ids()
    named = labels.told(label.refers_by)
    row = _found(kernel, named, ids)
    revision = np.array(labels.revisions())
    waiting = (row < 0) & pc.is_valid(named).to_numpy()
    best = np.full(len(events), NULL, dtype=np.int64)
    if affected is not None and len(affected):
        row = np.where((row >= 0) & affected[row], -1, row)
    told = np.flatnonzero(kernel.settle(row, revision, best))
    row = row[told]
    effective = np.maximum(labels.seq[told], events.seq[row])
    # Rows are in the order of the labels' seq, which settles what takes effect together.
    order = np.argsort(effective, kind="stable")
    row = row[order]
    amends = np.empty((len(row), L.AMEND_SIZE), dtype=np.int64)
    amends[:, L.AMEND_AT] = events.at[row]
    amends[:, L.AMEND_SEQ] = events.seq[row]
    amends[:, L.AMEND_LABEL] = code
    amends[:, L.AMEND_VALUE] = told_values(label, labels)[told][order]
    return Amendments(amends, effective[order], row, best, np.flatnonzero(waiting))


def filled_book(history: Prepared, of: str) -> Book:
    """Return the book of a stream after a history: what labels may still refer to.

    Cost: 1 us for each event that can still be seen, and one hash join.
    """
    program, events = history.program, history.batches[of]
    book = empty_book(program, of)
    ids = _whole(events.ids())
    first = pc.index_in(ids, value_set=ids).to_numpy(zero_copy_only=False)
    kept = first == np.arange(len(events))
    requests = history.requests
    if book.horizon_us != L.FOREVER and len(requests):
        kept &= events.at > history.watermark - book.horizon_us
    alive = np.flatnonzero(kept)
    rows = np.empty((len(alive), book.rows.shape[1]), dtype=np.int64)
    rows[:, 0], rows[:, 1] = events.at[alive], events.seq[alive]
    for place, code in enumerate(book.labels, start=FIRST):
        rows[:, place] = history.amendments[code].best[alive]
    for place, group in enumerate(book.groups, start=FIRST + len(book.labels)):
        codes = history.jobs[group].event_code[alive]
        rows[:, place] = np.where(codes < 0, 0, codes + history.first_keys[group])
    book.fill(ids.take(alive).to_pylist(), rows)
    for code in book.labels:
        _park(book, code, history)
    return book


def _park(book: Book, code: int, history: Prepared) -> None:
    """Put the labels whose event has not come into the book."""
    label, rows = history.program.labels[code], history.amendments[code].parked
    batch = history.batches[label.stream]
    revision = batch.revisions()[rows]
    value = told_values(label, batch)[rows]
    ids = _whole(batch.told(label.refers_by)).take(rows).to_pylist()
    for id_, r, v in zip(ids, revision.tolist(), value.tolist(), strict=True):
        book.parked.setdefault(id_, []).append(Told(code, r, v))


def _found(kernel: Kernel, named: pa.ChunkedArray, ids: pa.ChunkedArray) -> Ints:
    """The first row that has each id, -1 where none has."""
    if not len(named) or not len(ids):
        return np.full(len(named), -1, dtype=np.int64)
    if pa.types.is_integer(ids.type) and pa.types.is_integer(named.type):
        near = _found_near(kernel, whole_numbers(named), whole_numbers(ids))
        if near is not None:
            return near
    found = pc.index_in(_whole(named), value_set=_whole(ids), skip_nulls=True)
    places = found.cast(pa.int64()).fill_null(-1)
    return np.array(places.to_numpy(zero_copy_only=False), dtype=np.int64)


def _found_near(kernel: Kernel, named: Ints, ids: Ints) -> Ints | None:
    """The same for whole numbers that lie close together, by a table of their range."""
    known = ids if ids.min() != NULL else ids[ids != NULL]
    if not len(known):
        return None
    low, high = int(known.min()), int(known.max())
    if high - low > 4 * len(ids) + (1 << 16):
        return None
    table = np.full(high - low + 1, -1, dtype=np.int64)
    kernel.place_first(ids, low, table)
    inside = (named >= low) & (named <= high)
    return np.where(inside, table[np.where(inside, named - low, 0)], -1)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column of ids in one piece, texts in the one type that Arrow can look up in any size."""
    if not pa.types.is_integer(column.type):
        column = column.cast(pa.large_string())
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
