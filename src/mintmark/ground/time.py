"""Time as int64 microseconds UTC, and spans as text: "30d", "1h30m".

A time that reaches Mintmark says its zone, or the field that holds it names one. Nothing here reads
a clock.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from mintmark.ground.errors import GroundError

MS_US = 1_000
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
WEEK_US = 7 * DAY_US

_UNITS = {
    "w": WEEK_US,
    "d": DAY_US,
    "h": HOUR_US,
    "m": MINUTE_US,
    "s": SECOND_US,
    "ms": MS_US,
    "us": 1,
}
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,3}", re.ASCII)
_SPAN = re.compile(r"(?:\d{1,40}(?:us|ms|s|m|h|d|w)){1,20}", re.ASCII)
_SPAN_PART = re.compile(r"(\d+)(us|ms|s|m|h|d|w)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_FIRST_US = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _US
_LAST_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _US
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"\s?([Zz]|[+-]\d\d:?\d\d|[+-]\d\d)?",
    re.ASCII,
)


def parse_span(text: str) -> int:
    """Return the length in microseconds of a span such as "30d" or "1h30m".

    Parameters
    ----------
    text : str
        Whole numbers with units us, ms, s, m, h, d, w, one after another; a day has 24 hours.

    Raises
    ------
    GroundError
        `ground.time.span` where the text is not a span.

    Examples
    --------
    >>> parse_span("30d")
    2592000000000
    >>> parse_span("1h30m") == 90 * MINUTE_US
    True
    """
    if isinstance(text, str) and _SPAN.fullmatch(text):
        return sum(int(count) * _UNITS[unit] for count, unit in _SPAN_PART.findall(text))
    raise GroundError(
        "a span is a whole number with a unit",
        got=repr(text)[:80],
        want='"30d", "12h", "90s"; units us, ms, s, m, h, d, w',
        code="ground.time.span",
    )


def format_span(us: int) -> str:
    """Return a span of microseconds as the shortest exact text that `parse_span` reads back.

    Examples
    --------
    >>> format_span(30 * DAY_US), format_span(90 * MINUTE_US), format_span(0)
    ('30d', '90m', '0s')
    """
    if us == 0:
        return "0s"
    for unit in ("d", "h", "m", "s", "ms"):
        if us % _UNITS[unit] == 0:
            return f"{us // _UNITS[unit]}{unit}"
    return f"{us}us"


def parse_time(text: str, *, zone: str | None = None) -> int:
    """Return the microseconds UTC of an ISO 8601 time.

    Parameters
    ----------
    text : str
        "2018-08-08T10:00:00Z", an offset instead of Z, a space instead of T, up to nine decimals of
        a second of which those beyond the sixth must be zero; a date alone is its midnight.
    zone : str or None
        IANA name of the zone of a time that names none. Of the two instants of an hour that comes
        twice, the first is taken; an hour that a clock change skips is an error.

    Raises
    ------
    GroundError
        `ground.time.unparsable`, `ground.time.naive`, `ground.time.skipped`, `ground.time.zone`.

    Examples
    --------
    >>> parse_time("1970-01-02T00:00:00Z") == DAY_US
    True
    >>> parse_time("2018-07-01 02:00:00", zone="Europe/Brussels") == parse_time("2018-07-01T00:00Z")
    True
    """
    found = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise _unparsable(text)
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    decimals = (fraction or "").ljust(9, "0")
    if int(decimals[6:]):
        raise _unparsable(text, hint="the finest unit is the microsecond")
    try:
        parts = (year, month, day, hour or 0, minute or 0, second or 0)
        local = datetime(*map(int, parts))  # type: ignore[arg-type]
        us = _utc_us(local, text=text, offset=offset, zone=zone) + int(decimals[:6])
    except (ValueError, OverflowError):
        raise _unparsable(text) from None
    if not _FIRST_US <= us <= _LAST_US:
        raise _outside(us)
    return us


def format_time(at_us: int) -> str:
    """Return microseconds UTC as ISO 8601 text, decimals shown only where they are not zero.

    Raises
    ------
    GroundError
        `ground.time.outside` where the moment is outside the years 1 to 9999.

    Examples
    --------
    >>> format_time(1533686400_000000), format_time(1533686400_000001)
    ('2018-08-08T00:00:00Z', '2018-08-08T00:00:00.000001Z')
    """
    try:
        moment = _EPOCH + timedelta(microseconds=int(at_us))
    except OverflowError:
        raise _outside(at_us) from None
    return moment.replace(tzinfo=None).isoformat() + "Z"


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    The clock changes are those of the installed `tzdata` package and never the machine's own, so
    that the same lock gives the same hours everywhere.

    Raises
    ------
    GroundError
        `ground.time.zone` for an unknown name.
    """
    if _ZONE.fullmatch(name):
        try:
            with (
                resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file
            ):
                return ZoneInfo.from_file(file, key=name)
        except (OSError, ValueError):
            pass
    raise GroundError(
        "no such time zone",
        got=repr(name),
        want='an IANA name: "UTC", "Europe/Brussels"',
        code="ground.time.zone",
    )


def _utc_us(local: datetime, *, text: str, offset: str | None, zone: str | None) -> int:
    if offset is not None:
        days = local.toordinal() - _EPOCH.toordinal()
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        return days * DAY_US + seconds * SECOND_US - _offset_us(offset)
    if zone is None:
        raise GroundError(
            "a time names no zone, and no zone is declared for it",
            got=repr(text),
            want='"2018-08-08T10:00:00Z"',
            hint='write the zone into the time, or declare it: zone="UTC"',
            code="ground.time.naive",
        )
    moment = local.replace(tzinfo=zone_of(zone)).astimezone(UTC)
    if moment.astimezone(zone_of(zone)).replace(tzinfo=None) != local:
        raise GroundError(
            "the clocks of a zone skip this time",
            got=f"{text!r} in {zone}",
            want="a time that was on the clock",
            code="ground.time.skipped",
        )
    return (moment - _EPOCH) // _US


def _offset_us(offset: str) -> int:
    if offset in "Zz":
        return 0
    hours, minutes = int(offset[1:3]), int(offset[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(offset)
    size = hours * HOUR_US + minutes * MINUTE_US
    return -size if offset[0] == "-" else size


def _outside(us: int) -> GroundError:
    return GroundError(
        "a time is outside the calendar",
        got=us,
        want="years 1 to 9999",
        code="ground.time.outside",
    )


def _unparsable(text: object, *, hint: str = "") -> GroundError:
    return GroundError(
        "a time cannot be read",
        got=repr(text),
        want='ISO 8601: "2018-08-08T10:00:00Z"',
        hint=hint,
        code="ground.time.unparsable",
    )
