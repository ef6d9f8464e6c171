"""Tables of clock changes agree with the zone itself, at every change and between."""

import itertools
from bisect import bisect_right
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.ground import GroundError, zone_of
from mintmark.plan import zone_digest, zone_table

ZONES = [
    "UTC",
    "Europe/Brussels",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Gaza",
    "Africa/Cairo",
    "America/Argentina/San_Luis",
    "Pacific/Apia",
]
LAST_S = 84_006 * 86_400


def offset_at(zone: str, at_s: int) -> int:
    """Return the offset that the zone itself gives, in microseconds."""
    offset = datetime.fromtimestamp(at_s, zone_of(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) * 1_000_000


def read(zone: str, at_s: int) -> int:
    """Return the offset that the table gives."""
    times, offsets = zone_table(zone)
    return offsets[bisect_right(times, at_s * 1_000_000) - 1]


@pytest.mark.parametrize("zone", ZONES)
def test_the_table_holds_at_every_change(zone: str) -> None:
    """One second before a change the old offset holds, from it on the new."""
    for at_us in zone_table(zone)[0][1:]:
        for at_s in (at_us // 1_000_000 - 1, at_us // 1_000_000):
            assert read(zone, at_s) == offset_at(zone, at_s)


@given(st.sampled_from(ZONES), st.integers(0, LAST_S - 1))
def test_the_table_holds_at_any_moment(zone: str, at_s: int) -> None:
    """At any second from 1970 to 2199 the table and the zone agree."""
    assert read(zone, at_s) == offset_at(zone, at_s)


def test_tables_are_sorted_and_begin_in_1970() -> None:
    """Transitions rise from zero; offsets change at each."""
    for zone in ZONES:
        times, offsets = zone_table(zone)
        assert times[0] == 0
        assert list(times) == sorted(set(times))
        assert all(a != b for a, b in itertools.pairwise(offsets))


def test_zones_have_digests() -> None:
    """Zones with the same changes have one digest; an unknown one is an error."""
    assert zone_digest("UTC") == zone_digest("Etc/UTC")
    assert zone_digest("UTC") != zone_digest("Europe/Brussels")
    with pytest.raises(GroundError):
        zone_table("Mars")
