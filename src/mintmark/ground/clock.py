"""Clocks: the only place where the time of day is read."""

import time
from typing import Protocol


class Clock(Protocol):
    """Anything that can say what time it is."""

    def read(self) -> int:
        """Return the time in µs UTC."""
        ...


def now_us() -> int:
    """Return the machine's time in µs UTC."""
    return time.time_ns() // 1_000


def monotonic_ns() -> int:
    """Return a count of nanoseconds that only goes forward; for measuring, not for dating."""
    return time.perf_counter_ns()


class SystemClock:
    """The machine's own clock."""

    def read(self) -> int:
        """Return the machine's time in µs UTC."""
        return now_us()


class SenderClock:
    """A clock that stands still until the sender of events moves it on.

    With it, past payments are served as if they happened now. Only a server on loopback takes it.
    """

    def __init__(self, at_us: int = 0) -> None:
        self._at_us = at_us

    def advance(self, at_us: int) -> None:
        """Move the clock on to `at_us`; a time in its past leaves it where it is."""
        self._at_us = max(self._at_us, at_us)

    def read(self) -> int:
        """Return the time that the sender has moved the clock to, in µs UTC."""
        return self._at_us
