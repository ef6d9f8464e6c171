"""Chargebacks: when the owner's report of a payment becomes known, and what it says in the end."""

from dataclasses import dataclass

import numpy as np

from mintmark.testing.chance import Draws, Flags, Ints
from mintmark.testing.population import DAY_S
from mintmark.testing.schemes import GENUINE, NEVER, Rows


@dataclass(frozen=True)
class Cases:
    """Reports as columns: a case is reported once, and a reversed one a second time."""

    payment: Ints
    second: Ints  # of the report, from the world's start
    revision: Ints
    fraud: Flags

    def __len__(self) -> int:
        """How many reports there are."""
        return len(self.payment)

    def until(self, second: int) -> "Cases":
        """The reports made up to and in this second, of cases in order of time."""
        n = int(np.searchsorted(self.second, second, side="right"))
        return Cases(self.payment[:n], self.second[:n], self.revision[:n], self.fraud[:n])


def cases(draws: Draws, rows: Rows, first_payment: int) -> Cases:
    """The reports that the payments `rows` bring about.

    A payment that was declined cost nobody anything, so nobody disputes it. Of the disputes of
    frauds 3 in 100 are withdrawn, of those of honest payments 70: the same case comes again, five
    to forty days later, with the next revision and ``fraud`` false.
    """
    index = np.flatnonzero((rows.report != NEVER) & ~rows.declined)
    payment, second = first_payment + index, rows.report[index]
    honest = rows.scheme[index] == GENUINE
    withdrawn = np.flatnonzero(draws.chance(len(index), np.where(honest, 0.7, 0.03)))
    later = draws.between(len(withdrawn), low=5 * DAY_S, high=40 * DAY_S)
    ones = np.ones(len(index), dtype=np.int64)
    return Cases(
        payment=np.concatenate((payment, payment[withdrawn])),
        second=np.concatenate((second, second[withdrawn] + later)),
        revision=np.concatenate((ones, ones[withdrawn] + 1)),
        fraud=np.concatenate((ones > 0, ones[withdrawn] < 0)),
    )


def gather(parts: list[Cases]) -> Cases:
    """All reports in the order in which they were made; ties by payment, then revision."""
    columns = [
        np.concatenate([getattr(p, name) for p in parts])
        for name in ("payment", "second", "revision", "fraud")
    ]
    order = np.lexsort((columns[2], columns[0], columns[1]))
    return Cases(*(c[order] for c in columns))
