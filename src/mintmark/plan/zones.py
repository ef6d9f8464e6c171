"""The clock changes of a time zone as a table, so that a plan can say which ones it was made with.

The table comes from the machine's tz database, or from the `tzdata` package. It covers 1970 to
2199; before, its first offset holds. Because a plan carries the digest of the table, another tz
database that would change a value changes the plan's digest too.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from mintmark.ground import DAY_US, PlanError, digest, zone_of

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST_US = 84_006 * DAY_US  # 2200-01-01
_SECOND = timedelta(seconds=1)
_STEP_US = DAY_US


@lru_cache(maxsize=64)
def zone_table(name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return when the offset of a zone changes, and what it is from then on.

    Parameters
    ----------
    name : str
        IANA name.

    Returns
    -------
    (transitions_us, offsets_us)
        Two tuples of one length, int64 microseconds; the first transition is 0 (1970), and
        `offsets_us[i]` holds from `transitions_us[i]` on: local = utc + offset.

    Raises
    ------
    GroundError
        `ground.time.zone`.

    Cost: about 0.1 s a zone, once a process.

    Examples
    --------
    >>> zone_table("UTC")
    ((0,), (0,))
    >>> times, offsets = zone_table("Europe/Brussels")
    >>> offsets[0] == 3600 * 10**6
    True
    """
    zone = zone_of(name)

    def offset_us(at_us: int) -> int:
        moment = FIRST + timedelta(microseconds=at_us)
        offset = moment.astimezone(zone).utcoffset()
        assert offset is not None
        return offset // timedelta(microseconds=1)

    times, offsets = [0], [offset_us(0)]
    for start in range(0, LAST_US, _STEP_US):
        if offset_us(start + _STEP_US) != offsets[-1]:
            low, high = start, start + _STEP_US
            while high - low > 1_000_000:
                middle = (low + high) // 2_000_000 * 1_000_000
                low, high = (middle, high) if offset_us(middle) == offsets[-1] else (low, middle)
            times.append(high)
            offsets.append(offset_us(high))
    return tuple(times), tuple(offsets)


def zone_digest(name: str) -> str:
    """Return the digest of a zone's table on this machine."""
    times, offsets = zone_table(name)
    return digest([list(times), list(offsets)])


def check_zones(zones: dict[str, str]) -> None:
    """Refuse a machine on which a zone of a plan has other clock changes.

    Raises
    ------
    PlanError
        `plan.zone.changed`.
    """
    for name in sorted(zones):
        here = zone_digest(name)
        if here != zones[name]:
            raise PlanError(
                f"the clock changes of {name} are others here than where the plan was made",
                got=here,
                want=zones[name],
                hint="install the same tzdata package, or plan again",
                code="plan.zone.changed",
            )
