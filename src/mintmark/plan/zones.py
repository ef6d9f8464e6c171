"""The clock changes of a time zone as a table, so that a plan can say which ones it was made with.

The table comes from the installed `tzdata` package and covers 1970 to 2199; before, its first
offset holds. Because a plan carries the digest of the table, another release of the package that
would change a value changes the plan's digest too.
"""

import itertools
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from mintmark.ground import SECOND_US, PlanError, digest, zone_of

_DAY_S = 86_400
_REGULAR_S = 25_567 * _DAY_S  # 2040-01-01
_LAST_S = 84_006 * _DAY_S  # 2200-01-01
# No zone has changed its clocks twice within three days since 1970; from 2040 on only rules hold,
# and those change them months apart.
_LOOKS_S = (*range(0, _REGULAR_S, 3 * _DAY_S), *range(_REGULAR_S, _LAST_S, 14 * _DAY_S), _LAST_S)


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

    Cost: about 30 ms a zone, once a process.

    Examples
    --------
    >>> zone_table("UTC")
    ((0,), (0,))
    >>> times, offsets = zone_table("Europe/Brussels")
    >>> offsets[0] == 3600 * 10**6
    True
    """
    zone = zone_of(name)

    def offset_s(at_s: int) -> float:
        offset = datetime.fromtimestamp(at_s, zone).utcoffset()
        assert offset is not None
        return offset.total_seconds()

    times, offsets = [0], [offset_s(0)]
    for start, end in itertools.pairwise(_LOOKS_S):
        if offset_s(end) != offsets[-1]:
            low, high = start, end
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset_s(middle) == offsets[-1] else (low, middle)
            times.append(high)
            offsets.append(offset_s(high))
    return tuple(t * SECOND_US for t in times), tuple(int(o) * SECOND_US for o in offsets)


def zone_digest(name: str) -> str:
    """Return the digest of a zone's table on this machine."""
    times, offsets = zone_table(name)
    return digest([list(times), list(offsets)])


def check_zones(zones: Mapping[str, str]) -> None:
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
