"""Clocks: the machine's, and one that its sender moves on."""

from hypothesis import given
from hypothesis import strategies as st

from mintmark.ground import SenderClock, SystemClock, monotonic_ns, now_us


def test_the_machines_clock_reads_microseconds() -> None:
    """The system clock is now_us, and lies in this century."""
    before = now_us()
    assert before <= SystemClock().read() <= now_us()
    assert 1_700_000_000 * 10**6 < before < 4_102_444_800 * 10**6


def test_the_measuring_clock_never_goes_back() -> None:
    """monotonic_ns is for spans, and two readings are in order."""
    assert monotonic_ns() <= monotonic_ns()


@given(st.lists(st.integers(0, 10**18)))
def test_a_senders_clock_never_goes_back(times: list[int]) -> None:
    """It stands at the latest time that it was ever moved to."""
    clock = SenderClock()
    for at_us in times:
        clock.advance(at_us)
    assert clock.read() == max(times, default=0)
