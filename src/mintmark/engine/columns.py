"""Columns of a table as the engine takes them: numbers as int64, ids and texts as declared.

What no definition could mean is told here, with its stream, column and type, before a row is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mintmark.engine.sentinel import NULL
from mintmark.ground import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.kept_rows import Rows
    from mintmark.engine.shape import Shape

    Ints = NDArray[np.int64]

WHOLE = "whole numbers of 64 bits; the least of them stands for null"
"""What a column of integer ids may hold."""


def column_of(rows: Rows, name: str, stream: str) -> pa.ChunkedArray:
    """Return a column by name, or say that it is missing."""
    there(rows, name, stream)
    return rows.column(name)


def there(rows: Rows, name: str, stream: str) -> None:
    """Say that a column is missing."""
    if name not in rows.names:
        raise EngineError(
            f'the rows of "{stream}" have no column "{name}"',
            got=", ".join(rows.names),
            want=name,
            code="engine.batch.column",
        )


def told_column(rows: Rows, name: str, shape: Shape) -> pa.ChunkedArray:
    """Return a column of ids, keys or texts by name, or say that it is missing or not as declared.

    Raises
    ------
    EngineError
        `engine.batch.column`.
    """
    return as_declared(column_of(rows, name, shape.name), name, shape)


def as_declared(column: pa.ChunkedArray, name: str, shape: Shape) -> pa.ChunkedArray:
    """Return a column of ids, keys or texts as whole numbers or texts, or say that it is neither.

    A column in which all is null may have any type.  Cost: of a dictionary, that of decoding it; of
    numbers, 0.3 ns a row.
    """
    whole = name in shape.numbered
    kind = column.type
    if column.null_count == len(column):
        return pa.chunked_array([pa.nulls(len(column), pa.int64() if whole else pa.string())])
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    if whole and _whole(kind):
        return _word(column, name, shape.name)
    if not whole and _text(kind):
        return column.cast(pa.string()) if pa.types.is_string_view(kind) else column
    raise EngineError(
        f'column "{name}" of "{shape.name}" is not of the type that is declared',
        got=str(column.type),
        want="whole numbers" if whole else "texts",
        hint=retype(name, shape, swapped=_whole(kind) or _text(kind)),
        code="engine.batch.column",
    )


def _whole(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_boolean(kind))


def _text(kind: pa.DataType) -> bool:
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_text(kind) for is_text in texts)


def retype(name: str, shape: Shape, *, swapped: bool) -> str:
    """Return how to bring a column of ids, keys or texts in line with its declaration.

    swapped : whether it holds texts for whole numbers, or the other way round.
    """
    whole = name in shape.numbered
    told = f"hand over its values as {'whole numbers' if whole else 'texts'}"
    other = "text" if whole else "integer"
    if swapped and name in shape.roles:
        return f'{told}, or say Entity(..., type="{other}")'
    if swapped and name in (shape.id, shape.refers_by):
        of = "" if name == shape.id else f" of the event that {shape.name} refers to"
        return f'{told}, or say id_type="{other}"{of}'
    return told


def _word(column: pa.ChunkedArray, name: str, stream: str) -> pa.ChunkedArray:
    """Whole numbers, True and False among them, none of them beyond what a key can be."""
    if pa.types.is_boolean(column.type):
        return column.cast(pa.int64())
    ends = pc.min_max(column).as_py()
    if not NULL < ends["min"] <= ends["max"] <= np.iinfo(np.int64).max:
        raise EngineError(
            f'a "{name}" of "{stream}" is beyond what a key can be',
            got=f"from {ends['min']} to {ends['max']}",
            want=WHOLE,
            code="engine.batch.column",
        )
    return column.cast(pa.int64())


def known(column: pa.ChunkedArray, name: str, stream: str) -> pa.ChunkedArray:
    """Return a column that a log has in every row, or say in which row it is null."""
    if column.null_count:
        row = int(np.argmax(np.asarray(column.is_null())))
        raise EngineError(
            f'a row of "{stream}" has no "{name}"',
            at=f"$[{row}].{name}",
            got="null",
            want="a value in each row, as a log has it",
            code="engine.batch.column",
        )
    return column


def numbers_of(column: pa.ChunkedArray, name: str, stream: str) -> Ints:
    """Return a column as `whole_numbers` does, or say that it holds none.

    Raises
    ------
    EngineError
        `engine.batch.column` for texts, fractions, and times that are not of whole microseconds.
    """
    kind = column.type
    taken = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_timestamp, pa.types.is_null)
    try:
        if any(is_taken(kind) for is_taken in taken):
            return whole_numbers(column)
        got = str(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        got = f"{kind}: {str(error).splitlines()[0]}"
    raise EngineError(
        f'column "{name}" of "{stream}" is no column of whole numbers, flags or times',
        got=got,
        want="int64 in stored units, bool, or a timestamp of whole microseconds",
        code="engine.batch.column",
    )


def whole_numbers(column: pa.ChunkedArray) -> Ints:
    """Return whole numbers, flags or times as int64, NULL for null."""
    if pa.types.is_timestamp(column.type) and column.type.unit != "us":
        # Stored times count microseconds, whatever a file counts in.
        column = pc.cast(column, pa.timestamp("us", column.type.tz))
    if not pa.types.is_int64(column.type):
        column = pc.cast(column, pa.int64())
    if column.null_count:
        column = pc.fill_null(column, NULL)
    values: Ints = column.to_numpy()
    return values
