"""Time as int64 microseconds UTC, and spans as int64 microseconds."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mintmark.ground.errors import GroundError

MS_US = 1_000
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
WEEK_US = 7 * DAY_US

_UNITS = {
    "us": 1,
    "ms": MS_US,
    "s": SECOND_US,
    "m": MINUTE_US,
    "h": HOUR_US,
    "d": DAY_US,
    "w": WEEK_US,
}
_SPAN = re.compile(r"(\d+)(us|ms|s|m|h|d|w)\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_span(text: str) -> int:
    """Return a span such as ``30d`` in µs.

    Raises
    ------
    GroundError
        ``ground.time.span`` where the text is not a whole number and a unit.

    Examples
    --------
    >>> parse_span("30d") == 30 * DAY_US, parse_span("1500ms")
    (True, 1500000)
    """
    found = _SPAN.match(text) if isinstance(text, str) else None
    if found is None:
        raise GroundError(
            "a span is not a whole number and a unit",
            got=repr(text),
            want="such as 90s, 15m, 24h, 30d (units us ms s m h d w)",
            code="ground.time.span",
        )
    return int(found[1]) * _UNITS[found[2]]


def format_span(span_us: int) -> str:
    """Return a span in its largest whole unit; the inverse of `parse_span`.

    Examples
    --------
    >>> format_span(7 * DAY_US), format_span(90 * SECOND_US)
    ('7d', '90s')
    """
    for unit in ("d", "h", "m", "s", "ms"):
        if span_us and span_us % _UNITS[unit] == 0:
            return f"{span_us // _UNITS[unit]}{unit}"
    return f"{span_us}us"


def parse_time(text: str, *, zone: str | None = None) -> int:
    """Return an ISO 8601 time in µs UTC.

    Parameters
    ----------
    zone : str, optional
        Where a time without an offset is local; without it such a time is refused.

    Raises
    ------
    GroundError
        ``ground.time.unparsable``, ``ground.time.naive`` or ``ground.time.zone``.

    Examples
    --------
    >>> parse_time("1970-01-01T00:00:01Z")
    1000000
    """
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise GroundError(
            "a time cannot be read",
            got=repr(text),
            want="ISO 8601, such as 2018-08-08T12:30:00Z",
            code="ground.time.unparsable",
        ) from None
    if moment.tzinfo is None:
        if zone is None:
            raise GroundError(
                "a time has no zone",
                got=repr(text),
                want="an offset or Z at its end",
                hint="declare zone= on the event if its source writes local times",
                code="ground.time.naive",
            )
        moment = moment.replace(tzinfo=zone_of(zone))
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def format_time(at_us: int) -> str:
    """Return a time as ISO 8601 with a Z; fractions of a second only where there are any.

    Examples
    --------
    >>> format_time(0), format_time(1500000)
    ('1970-01-01T00:00:00Z', '1970-01-01T00:00:01.500000Z')
    """
    moment = _EPOCH + timedelta(microseconds=int(at_us))
    return moment.replace(tzinfo=None).isoformat() + "Z"


def zone_of(name: str) -> ZoneInfo:
    """Return a named time zone.

    Raises
    ------
    GroundError
        ``ground.time.zone`` for an unknown name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise GroundError(
            "an unknown time zone",
            got=repr(name),
            want="a name such as Europe/Brussels or UTC",
            code="ground.time.zone",
        ) from None
