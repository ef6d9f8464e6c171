"""Codes say "the same as"; bytes and hashes beside them say what the oracle says of values."""

from __future__ import annotations

from random import Random

import numba
import numpy as np
import pyarrow as pa
import pytest

from mintmark.engine import oracle_math, text_order
from mintmark.engine.interner import Interner, factorise, hash_of, octets_of

TEXTS = ["", "a", "ab", "b", "é", "z", "日本", "日", "🂡", "\uffee", "A", "a\x00", "\x7f", "ÿ"]
WHOLE = [0, 1, -1, 7, 2**62, -(2**62), 2**63 - 1, -(2**63) + 3, 10**13]


@numba.njit
def before(v, w, texts):
    return text_order.comes_before(v, w, texts)


@numba.njit
def hashed(v, texts):
    return text_order.hash_of(v, texts)


def texts_of(interner: Interner, *, coded: bool = True) -> np.ndarray:
    """What compiled code is told of the interner."""
    return np.array([int(coded), *interner.addresses], dtype=np.int64)


def test_equal_values_have_equal_codes_and_others_have_others() -> None:
    """A column, a value at a time, nulls: the same codes; 1 is not "1"."""
    interner = Interner(["BE"])
    column = pa.chunked_array([["x", None, "BE"], [], ["y", "x"]])
    codes = interner.column(column).tolist()
    assert codes[2] == interner.code("BE") == 0
    assert (codes[0], codes[3]) == (interner.code("x"), interner.code("y"))
    assert codes[4] == codes[0]
    assert codes[1] < 0
    assert interner.code(1) != interner.code("1")
    assert interner.values == ["BE", "x", "y", 1, "1"]
    assert len(interner) == 5


def test_texts_are_in_the_order_of_their_bytes() -> None:
    """As Python orders their UTF-8, in compiled code, however late they were met."""
    interner = Interner(told=True)
    shuffled = TEXTS * 1
    Random(1).shuffle(shuffled)
    codes = {text: interner.code(text) for text in shuffled}
    texts = texts_of(interner)
    for one in TEXTS:
        for other in TEXTS:
            said = before(codes[one], codes[other], texts)
            assert said == (one.encode() < other.encode()), (one, other)


def test_integer_keys_are_in_the_order_of_their_numbers() -> None:
    """The bytes of a whole number are in its order, negative ones first; plain ones need none."""
    assert sorted(WHOLE) == sorted(WHOLE, key=octets_of)
    interner = Interner(told=True)
    codes = {value: interner.code(value) for value in WHOLE}
    texts, plain = texts_of(interner), texts_of(interner, coded=False)
    for one in WHOLE:
        for other in WHOLE:
            assert before(codes[one], codes[other], texts) == (one < other)
            assert before(one, other, plain) == (one < other)


@pytest.mark.parametrize("value", [*TEXTS, *WHOLE])
def test_hashes_are_those_of_the_oracle(value: str | int) -> None:
    """splitmix64 of whole numbers, BLAKE2b of texts, in Python and in compiled code."""
    expected = oracle_math.hash64(value)
    assert hash_of(value) % 2**64 == expected
    interner = Interner(["other", "x" * 300], told=True)
    code = interner.code(value)
    assert int(hashed(code, texts_of(interner))) % 2**64 == expected
    if isinstance(value, int):
        assert int(hashed(value, texts_of(interner, coded=False))) % 2**64 == expected


def test_what_is_told_survives_growing() -> None:
    """Thousands of texts: tables move, `moves` says so, and every hash and order still stands."""
    interner = Interner(told=True)
    random = Random(2)
    values = [f"{random.randint(0, 10**6)}-é" * random.randint(0, 3) for _ in range(3_000)]
    codes = [interner.code(value) for value in values]
    assert interner.moves > 5
    texts = texts_of(interner)
    for _ in range(2_000):
        i, j = random.randrange(3_000), random.randrange(3_000)
        assert before(codes[i], codes[j], texts) == (values[i].encode() < values[j].encode())
        assert int(hashed(codes[i], texts)) % 2**64 == oracle_math.hash64(values[i])


def test_the_same_codes_however_arrow_holds_a_column() -> None:
    """Strings, large strings, views and dictionaries; chunks or one piece."""
    values = ["b", None, "a", "b", "日本", None, "a"]
    places = factorise(pa.chunked_array([values]))[0].tolist()
    kinds = (pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()))
    for kind in kinds:
        parts = [pa.array(values[:3]).cast(kind), pa.array(values[3:]).cast(kind)]
        again, different = factorise(pa.chunked_array(parts))
        assert again.tolist() == places
        assert different == ["b", "a", "日本"]
