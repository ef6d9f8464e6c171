"""What world to write, and what was written: the two values at the door of the world."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mintmark.ground import GroundError
from mintmark.testing.everyday import Drift


@dataclass(frozen=True)
class WorldSettings:
    """What world to write.

    Parameters
    ----------
    seed : int
        The same seed gives the same bytes.
    payments : int
        How many payments there are in all, live ones included.
    days : int
        How many days they span.
    live : int
        How many of the last payments are held back from history.
    first_day : str
        ISO date of day 0, UTC.
    mature_after : str
        How long after a payment its label counts as known; `live/` ends when half of it is.
    drift : Drift, optional
        A change of habits from one day on.
    bad_rows : int
        How many rows `manual_entries.csv` holds that must be quarantined; 0 writes no such file.
    form : {"parquet", "csv"}
        Form of the files of payments and chargebacks.

    Raises
    ------
    GroundError
        `ground.world.settings`, for a world that cannot be.
    """

    seed: int = 7
    payments: int = 500_000
    days: int = 180
    live: int = 20_000
    first_day: str = "2025-01-01"
    mature_after: str = "30d"
    drift: Drift | None = None
    bad_rows: int = 0
    form: Literal["parquet", "csv"] = "parquet"

    def __post_init__(self) -> None:
        """Refuse a world of no days, of too few payments, or with more live ones than all."""
        if self.days < 1 or self.payments < 100 or not 0 <= self.live < self.payments:
            raise GroundError(
                "no such world can be drawn",
                at="WorldSettings",
                got=f"{self.payments} payments, {self.live} of them live, {self.days} days",
                want="100 payments or more, fewer live ones than that, 1 day or more",
                code="ground.world.settings",
            )


@dataclass(frozen=True)
class WorldSummary:
    """What was written and where; times are µs UTC.

    `frauds` counts frauds that went through (a declined one cost nobody anything), `reported` the
    cases opened until the end of `live/`, `reversed` those withdrawn by then, and
    `mature_at` is when the older half of the live payments is mature.
    """

    folder: Path
    payments: int
    frauds: int
    declined: int
    reported: int
    reversed: int
    history_payments: int
    history_reports: int
    live_payments: int
    live_reports: int
    bad_rows: int
    first_at: int
    live_from_at: int
    last_at: int
    mature_at: int
    frauds_by_scheme: dict[str, int] = field(default_factory=dict)

    @property
    def history(self) -> Path:
        """The folder to ingest."""
        return self.folder / "history"

    @property
    def live(self) -> Path:
        """The folder to send."""
        return self.folder / "live"
