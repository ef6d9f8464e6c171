"""Tables of rows as the kernel wants them: int64 inputs, null as a sentinel, strings as codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mintmark.engine.interner import Interner, Key, Value, factorise
from mintmark.engine.sentinel import NULL
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mintmark.engine.kernel import Kernel
    from mintmark.engine.program import StreamProgram

    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """The rows of one stream in the order of the log.

    at, known_at, seq : int64[n];  inputs : int64[slots, n];  values : int64[columns, n], what is
    stored with each event;  table : where they came from.
    """

    at: Ints
    known_at: Ints
    seq: Ints
    inputs: Ints
    values: Ints
    table: pa.Table

    def __len__(self) -> int:
        return len(self.seq)


def read_batch(kernel: Kernel, stream: StreamProgram, table: pa.Table, interner: Interner) -> Batch:
    """Return the rows of a stream with the values that are stored with each of them.

    Raises
    ------
    EngineError
        `engine.batch.column` when a column is missing, `engine.batch.order` when `mm_seq` does not
        grow from row to row.
    """
    seq = integers(table, "mm_seq", stream.name)
    if len(seq) and np.any(seq[1:] <= seq[:-1]):
        raise EngineError(
            f'the rows of "{stream.name}" are not in the order of the log',
            want="mm_seq that grows from row to row",
            code="engine.batch.order",
        )
    at = integers(table, "mm_at", stream.name)
    inputs = np.empty((len(stream.slots), len(seq)), dtype=np.int64)
    for place, slot in enumerate(stream.slots):
        if slot.source == "at":
            inputs[place] = at
        elif slot.coded:
            inputs[place] = interner.column(column_of(table, slot.name, stream.name))
        else:
            inputs[place] = integers(table, slot.name, stream.name)
    values = np.empty((stream.columns, len(seq)), dtype=np.int64)
    rows = stream.rows
    nothing = np.empty((len(seq), 0))
    if stream.columns:
        kernel.evaluate(
            rows.code, rows.constants, rows.limits, rows.zones, inputs, nothing, rows.stores,
            values, rows.outputs, rows.codes, nothing,
        )  # fmt: skip
    known_at = integers(table, "mm_known_at", stream.name)
    return Batch(at=at, known_at=known_at, seq=seq, inputs=inputs, values=values, table=table)


def column_of(table: pa.Table, name: str, stream: str) -> pa.ChunkedArray:
    """Return a column by name, or say that it is missing."""
    if name not in table.column_names:
        raise EngineError(
            f'the rows of "{stream}" have no column "{name}"',
            got=", ".join(table.column_names),
            want=name,
            code="engine.batch.column",
        )
    return table.column(name)


def integers(table: pa.Table, name: str, stream: str) -> Ints:
    """Return a column of whole numbers, flags or times as int64, NULL for null."""
    column = column_of(table, name, stream)
    if not pa.types.is_int64(column.type):
        column = pc.cast(column, pa.int64())
    if column.null_count:
        column = pc.fill_null(column, NULL)
    values: Ints = column.to_numpy()
    return values


def empty_table(stream: StreamProgram) -> pa.Table:
    """Return a table without rows that has every column that the stream is read by."""
    shape = stream.shape
    names = ["mm_seq", "mm_at", "mm_known_at", "mm_revision", shape.id, *shape.roles]
    names += [*shape.fields, *([shape.refers_by] if shape.refers_by else [])]
    return pa.table({name: pa.array([], pa.int64()) for name in dict.fromkeys(names)})


def factorise_keys(columns: Sequence[pa.ChunkedArray], rows: int) -> tuple[Ints, list[Key]]:
    """Return the place of each row's key among the different keys, -1 where a part is null.

    One column gives its values as keys; several give tuples, none gives one key, `()`.
    Cost: 30 ns a row and column.
    """
    if len(columns) == 1:
        codes, values = factorise(columns[0])
        return codes, list(values)
    places: Ints = np.zeros(rows, dtype=np.int64)
    keys: list[tuple[Value, ...]] = [()]
    for column in columns:
        part, different = factorise(column)
        width = max(len(different), 1)
        joined = np.where((places < 0) | (part < 0), -1, places * width + part)
        places, pairs = factorise(pa.chunked_array([pa.array(joined, mask=joined < 0)]))
        keys = [(*keys[int(p) // width], different[int(p) % width]) for p in pairs]
    return places, list(keys)
