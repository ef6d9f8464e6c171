"""A seeded world of card payments: the data that the demo plays and that tests can rely on.

It is a simulation and says so. Its purpose is to have everything that makes card fraud hard, at any
size, with the truth known: habits by hour and place, four schemes of fraud with a start and an end,
honest behaviour that looks like them, labels that come days or months late, some never, some taken
back, and habits that change. `testing.schemes` tells the schemes one by one.

The files of a world, each folder of which ingest reads as it is::

    folder/
      history/payment/payments.parquet        all payments but the last ones, in order of time
                      manual_entries.csv      rows that no contract lets through, on request
              chargeback/chargebacks.parquet  reports made before the first live payment
      live/payment/payments.parquet           the last payments, held back to be sent live
           chargeback/chargebacks.parquet     reports from then until the older half of the live
                                              payments is mature
      truth.parquet                           payment and scheme of every fraud, for study only

Time is UTC and whole seconds, as card machines stamp it, so ties happen. The same settings give
the same bytes: chance comes from raw Philox words and tables alone (`testing.chance`).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mintmark.ground import Progress, Silent, parse_time
from mintmark.testing.books import Books
from mintmark.testing.everyday import Everyday, day_counts
from mintmark.testing.population import DAY_S, populate
from mintmark.testing.schemes import Rows, episodes, join, rogues
from mintmark.testing.settings import WorldSettings, WorldSummary

RUN_ROWS = 160_000  # payments drawn, sorted and written at a time: what memory holds
_PER_CARD_DAY = 0.9  # payments of a card a day, on average


def write_world(
    folder: Path, settings: WorldSettings, progress: Progress | None = None
) -> WorldSummary:
    """Write a world's files into `folder` and say what is in them.

    Parameters
    ----------
    folder : Path
        Made if it is not there; the files of an earlier world are replaced.
    settings : WorldSettings
        What to write.
    progress : Progress, optional
        Told of every run of payments.

    Returns
    -------
    WorldSummary
        Counts and times of what was written.

    Cost
    ----
    O(payments) time. Memory for `RUN_ROWS` payments or one day, whichever is more, and for the
    rows of the schemes (3 in 100).
    """
    told = progress or Silent()
    told.start("write the world", settings.payments)
    world = World(settings)
    with Books(folder, settings, world.people, world.start_s) as books:
        for first, rows in world.runs():
            books.enter(first, rows)
            told.advance(len(rows))
    summary = books.close()
    told.done(f"{summary.payments:,} payments, {summary.frauds:,} of them frauds")
    return summary


class World:
    """The people of a world, its schemes, and the plan of its days.

    Parameters
    ----------
    settings : WorldSettings
        What world it is.
    """

    def __init__(self, settings: WorldSettings) -> None:
        seed, days = settings.seed, settings.days
        self._settings = settings
        self.start_s = parse_time(settings.first_day, zone="UTC") // 1_000_000
        first_weekday = (self.start_s // DAY_S + 3) % 7 + 1
        cards = max(40, round(settings.payments / days / _PER_CARD_DAY))
        self.people = populate(seed, cards=cards, days=days)
        self._everyday = Everyday(
            seed=seed,
            people=self.people,
            rogues=rogues(seed, self.people, days=days),
            first_weekday=first_weekday,
            drift=settings.drift,
        )
        self._special = episodes(seed, self.people, payments=settings.payments, days=days)
        everyday = settings.payments - len(self._special)
        self._counts = day_counts(everyday, days=days, first_weekday=first_weekday)

    def runs(self) -> Iterator[tuple[int, Rows]]:
        """Payments in runs of whole days, by time, each with the number of its first payment."""
        settings = self._settings
        step = max(1, RUN_ROWS * settings.days // settings.payments)
        number = 1
        for day in range(0, settings.days, step):
            counts = self._counts[day : day + step]
            edges = [day * DAY_S, (day + len(counts)) * DAY_S]
            low, high = np.searchsorted(self._special.second, edges)
            special = self._special.take(slice(int(low), int(high)))
            rows = _in_order(join([self._everyday.rows(day, counts), special]), edges[0])
            yield number, rows
            number += len(rows)


def _in_order(rows: Rows, start_s: int) -> Rows:
    """Rows by second; a tie keeps the order in which it was drawn.

    Sorting second and place as one number is several times faster than a stable argsort.
    """
    bits = len(rows).bit_length()
    key = ((rows.second - start_s) << bits) | np.arange(len(rows))
    key.sort()
    return rows.take(key & ((1 << bits) - 1))
