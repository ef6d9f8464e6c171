"""Progress, as a port: work says how far it is, a door shows it."""

from typing import Protocol


class Progress(Protocol):
    """Where long work says how far it is."""

    def start(self, step: str, total: int | None) -> None:
        """Begin a step of `total` units, unknown where None."""
        ...

    def advance(self, n: int) -> None:
        """Say that `n` more units are done."""
        ...

    def done(self, line: str) -> None:
        """End the step with one line of result."""
        ...


class Silent:
    """Progress that nobody watches."""

    def start(self, step: str, total: int | None) -> None:
        """Begin a step, unseen."""

    def advance(self, n: int) -> None:
        """Go on, unseen."""

    def done(self, line: str) -> None:
        """End a step, unseen."""
