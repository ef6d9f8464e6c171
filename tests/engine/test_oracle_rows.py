"""The oracle's row expressions: calendars by hand, nulls, texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mintmark.engine.oracle_math import hash64
from mintmark.engine.oracle_rows import node_value, unit_start
from mintmark.plan import Node

SECOND = 1_000_000
FORM = {"fields": {"amount": {"type": "money", "scale": 2}, "country": {"type": "category"}}}
BRUSSELS = "Europe/Brussels"


def value(op: str, *args: Any, of: Any = None) -> Any:
    """The value of an operation on some values."""
    return node_value(FORM, Node(op, tuple(range(len(args))), of), args, {})


def seconds(text: str) -> float:
    """A moment of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("part", "worked"),
    [
        ("hour", 0), ("minute", 30), ("second_of_day", 1815), ("weekday", 3), ("day", 1),
        ("week", 1), ("month", 1), ("year", 2020), ("yearday", 1),
    ],
)  # fmt: skip
def test_the_parts_of_a_moment(part: str, worked: int) -> None:
    """Wednesday 2020-01-01, 00:30:15 in Brussels, is 2019 in UTC."""
    assert value(part, seconds("2019-12-31T23:30:15"), of=BRUSSELS) == worked


def test_the_week_of_iso_belongs_to_the_year_of_its_thursday() -> None:
    """2021-01-03 is a Sunday of week 53, 2018-12-31 a Monday of week 1; 2020 is a leap year."""
    assert value("week", seconds("2021-01-03T12:00"), of="UTC") == 53
    assert value("week", seconds("2018-12-31T12:00"), of="UTC") == 1
    assert value("yearday", seconds("2020-12-31T12:00"), of="UTC") == 366


def test_the_hours_around_a_change_of_the_clocks() -> None:
    """2018-10-28 in Brussels has its third hour twice, 2018-03-25 has none."""
    autumn = [seconds(f"2018-10-28T0{h}:30") for h in range(3)]
    assert [value("hour", at, of=BRUSSELS) for at in autumn] == [2, 2, 3]
    spring = [seconds(f"2018-03-25T0{h}:30") for h in range(3)]
    assert [value("hour", at, of=BRUSSELS) for at in spring] == [1, 3, 4]


def test_times_that_no_calendar_has_are_null() -> None:
    """Before and after 1,900 years from 1970, and infinity."""
    for at in (6.1e10, -6.1e10, 1e308):
        assert value("month", at, of="UTC") is None
    assert value("year", -1.0, of=BRUSSELS) == 1970, "the offset of 1970 holds before it"


def test_units_begin_where_local_clocks_say() -> None:
    """The formula, on a day of 25 hours: 22:00 UTC of the day before."""
    asked = int(seconds("2018-10-28T20:00")) * SECOND
    starts = {
        "day": "2018-10-27T22:00", "week": "2018-10-21T22:00", "month": "2018-09-30T22:00",
        "year": "2017-12-31T23:00",
    }  # fmt: skip
    for unit, start in starts.items():
        assert unit_start(asked, unit, BRUSSELS) == int(seconds(start)) * SECOND


def test_a_holiday_is_a_local_date() -> None:
    """Christmas in Belgium begins at 23:00 UTC."""
    assert value("holiday", seconds("2020-12-24T22:59:59"), of=f"BE|{BRUSSELS}") == 0
    assert value("holiday", seconds("2020-12-24T23:00"), of=f"BE|{BRUSSELS}") == 1


def test_a_hash_is_of_the_bytes() -> None:
    """Below its size, the same for the same text."""
    assert value("hash", "日本", of=1000) == hash64("日本") % 1000
    assert value("hash", None, of=1000) is None


def test_null_in_null_out_and_nothing_infinite() -> None:
    """But for what is asked of nulls, and what one side decides."""
    for op in ("log", "exp", "sin", "cos", "atan", "floor", "sign", "mod", "power"):
        args = (None, 2.0) if op == "mod" else (None,)
        assert value(op, *args, of=2) is None
    assert value("mul", 1e308, 10.0) is None
    assert value("power", 1e300, of=2) is None
    assert value("exp", 710.0) is None
    assert value("and", None, 0.0) == 0
    assert value("or", None, 1.0) == 1
    assert value("and", None, 1.0) is None
    assert value("null", None) == 1
    assert value("otherwise", None, 3.0) == 3
    assert value("where", None, 1.0, 2.0) is None


def test_floor_and_sign() -> None:
    """Towards minus infinity; -1, 0 and 1."""
    assert [value("floor", x) for x in (1.5, -1.5, -0.0, 1e300)] == [1, -2, 0, 1e300]
    assert [value("sign", x) for x in (-0.5, 0.0, -0.0, 7.0)] == [-1, 0, 0, 1]
