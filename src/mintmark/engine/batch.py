"""Tables of rows as the kernel wants them: int64 inputs, null as a sentinel, strings as codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine.columns import (
    as_declared,
    column_of,
    known,
    numbers_of,
    there,
    whole_numbers,
)
from mintmark.engine.expressions import NOTHING, Expressions
from mintmark.engine.interner import Interner, Key, Value
from mintmark.engine.sentinel import LIMIT, NULL
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mintmark.engine.kept_rows import Rows
    from mintmark.engine.kernel import Kernel
    from mintmark.engine.program import StreamProgram

    Codes = NDArray[np.int32]
    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """The rows of one stream in the order of the log, and what of them is at hand throughout.

    at, seq : int64[n];  rows : everything else, read when it is wanted;  codes : the keys that were
    numbered so far, by their roles.
    """

    stream: StreamProgram
    at: Ints
    seq: Ints
    rows: Rows
    codes: dict[tuple[str, ...], tuple[Codes, Numbered]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.seq)

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column of all rows, or say that it is missing."""
        return column_of(self.rows, name, self.stream.name)

    def told(self, name: str) -> pa.ChunkedArray:
        """Return a column of keys, references or texts, or say that it is not as declared."""
        return as_declared(self.column(name), name, self.stream.shape)

    def ids(self) -> pa.ChunkedArray:
        """Return the ids of the rows, or say that one is missing or not as declared."""
        shape = self.stream.shape
        return known(self.told(shape.id), shape.id, shape.name)

    def revisions(self) -> Ints:
        """Return the revisions of the rows: int64[n]."""
        column = known(self.column("mm_revision"), "mm_revision", self.stream.name)
        values = numbers_of(column, "mm_revision", self.stream.name)
        if len(values) and not -LIMIT <= values.min() <= values.max() <= LIMIT:
            raise EngineError(
                f'a row of "{self.stream.name}" has a revision that no log could hold',
                at=f"$[{int(np.argmax(np.abs(values.astype(np.float64))))}].mm_revision",
                got=f"from {values.min()} to {values.max()}",
                want=f"whole numbers from {-LIMIT} to {LIMIT}",
                code="engine.batch.column",
            )
        return values

    def integers(self, name: str) -> Ints:
        """Return a column of whole numbers, flags or times as int64, NULL for null."""
        return numbers_of(self.column(name), name, self.stream.name)

    def between(self, before: int, until: int) -> slice:
        """Return the rows whose seq is after one and up to another."""
        first, last = np.searchsorted(self.seq, (before, until), side="right")
        return slice(int(first), int(last))

    def inputs(self, some: slice, interner: Interner) -> Ints:
        """Return what row programs read of some rows: int64[slots, n]."""
        whole = some.stop - some.start == len(self)
        table = None if whole else self.rows.part(some.start, some.stop, self._read())
        return self._inputs(self.at[some], self.rows if table is None else table, interner)

    def inputs_at(self, places: Ints, interner: Interner) -> Ints:
        """Return the same of the rows at some places."""
        return self._inputs(self.at[places], self.rows.take(places, self._read()), interner)

    def _read(self) -> list[str]:
        return list(dict.fromkeys(slot.name for slot in self.stream.slots if slot.name))

    def _inputs(self, at: Ints, columns: Rows | pa.Table, interner: Interner) -> Ints:
        found = np.empty((len(self.stream.slots), len(at)), dtype=np.int64)
        for place, slot in enumerate(self.stream.slots):
            if slot.source == "at":
                found[place] = at
                continue
            column = columns.column(slot.name)
            if slot.coded:
                found[place] = interner.column(as_declared(column, slot.name, self.stream.shape))
            else:
                found[place] = numbers_of(column, slot.name, self.stream.name)
        return found


@dataclass(frozen=True)
class Numbered:
    """The different keys of some rows: how many, and the row in which each was met first."""

    count: int
    first: Ints


def read_batch(stream: StreamProgram, rows: Rows) -> Batch:
    """Return the rows of a stream, every column that they are read by being there.

    Raises
    ------
    EngineError
        `engine.batch.column` when a column is missing, of a wrong type, or null where a log never
        is; `engine.batch.order` when `mm_seq` does not grow from row to row.
    """
    seq = _log_column(stream, rows, "mm_seq")
    if len(seq) and (np.any(seq[1:] <= seq[:-1]) or seq[0] < 0):
        raise EngineError(
            f'the rows of "{stream.name}" are not in the order of the log',
            want="mm_seq that grows from row to row, from 0 on",
            code="engine.batch.order",
        )
    at = _log_column(stream, rows, "mm_at")
    _log_column(stream, rows, "mm_known_at")
    for name in (slot.name for slot in stream.slots if slot.name):
        there(rows, name, stream.name)
    return Batch(stream=stream, at=at, seq=seq, rows=rows)


def _log_column(stream: StreamProgram, rows: Rows, name: str) -> Ints:
    """A column that every row of a log has, within what windows can count back from."""
    column = column_of(rows, name, stream.name)
    values = numbers_of(column, name, stream.name)
    if len(values) and (column.null_count or values.min() < -LIMIT or values.max() > LIMIT):
        row = int(np.argmax((values < -LIMIT) | (values > LIMIT)))
        raise EngineError(
            f'a row of "{stream.name}" has no {name}, or none that a log could have',
            at=f"$[{row}].{name}",
            got=column[row].as_py(),
            want=f"a whole number from {-LIMIT} to {LIMIT}",
            code="engine.batch.column",
        )
    return values


def stored_values(
    kernel: Kernel,
    stream: StreamProgram,
    inputs: Ints,
    interner: Interner,
    into: Ints | None = None,
) -> Ints:
    """Return what is stored with each event of some rows: int64[columns, n], in any order."""
    values = into
    if values is None:
        values = np.empty((stream.columns, inputs.shape[1]), dtype=np.int64)
    if stream.columns and values.size:
        expressions = Expressions(stream.rows, len(stream.slots))
        expressions.see_texts(interner)
        expressions.aim(inputs, NOTHING, values, NOTHING)
        expressions.run(kernel.evaluate)
    return values


def empty_table(stream: StreamProgram) -> pa.Table:
    """Return a table without rows that has every column that the stream is read by."""
    shape = stream.shape
    names = ["mm_seq", "mm_at", "mm_known_at", "mm_revision", shape.id, *shape.roles]
    names += [*shape.fields, *([shape.refers_by] if shape.refers_by else [])]
    return pa.table({name: pa.array([], pa.int64()) for name in dict.fromkeys(names)})


def number_keys(
    kernel: Kernel, columns: Sequence[pa.ChunkedArray], rows: int
) -> tuple[Codes, Numbered]:
    """Return the number of each row's key among the different keys, -1 where a part is null.

    Cost: 3 ns a row for whole numbers that lie close together, else 30 to 100 ns.
    """
    if not columns:
        return np.zeros(rows, dtype=np.int32), Numbered(min(rows, 1), np.zeros(1, dtype=np.int64))
    codes, told = _number(kernel, columns[0])
    for column in columns[1:]:
        part, other = _number(kernel, column)
        joined = np.empty(rows, dtype=np.int64)
        kernel.join_codes(codes, part, max(other.count, 1), joined)
        codes, told = _dense(kernel, joined) or _sparse(kernel, _nullable(joined))
    return codes, told


def keys_at(columns: Sequence[pa.ChunkedArray], rows: Ints) -> list[Key]:
    """Return the keys of some rows: values of one column, tuples of several."""
    taken = [column.take(pa.array(rows)).to_pylist() for column in columns]
    return taken[0] if len(taken) == 1 else list(zip(*taken, strict=True))


def _number(kernel: Kernel, column: pa.ChunkedArray) -> tuple[Codes, Numbered]:
    if pa.types.is_integer(column.type):
        dense = _dense(kernel, whole_numbers(column))
        if dense is not None:
            return dense
    return _sparse(kernel, column)


def _dense(kernel: Kernel, values: Ints) -> tuple[Codes, Numbered] | None:
    """Numbers by a table of the values' range, unless that is much longer than the rows."""
    known = values[values != NULL] if len(values) and values.min() == NULL else values
    if not len(known):
        return np.full(len(values), -1, dtype=np.int32), Numbered(0, known[:0])
    low, high = int(known.min()), int(known.max())
    if high - low > 4 * len(values) + (1 << 16):
        return None
    table = np.full(high - low + 1, -1, dtype=np.int32)
    codes, first = np.empty(len(values), dtype=np.int32), np.empty(len(table), dtype=np.int64)
    count = kernel.number(values, low, table, codes, first)
    return codes, Numbered(count, first[:count])


def _nullable(values: Ints) -> pa.ChunkedArray:
    """Whole numbers as a column, in which what stands for null is one."""
    return pa.chunked_array([pa.array(values, mask=values == NULL)])


def _sparse(kernel: Kernel, column: pa.ChunkedArray) -> tuple[Codes, Numbered]:
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    encoded = whole.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    count = len(encoded.dictionary)
    first = np.empty(count, dtype=np.int64)
    kernel.first_rows(codes, first)
    return codes, Numbered(count, first)


__all__ = [
    "Batch", "Numbered", "Value", "empty_table", "keys_at", "number_keys", "read_batch",
    "stored_values",
]  # fmt: skip
