"""Account numbers are found where they stand, masked for people, and turned into tokens."""

import hashlib
import uuid

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.ground import find_pan, holds_pan, mask, pan_integers, pan_texts, token

# Test numbers that the schemes publish.
KNOWN = [
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "3530111333300000",
    "30569309025904",
    "38520000023237",
    "6304000000000000",
    "6200000000000005",
    "2200000000000004",
    "5019717010103742",
]


def luhn_digit(digits: str) -> str:
    """Return the digit that makes a number pass, worked out the slow way."""
    for last in "0123456789":
        total = 0
        for place, char in enumerate(reversed(digits + last)):
            value = int(char) * (2 if place % 2 else 1)
            total += value - 9 if value > 9 else value
        if total % 10 == 0:
            return last
    raise AssertionError


def numbers() -> st.SearchStrategy[str]:
    """Numbers of 13 to 19 digits that pass, in an issuer range."""
    heads = st.sampled_from(
        ["4", "51", "55", "2221", "2720", "34", "37", "6011", "65", "3528", "36"]
    )
    return st.tuples(
        heads, st.text("0123456789", min_size=18, max_size=18), st.integers(13, 19)
    ).map(lambda t: (body := (t[0] + t[1])[: t[2] - 1]) + luhn_digit(body))


@pytest.mark.parametrize("number", KNOWN)
def test_published_numbers_are_found(number: str) -> None:
    """Every scheme's own test number is one, as text, as an integer and inside a sentence."""
    assert find_pan(number) == (0, len(number))
    assert holds_pan(int(number))
    assert find_pan(f"paid with {number}, thanks") == (10, 10 + len(number))


@given(numbers())
def test_numbers_that_pass_are_found(number: str) -> None:
    """13 to 19 digits in an issuer range that pass Luhn are found."""
    assert find_pan(number) == (0, len(number))


@given(numbers(), st.integers(1, 9))
def test_one_wrong_digit_is_no_number(number: str, step: int) -> None:
    """Luhn sees every single wrong digit."""
    wrong = number[:-1] + str((int(number[-1]) + step) % 10)
    assert find_pan(wrong) is None
    assert not holds_pan(int(wrong))


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111–1111–1111–1111",
        "3782 822463 10005",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "card4111111111111111",
        "order 12 4111 1111 1111 1111 ref 99",
        "2018-08-08 4111111111111111",
        "４１１１１１１１１１１１１１１１",
        "id=4111111111111111;x",
        "4111111111111111.00",
    ],
)
def test_ways_to_write_a_number(text: str) -> None:
    """Single spaces and dashes may part it, and text may stand around it."""
    assert find_pan(text) is not None
    assert find_pan(mask(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "41111111",
        "411111111111",  # 12 digits
        "41111111111111110000",  # inside a longer run
        "0004111111111111111100",
        "1111111111111117",  # no issuer
        "4111111111111112",  # fails Luhn
        "2018-08-08T10:00:00.123456Z",
        "4111,1111,1111,1111",
        "12 34 56 78 90 12 34 56 78 90",
    ],
)
def test_what_is_no_number(text: str) -> None:
    """Other runs of digits are left alone."""
    assert find_pan(text) is None
    assert mask(text) == text


def test_hexadecimal_ids_are_left_alone() -> None:
    """Digests, tokens and UUIDs hold long runs of digits by chance; none is taken for a number."""
    for place in range(20_000):
        code = hashlib.sha256(str(place).encode()).hexdigest()
        assert find_pan(code) is None
        assert find_pan(str(uuid.UUID(code[:32]))) is None
        assert find_pan("pan_" + code) is None


def test_masking_keeps_six_and_four() -> None:
    """The middle is starred, every number of the text, separators in place."""
    assert (
        mask("a 4111 1111 1111 1111 b 378282246310005") == "a 4111 11** **** 1111 b 378282*****0005"
    )


def test_values_that_are_not_text() -> None:
    """Integers and whole floats are read as their digits; nothing else holds a number."""
    assert holds_pan(4111111111111111.0)
    for value in (None, True, b"4111111111111111", -4111111111111111, float("nan"), 1e300, [1]):
        assert not holds_pan(value)


def test_tokens_are_keyed_and_do_not_depend_on_writing() -> None:
    """One number has one token under one key, and another under another."""
    one = token("4111 1111 1111 1111", b"key")
    assert one == token("4111-1111-1111-1111", b"key") == token(4111111111111111, b"key")
    assert one != token("4111111111111111", b"other")
    assert one.startswith("pan_")
    assert len(one) == 68
    assert find_pan(one) is None


@given(st.lists(st.one_of(numbers().map(int), st.integers(0, 10**19 - 1)), max_size=40))
def test_integers_are_judged_alike_in_bulk(values: list[int]) -> None:
    """The vectorised check agrees with the one for single values."""
    found = pan_integers(np.array(values, dtype=np.uint64))
    assert found.tolist() == [holds_pan(v) for v in values]


def test_signed_integers_in_bulk() -> None:
    """int64 columns, negative values among them, are judged too."""
    values = np.array([-4111111111111111, 4111111111111111, 0], dtype=np.int64)
    assert pan_integers(values).tolist() == [False, True, False]


TEXTS = st.one_of(
    numbers(),
    numbers().map(lambda n: f"x {n[:4]} {n[4:8]}-{n[8:]}!"),
    st.text("0123456789 -x", max_size=30),
    st.none(),
)


@given(st.lists(TEXTS, max_size=30))
def test_texts_are_judged_alike_in_bulk(values: list[str | None]) -> None:
    """The check of a column agrees with the one for single texts, chunked or as a dictionary."""
    expected = [v is not None and find_pan(v) is not None for v in values]
    column = pa.array(values, pa.string())
    assert pan_texts(column).tolist() == expected
    assert pan_texts(column.dictionary_encode()).tolist() == expected
    assert pan_texts(pa.chunked_array([column, column])).tolist() == expected * 2
    assert pan_texts(column.cast(pa.large_string())).tolist() == expected
