"""CSV records: counted, numbered by line, ragged ones told apart, whatever the blocks."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mintmark.log import lines, sources

VALUE = st.text(st.sampled_from('ab,"\n\r é'), max_size=6)


def read(data: bytes) -> tuple[list[list[str]], list[int], list[tuple[int, str, str]]]:
    """All sound records of some bytes, the line of each, and the unsound ones."""
    rows: list[list[str]] = []
    numbers: list[int] = []
    unsound: list[tuple[int, str, str]] = []
    for part in lines.read(io.BytesIO(data)):
        table = sources._table(part)
        rows += [[value or "" for value in row] for row in table.rows()]
        numbers += part.numbers.tolist()
        unsound += [(one.line, one.reason, one.text) for one in part.unsound]
    return rows, numbers, unsound


def test_lines_are_numbered_as_an_editor_numbers_them() -> None:
    """Quoted line breaks, blank lines and a mark at the front keep the numbers right.

    1 | h,i
    2 | 1,"a
    3 | b"
    4 |
    5 | 2,c
    """
    rows, numbers, unsound = read(b'\xef\xbb\xbfh,i\r\n1,"a\nb"\r\n\r\n2,c')
    assert rows == [["1", "a\nb"], ["2", "c"]]
    assert numbers == [2, 5]
    assert unsound == []


def test_a_ragged_line_is_told_with_its_line() -> None:
    """Too few and too many columns are told apart from the lines around them."""
    rows, numbers, unsound = read(b"h,i\n1\n2,b\n3,c,d\n4,e\n")
    assert (rows, numbers) == ([["2", "b"], ["4", "e"]], [3, 5])
    assert unsound == [(2, "ragged", "1"), (4, "ragged", "3,c,d")]


def test_a_quote_that_nothing_closes_costs_one_line() -> None:
    """The line of an open quote is ragged; those behind it are read."""
    rows, numbers, unsound = read(b'h,i\n1,"a\n2,b\n3,c\n')
    assert (rows, numbers) == ([["2", "b"], ["3", "c"]], [3, 4])
    assert unsound == [(2, "quote", '1,"a')]
    assert read(b'h,i\n1,"a')[2] == [(2, "quote", '1,"a')]


def test_a_quote_out_of_place_costs_one_line() -> None:
    """An inch mark in a value that is not quoted is told; quoted and doubled it is read."""
    rows, numbers, unsound = read(b'h,i\n1,5" pipe\n2,"5"" pipe"\n3,"a" b\n4,"c\nd"\n5,e\n')
    assert (rows, numbers) == ([["2", '5" pipe'], ["4", "c\nd"], ["5", "e"]], [3, 5, 7])
    assert unsound == [(2, "quote", '1,5" pipe'), (4, "quote", '3,"a" b')]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(VALUE, VALUE), max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 40),
    st.booleans(),
)
def test_what_a_writer_wrote_is_read(
    values: list[tuple[str, str]], ending: str, block: int, ended: bool
) -> None:
    """Any table, quoted by the rules, comes back in the same records for any block size."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([("h", "i"), *values])
    text = buffer.getvalue() if ended else buffer.getvalue().removesuffix(ending)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block)
        rows, numbers, unsound = read(text.encode())
    assert rows == [list(row) for row in values]
    assert unsound == []
    starts = [1 + text.encode().count(b"\n", 0, 0)]
    for row in (("h", "i"), *values):
        quoted = ",".join('"' + value.replace('"', '""') + '"' for value in row)
        starts.append(starts[-1] + quoted.count("\n") + 1)
    assert numbers == starts[1:-1]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.sampled_from('ab,"\r é'), max_size=8), max_size=12), st.integers(1, 40))
def test_every_line_is_either_read_or_told(texts: list[str], block: int) -> None:
    """Whatever stands in the lines, each one that is not blank is in a record or told.

    For any block size the records are those of one look at the whole file.
    """
    data = "\n".join(["h,i", *texts]).encode()
    whole = read(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block)
        assert read(data) == whole
    rows, numbers, unsound = whole
    told = sorted(numbers + [line for line, _, _ in unsound])
    assert len(rows) == len(numbers)
    assert len(set(told)) == len(told)
    long = set(numbers) | {line for line, reason, _ in unsound if reason == "ragged"}
    for number, text in enumerate(texts, 2):
        before = max((line for line in told if line < number), default=0)
        inside = before in long and '"' in texts[before - 2]
        assert number in told or not text.rstrip("\r") or inside


def test_a_long_record_is_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote that closes only beyond the longest record does not swallow the lines before it."""
    monkeypatch.setattr(lines, "RECORD_BYTES", 40)
    body = "".join(f"{i},b\n" for i in range(20))
    rows, _, unsound = read(f'h,i\n1,"open\n{body}2,close"\n'.encode())
    assert len(rows) == 20
    assert [line for line, _, _ in unsound] == [2, 23]
