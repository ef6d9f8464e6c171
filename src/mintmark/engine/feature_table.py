"""Features as an Arrow table, and as the Parquet files that replays leave behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEQ = "mm_seq"
TOGETHER = 4_096
"""Rows whose columns are brought together at a time."""


def feature_table(
    seq: NDArray[np.int64], names: Sequence[str], features: NDArray[np.float64]
) -> pa.Table:
    """Return `mm_seq` and one float64 column for each feature, null where it is NaN.

    Parameters
    ----------
    seq : int64[n]
    names : F names
    features : float64[n, F]
        Nothing is copied when each column stands in a row, as `replay_pieces` gives them.

    Cost: 1 ns a value, 3 more where columns have to be brought together.

    Examples
    --------
    >>> table = feature_table(np.array([7, 9]), ["x"], np.array([[1.5], [np.nan]]))
    >>> table.to_pydict()
    {'mm_seq': [7, 9], 'x': [1.5, None]}
    """
    columns = _columns(features)
    told = {name: _nullable(column) for name, column in zip(names, columns, strict=True)}
    return pa.table({SEQ: pa.array(seq)} | told)


def write_features(path: Path, table: pa.Table) -> None:
    """Write a table of features as one Parquet file: zstd, the bytes of numbers split by place.

    Columns beside `mm_seq` and the features are written plainly.

    Source: encodings BYTE_STREAM_SPLIT and DELTA_BINARY_PACKED of the Parquet format.  Cost: 35 ns
    a value, half of what dictionaries cost for a quarter more bytes (bench/README.md).
    """
    numbers = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    encodings = dict.fromkeys(numbers, "BYTE_STREAM_SPLIT")
    pq.write_table(
        table, path, compression="zstd", compression_level=1, use_dictionary=False,
        column_encoding=encodings | {SEQ: "DELTA_BINARY_PACKED"},
    )  # fmt: skip


def _columns(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Features with each column in a row: as they are if they stand so, else copied."""
    if features.T.flags.c_contiguous:
        return features.T
    columns = np.empty(features.shape[::-1])
    # Some rows at a time, so that each line of the cache is fetched once and not for each column.
    for first in range(0, len(features), TOGETHER):
        columns[:, first : first + TOGETHER] = features[first : first + TOGETHER].T
    return columns


def _nullable(column: NDArray[np.float64]) -> pa.Array:
    known = column == column
    nulls = len(column) - int(np.count_nonzero(known))
    bits = pa.py_buffer(np.packbits(known, bitorder="little")) if nulls else None
    return pa.Array.from_buffers(
        pa.float64(), len(column), [bits, pa.py_buffer(column)], null_count=nulls
    )
