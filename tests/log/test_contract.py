"""One contract: what a table's check says of a row is what the row's check says of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mintmark.define as mm
from log.worked import KEY, PAN
from mintmark.log.contract import POSITION, TableContract
from mintmark.log.fault import Fault
from mintmark.log.row import RowContract
from mintmark.log.rule import Shape, shape_of

_DIGITS = st.text("0123456789", min_size=1, max_size=20)
NUMBER_TEXTS = st.one_of(
    st.from_regex(r"[+-]?[0-9]{1,16}(\.[0-9]{0,9})?", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,3}\.[0-9]{1,4}(5|50|500|0|49|51)", fullmatch=True),
    _DIGITS,
    st.sampled_from(["", " 1", "1 ", "1e3", "nan", "inf", ".5", "5.", "-0", "-", "١", PAN]),
)
FLOATS = st.one_of(
    st.floats(),
    st.integers(-(10**15), 10**15).map(lambda n: n / 100),
    st.integers(-(10**9), 10**9).map(lambda n: n / 1000 + 0.0005),
    st.integers(-(2**60), 2**60).map(float),
)
INTEGERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(10**13) - 2, 10**13 + 2),
    st.sampled_from([int(PAN), 378282246310005, 0, 1, -1]),
)
TIME_TEXTS = st.one_of(
    st.datetimes(datetime(1960, 1, 1), datetime(2210, 1, 1)).map(lambda t: t.isoformat() + "Z"),
    st.datetimes(datetime(2018, 3, 24), datetime(2018, 3, 26)).map(lambda t: t.isoformat(" ")),
    st.datetimes(datetime(2018, 10, 27), datetime(2018, 10, 29)).map(str),
    st.builds(
        lambda t, o: t.isoformat() + o,
        st.datetimes(datetime(1969, 1, 1), datetime(2030, 1, 1)),
        st.sampled_from(["+02:00", "-11:30", "+23:59", "+0200", "+02", "+24:00", " Z", "z"]),
    ),
    st.from_regex(
        r"(0000|1999|2018)-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
        r"([.,][0-9]{1,9})?(Z|[+-][0-2][0-9]:[0-9][0-9])?",
        fullmatch=True,
    ),
    st.sampled_from(["", "2018-08-01", "20180801", "now", "2018-08-01T00:00Z", "1533081600000000"]),
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[0-9 -]{12,24}", fullmatch=True),
    st.sampled_from([PAN, f"x {PAN}", "4111-1111-1111-1111", "", "card_1", "3530111333300000"]),
)
FLAG_TEXTS = st.sampled_from(["true", "TRUE", "False", "0", "1", "2", "", "yes", "ſ"])
PAN_TEXTS = st.one_of(TEXTS, st.sampled_from(["pan_" + "0" * 64, "pan_" + "g" * 64, "411 1"]))


def field(of: mm.Field, zone: str | None = None) -> Shape:
    """The shape of an event with one field."""
    return shape_of(mm.Event("tick", id="id", at="at", fields={"value": of}, zone=zone))


def check(shape: Shape, column: str, values: list[Any], kind: pl.DataType) -> None:
    """Compare the two checks on a column of values."""
    sound: dict[str, Any] = {"id": "a", "at": 0, "value": None}
    rows = [sound | {column: value} for value in values]
    table = pl.DataFrame(
        {name: [row[name] for row in rows] for name in sound},
        schema={"id": pl.String, "at": pl.Int64, "value": pl.String} | {column: kind},
    )
    got = TableContract(shape, KEY).check(table, file="here")
    contract = RowContract(shape, KEY)
    verdicts = [contract.check(row) for row in rows]
    faults = [(i, one) for i, one in enumerate(verdicts) if isinstance(one, Fault)]
    kept = [one | {POSITION: i} for i, one in enumerate(verdicts) if not isinstance(one, Fault)]
    assert list(got.faults) == faults
    assert got.stored.to_dicts() == [{n: row[n] for n in got.stored.columns} for row in kept]


def lists(of: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Lists of values with nulls among them."""
    return st.lists(st.one_of(of, st.none()), min_size=1, max_size=12)


AMOUNTS = st.sampled_from(
    [
        mm.Money("EUR"),
        mm.Money("EUR", negative=True),
        mm.Money("JPY"),
        mm.Money("BHD", negative=True),
        mm.Money("EUR", unit="minor"),
        mm.Fixed(6),
        mm.Fixed(0),
        mm.Integer(),
    ]
)


@settings(max_examples=80, deadline=None)
@given(AMOUNTS, lists(NUMBER_TEXTS))
@example(mm.Fixed(1), ["0.25", "0.35", "-0.25", "0.250000000000", "0.2500000000001"])
@example(mm.Money("EUR"), ["99999999999.99", "100000000000.00", "100000000000.01", "-0.00"])
def test_numbers_as_text(of: mm.Field, values: list[Any]) -> None:
    """Amounts, fixed-point and whole numbers in text, to the last digit."""
    check(field(of), "value", values, pl.String())


@settings(max_examples=80, deadline=None)
@given(AMOUNTS, lists(FLOATS))
def test_numbers_as_floats(of: mm.Field, values: list[Any]) -> None:
    """Amounts, fixed-point and whole numbers as floats, halves and infinities included."""
    check(field(of), "value", values, pl.Float64())


@settings(max_examples=80, deadline=None)
@given(AMOUNTS, lists(INTEGERS))
def test_numbers_as_integers(of: mm.Field, values: list[Any]) -> None:
    """Amounts, fixed-point and whole numbers as integers, up to the edges of int64."""
    check(field(of), "value", values, pl.Int64())


@settings(max_examples=40, deadline=None)
@given(AMOUNTS, lists(st.decimals("-1e12", "1e12", places=3)))
def test_numbers_as_decimals(of: mm.Field, values: list[Any]) -> None:
    """Amounts, fixed-point and whole numbers as decimals of three places."""
    check(field(of), "value", values, pl.Decimal(30, 3))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([None, "UTC", "Europe/Brussels"]), lists(TIME_TEXTS))
@example("UTC", ["2018-08-01T23:59:60", "2018-08-01T24:00:00", "0000-01-01T00:00:00"])
def test_times_as_text(zone: str | None, values: list[Any]) -> None:
    """Times in text, zoned, naive, skipped, doubled, impossible."""
    check(field(mm.Time(), zone), "at", values, pl.String())
    check(field(mm.Time(zone)), "value", values, pl.String())


@settings(max_examples=40, deadline=None)
@given(lists(st.datetimes(datetime(2018, 3, 24), datetime(2018, 3, 26))))
def test_times_as_datetimes(values: list[Any]) -> None:
    """Naive datetimes in a zone that skips an hour, and zoned ones."""
    check(field(mm.Time(), "Europe/Brussels"), "at", values, pl.Datetime("us"))
    zoned = [None if value is None else value.replace(tzinfo=UTC) for value in values]
    check(field(mm.Time()), "at", zoned, pl.Datetime("us", "UTC"))


@settings(max_examples=40, deadline=None)
@given(lists(INTEGERS))
def test_times_as_integers(values: list[Any]) -> None:
    """Whole microseconds, within the declared range and without."""
    check(field(mm.Time()), "at", values, pl.Int64())
    check(field(mm.Time()), "value", values, pl.Int64())


@settings(max_examples=80, deadline=None)
@given(lists(TEXTS))
def test_texts(values: list[Any]) -> None:
    """Ids and texts, card numbers among them."""
    check(field(mm.Text()), "id", values, pl.String())
    check(field(mm.Category()), "value", values, pl.String())


@settings(max_examples=40, deadline=None)
@given(lists(PAN_TEXTS), lists(INTEGERS))
def test_card_numbers(texts: list[Any], numbers: list[Any]) -> None:
    """Declared card numbers, as text and as integers."""
    check(field(mm.Pan()), "value", texts, pl.String())
    check(field(mm.Pan()), "value", numbers, pl.Int64())


@settings(max_examples=40, deadline=None)
@given(lists(FLAG_TEXTS), lists(INTEGERS), lists(FLOATS), lists(st.booleans()))
def test_flags(texts: list[Any], whole: list[Any], floats: list[Any], flags: list[Any]) -> None:
    """Flags as text, numbers and flags."""
    check(field(mm.Flag()), "value", texts, pl.String())
    check(field(mm.Flag()), "value", whole, pl.Int64())
    check(field(mm.Flag()), "value", floats, pl.Float64())
    check(field(mm.Flag()), "value", flags, pl.Boolean())


def test_what_json_can_say_and_a_table_cannot() -> None:
    """Lists, objects, huge integers and missing columns are faults of the row."""
    shape = field(mm.Integer())
    contract = RowContract(shape)
    for value, reason in (([1], "type"), ({}, "type"), (10**30, "range"), (True, "type")):
        got = contract.check({"id": "a", "at": 0, "value": value})
        assert isinstance(got, Fault)
        assert (got.reason, got.column) == (reason, "value")
    assert contract.check({"id": "a", "value": 1}) == Fault("missing", "at")
    assert contract.check({"id": 5, "at": 0, "value": 1}) == Fault("type", "id", "a text")


def test_python_values_that_a_file_cannot_hold() -> None:
    """Decimals and datetimes are read as the same values in text."""
    shape = field(mm.Fixed(2))
    moment = datetime(1970, 1, 2, tzinfo=UTC) + timedelta(microseconds=1)
    row = RowContract(shape).check({"id": "a", "at": moment, "value": Decimal("1.5E+1")})
    assert row == {
        "id": "a",
        "mm_at": 86_400_000_001,
        "value": 1500,
        "mm_revision": 0,
        "mm_known_at": 86_400_000_001,
    }


def test_a_fault_never_holds_the_value() -> None:
    """The error of a refused card number says where it stood and nothing of it."""
    fault = RowContract(field(mm.Text())).check({"id": PAN, "at": 0, "value": None})
    assert isinstance(fault, Fault)
    error = fault.error("tick")
    assert error.code == "log.row.pan"
    assert PAN not in str(error)
    assert "$.id" in str(error)
