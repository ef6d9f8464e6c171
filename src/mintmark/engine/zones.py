"""Time zones as tables of offsets, so that calendar parts are integer arithmetic in the kernel.

The table of a zone is probed from the tz database by day and bisected to the second, from 1900 to
2200; outside those years calendar parts are null.  It is made once per zone and process.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

FIRST_AT = -2208988800  # 1900-01-01T00:00:00Z, seconds
LAST_AT = 7258118400  # 2200-01-01T00:00:00Z, seconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400


@cache
def zone_table(zone: str) -> tuple[tuple[int, int], ...]:
    """Return rows (from this time on, offset), in us, and a last row that closes the table.

    Cost: about 0.1 s for a zone with clock changes.
    """
    info = ZoneInfo(zone)
    rows = [(FIRST_AT, _offset(info, FIRST_AT))]
    for day in range(FIRST_AT, LAST_AT, _DAY):
        following = _offset(info, day + _DAY)
        if following != rows[-1][1]:
            rows.append((_change(info, day, day + _DAY), following))
    rows.append((LAST_AT, 0))
    return tuple((at * 1_000_000, offset * 1_000_000) for at, offset in rows)


def _offset(info: ZoneInfo, at: int) -> int:
    """Offset from UTC in seconds at a time in seconds."""
    offset = (_EPOCH + timedelta(seconds=at)).astimezone(info).utcoffset()
    assert offset is not None  # an aware time has one
    return round(offset.total_seconds())


def _change(info: ZoneInfo, before: int, after: int) -> int:
    """The first second at which the offset is that of `after`."""
    target = _offset(info, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(info, middle) == target:
            after = middle
        else:
            before = middle
    return after
