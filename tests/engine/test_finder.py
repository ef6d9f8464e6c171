"""A finder says what a dictionary says, and tells whoever looks when it moves."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mintmark.engine import places_layout as P
from mintmark.engine.finder import FEWEST, Finder

WORDS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)


def found(finder: Finder) -> dict[tuple[int, int], int]:
    """All that a finder holds."""
    rows = finder._table[finder._table[:, P.ENTRY_VALUE] > 0].tolist()
    return {(row[P.ENTRY_A], row[P.ENTRY_B]): row[P.ENTRY_VALUE] - 1 for row in rows}


@settings(max_examples=50, deadline=None)
@given(
    begin=st.dictionaries(st.tuples(WORDS, WORDS), st.integers(0, 2**40), max_size=100),
    later=st.lists(st.tuples(WORDS, WORDS, st.integers(0, 2**40)), max_size=100),
)
def test_a_finder_holds_what_a_dictionary_would(
    begin: dict[tuple[int, int], int], later: list[tuple[int, int, int]]
) -> None:
    """What it begins with and what comes later, each pair once, the newest value of it."""
    finder, told = Finder((*pair, value) for pair, value in begin.items()), dict(begin)
    for a, b, value in later:
        finder.add(a, b, value)
        told[a, b] = value
        assert 2 * len(told) <= finder._size, "half of the entries stay free"
    assert found(finder) == told


def test_whoever_looks_is_told_when_the_table_moves() -> None:
    """The first two words of a record are the table and its entries, whatever grew meanwhile."""
    finder, record = Finder(), np.zeros(5, dtype=np.int64)
    finder.tell(record)
    before = record.tolist()
    for number in range(FEWEST):
        finder.add(number, 0, number)
    assert record[0] == finder._table.ctypes.data
    assert record[1] == len(finder._table) > before[1]
    assert record[0] % 64 == 0, "an entry never lies across two lines"
