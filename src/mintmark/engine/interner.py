"""Codes for strings and integer keys: equal values, equal codes, and nothing else.

A code says only "the same as". It never leaves the engine and is never compared by number, so it
does not matter in which order the values were met: live, replayed and restored states may number
them differently and still answer the same bits.  Where a plan orders or hashes texts, their bytes
and hashes are kept beside the codes for compiled code to see (`engine.text_order`).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from itertools import islice
from operator import index
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mintmark.engine.sentinel import NULL

if TYPE_CHECKING:
    from numpy.typing import NDArray

Value = str | int
Key = Value | tuple[Value, ...]

_MASK = 2**64 - 1
_WORD = 2**63


class Interner:
    """Values and their codes, the first ones given by the plan.

    told : whether the bytes and hashes of values are kept for compiled code.
    """

    def __init__(self, values: Iterable[Value] = (), *, told: bool = False) -> None:
        self._codes: dict[Value, int] = {}
        self.known = self._codes.get
        """The code of a value that was met before, None for any other."""
        self.told = told
        self.moves = 0
        self._starts = np.zeros(17, dtype=np.int64)
        self._bytes = np.zeros(256, dtype=np.uint8)
        self.hashes = np.zeros(16, dtype=np.int64)
        for value in values:
            self.code(value)

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def values(self) -> list[Value]:
        """Every value, in the order of its code."""
        return list(self._codes)

    def values_from(self, code: int) -> list[Value]:
        """Return the values of one code and of all greater ones.  Cost: of those alone."""
        newest = list(islice(reversed(self._codes), max(len(self._codes) - code, 0)))
        return newest[::-1]

    @property
    def addresses(self) -> list[int]:
        """Where starts, bytes and hashes stand; good until `moves` changes."""
        return [int(a.ctypes.data) for a in (self._starts, self._bytes, self.hashes)]

    def code(self, value: Value) -> int:
        """Return the code of a value, a new one if it was not met before."""
        code = self._codes.get(value)
        if code is None:
            if isinstance(value, str):
                value.encode()
            elif not -_WORD <= (value := index(value)) < _WORD:
                raise OverflowError(f"a code stands for 64 bits, got {value}")
            code = self._codes[value] = len(self._codes)
            if self.told:
                self._tell(code, value)
        return code

    def column(self, values: pa.ChunkedArray) -> NDArray[np.int64]:
        """Return the codes of a column, NULL for null.

        Cost: 30 ns a row and 150 ns for each different value.
        """
        places, different = factorise(values)
        table = np.array([self.code(value) for value in different] + [NULL], dtype=np.int64)
        return table[places]

    def _tell(self, code: int, value: Value) -> None:
        """Keep the bytes and the hash of a new value."""
        octets = octets_of(value)
        start = int(self._starts[code])
        end = start + len(octets)
        if code + 1 >= len(self.hashes):
            self._starts = _longer(self._starts, 2 * len(self._starts))
            self.hashes = _longer(self.hashes, 2 * len(self.hashes))
            self.moves += 1
        if end > len(self._bytes):
            self._bytes = _longer(self._bytes, 2 * end)
            self.moves += 1
        self._bytes[start:end] = np.frombuffer(octets, dtype=np.uint8)
        self._starts[code + 1] = end
        self.hashes[code] = hash_of(value)


def octets_of(value: Value) -> bytes:
    """Return bytes that are in order as the values are: texts by theirs, integers by number."""
    if isinstance(value, int):
        return (int(value) + 2**63).to_bytes(8, "big")
    return value.encode()


def hash_of(value: Value) -> int:
    """Return the 64 bits that a value is hashed to, an int64: splitmix64, or blake2b of a text."""
    if isinstance(value, str):
        z = int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "little")
    else:
        z = (int(value) + 0x9E3779B97F4A7C15) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        z ^= z >> 31
    return z - 2**64 if z >= 2**63 else z


def factorise(values: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[Value]]:
    """Return the place of each value among the different ones, -1 for null, and those values."""
    whole = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    encoded = whole.dictionary_encode()
    places = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return places, encoded.dictionary.to_pylist()


def _longer(array: NDArray, length: int) -> NDArray:  # type: ignore[type-arg]
    longer = np.zeros(length, dtype=array.dtype)
    longer[: len(array)] = array
    return longer
