"""Spans and times: exact, strict, and read back as they were written."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.ground import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    WEEK_US,
    GroundError,
    format_span,
    format_time,
    parse_span,
    parse_time,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("0s", 0),
        ("1us", 1),
        ("1500ms", 1_500_000),
        ("90s", 90 * SECOND_US),
        ("15m", 15 * MINUTE_US),
        ("24h", DAY_US),
        ("30d", 30 * DAY_US),
        ("2w", 2 * WEEK_US),
        ("1h30m", 90 * MINUTE_US),
        ("1d12h", DAY_US + 12 * HOUR_US),
    ],
)
def test_spans(text: str, us: int) -> None:
    """A span is whole numbers with units, added up."""
    assert parse_span(text) == us


@pytest.mark.parametrize(
    "text",
    ["", "30", "d", "-1d", "1.5d", "30 d", "1y", "1D", "١d", " 1d", None, 7],
)
def test_what_is_no_span(text: object) -> None:
    """Everything else is an error with one code."""
    with pytest.raises(GroundError) as caught:
        parse_span(text)  # type: ignore[arg-type]
    assert caught.value.code == "ground.time.span"


def test_a_span_may_have_any_length() -> None:
    """What of it can be meant is for definitions to say."""
    assert parse_span("999999999999w") == 999_999_999_999 * WEEK_US


@given(st.integers(0, 300 * 366 * DAY_US))
def test_a_span_is_read_back_as_it_was_written(us: int) -> None:
    """parse_span is the inverse of format_span."""
    assert parse_span(format_span(us)) == us


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-02", DAY_US),
        ("1970-01-01T00:00Z", 0),
        ("1970-01-01 00:00:01Z", SECOND_US),
        ("1970-01-01T00:00:00.5Z", 500_000),
        ("1970-01-01T00:00:00,000001Z", 1),
        ("1970-01-01T00:00:00.000001000Z", 1),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T22:30:00-0130", 0),
        ("1970-01-01t05:00:00+05", 0),
        ("  1970-01-01T00:00:00z ", 0),
    ],
)
def test_times(text: str, us: int) -> None:
    """ISO 8601 with its usual freedoms; a date alone is its midnight in the zone named."""
    assert parse_time(text, zone="UTC") == us


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "08/08/2018",
        "2018-13-01T00:00:00Z",
        "2018-02-30",
        "2018-01-01T24:00:00Z",
        "2016-12-31T23:59:60Z",
        "2018-01-01T00:00:00.0000001Z",
        "2018-01-01T00:00:00+25:00",
        "20180101",
        None,
        0,
    ],
)
def test_unparsable_times(text: object) -> None:
    """A time that is not one, or is finer than a microsecond, is an error and never rounded."""
    with pytest.raises(GroundError) as caught:
        parse_time(text, zone="UTC")  # type: ignore[arg-type]
    assert caught.value.code == "ground.time.unparsable"


def test_a_time_before_the_calendar() -> None:
    """An offset that leads out of the years 1 to 9999 is an error of its own."""
    with pytest.raises(GroundError) as caught:
        parse_time("0001-01-01T00:00:00+01:00")
    assert caught.value.code == "ground.time.outside"


def test_a_naive_time_needs_a_zone() -> None:
    """Without a zone anywhere a time means nothing."""
    with pytest.raises(GroundError) as caught:
        parse_time("2018-08-08T10:00:00")
    assert caught.value.code == "ground.time.naive"
    assert parse_time("2018-08-08T10:00:00", zone="Europe/Brussels") == parse_time(
        "2018-08-08T08:00:00Z"
    )


def test_clock_changes() -> None:
    """Spring skips an hour, which is an error; autumn repeats one, of which the first is meant.

    ```
    spring   01:59:59 -> 03:00:00        autumn   02:59:59 -> 02:00:00
    ```
    """
    with pytest.raises(GroundError) as caught:
        parse_time("2018-03-25 02:30:00", zone="Europe/Brussels")
    assert caught.value.code == "ground.time.skipped"
    first = parse_time("2018-10-28 02:30:00", zone="Europe/Brussels")
    assert first == parse_time("2018-10-28T00:30:00Z")


def test_an_unknown_zone() -> None:
    """A zone that the machine does not know is named in the error."""
    with pytest.raises(GroundError) as caught:
        parse_time("2018-08-08 10:00", zone="Mars/Olympus")
    assert caught.value.code == "ground.time.zone"
    assert "Mars/Olympus" in caught.value.render()


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))
def test_a_time_is_read_back_as_it_was_written(moment: datetime) -> None:
    """parse_time is the inverse of format_time, to the microsecond, over the whole calendar."""
    us = (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    assert parse_time(format_time(us)) == us


def test_a_time_outside_the_calendar() -> None:
    """A number that no calendar holds is an error of ours."""
    with pytest.raises(GroundError) as caught:
        format_time(2**62)
    assert caught.value.code == "ground.time.outside"
