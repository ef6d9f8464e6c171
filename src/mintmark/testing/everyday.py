"""The everyday payments of some days, with the rogue terminals and the drift folded in."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mintmark.testing.chance import Draws, Flags, Floats, Ints, spread
from mintmark.testing.population import (
    CATEGORY_FACTOR,
    DAY_S,
    FAVOURITES,
    PER_DISTRICT,
    STREET,
    TOWN,
    WEB,
    Population,
    second_of_day,
)
from mintmark.testing.schemes import GENUINE, NEVER, ROGUE, Rogues, Rows, delays

_SPREAD = spread(0.62)
_DEAR_ONCE = 0.004  # share of payments for something six times as dear
_WEEK = np.array([0.95, 0.95, 1.0, 1.02, 1.2, 1.22, 0.78])  # Monday first


@dataclass(frozen=True)
class Drift:
    """A change of habits from one day on: dearer, and more of it online.

    Parameters
    ----------
    day : int
        First day of the change, counted from the world's first day, 0.
    amount_factor : float
        What every everyday amount is multiplied by.
    online_share : float
        Share of everyday payments that move to a shop online.
    """

    day: int
    amount_factor: float = 1.35
    online_share: float = 0.15


def day_counts(total: int, *, days: int, first_weekday: int) -> Ints:
    """`total` payments over `days` days: busy before the weekend, a little growth, exact in sum.

    Examples
    --------
    >>> day_counts(700, days=7, first_weekday=1).tolist()
    [90, 90, 97, 100, 120, 123, 80]
    """
    weekday = (np.arange(days) + first_weekday - 1) % 7
    weight = _WEEK[weekday] * (1.0 + 0.1 * np.arange(days) / days)
    edges = np.rint(np.cumsum(weight) / weight.sum() * total).astype(np.int64)
    edges[-1] = total
    counts: Ints = np.diff(edges, prepend=0)
    return counts


@dataclass(frozen=True)
class Everyday:
    """Draws the everyday payments of a run of days, each run from a stream of its own."""

    seed: int
    people: Population
    rogues: Rogues
    first_weekday: int  # of day 0; Monday 1 .. Sunday 7
    drift: Drift | None = None

    def rows(self, first_day: int, counts: Ints) -> Rows:
        """Payments of the days `first_day` and on, `counts` of them a day, in no order."""
        draws = Draws(self.seed, "everyday", first_day)
        cards, n = self.people.cards, int(counts.sum())
        day = np.repeat(np.arange(first_day, first_day + len(counts)), counts)
        card = cards.activity[draws.halves(n) >> (33 - len(cards.activity).bit_length())]
        changed = self._changed(first_day, day)
        terminal = self._terminal(draws, card, changed)
        online = terminal >= self.people.terminals.street
        second = day * DAY_S + self._second(draws, day, card, online)
        self._travel(draws, card, terminal, second)
        amount = self._amount(draws, card, terminal)
        if self.drift is not None and day[-1] >= self.drift.day:
            amount[day >= self.drift.day] *= self.drift.amount_factor
        scheme = np.zeros(n, dtype=np.uint8)
        report = np.full(n, NEVER, dtype=np.int64)
        self._overcharge(draws, (second, terminal), amount, (scheme, report))
        self._dispute(draws, second, (scheme, report))
        return Rows(
            second=second,
            card=card,
            terminal=terminal,
            amount=np.clip(np.rint(amount), 50, 900_000).astype(np.int64),
            declined=draws.quarters(n) < 0.012 * 65_536,
            scheme=scheme,
            report=report,
        )

    def _changed(self, first_day: int, day: Ints) -> Flags:
        """Who buys online though habit says otherwise: none before the drift, so none is drawn."""
        if self.drift is None or day[-1] < self.drift.day:
            return np.zeros(0, dtype=np.bool_)
        moved = Draws(self.seed, "drift", first_day).chance(len(day), self.drift.online_share)
        return moved & (day >= self.drift.day)

    def _terminal(
        self, draws: Draws, card: npt.NDArray[np.int32], changed: Flags
    ) -> npt.NDArray[np.int32]:
        """A favourite most of the time, else near home, in town or any shop online."""
        cards, shops = self.people.cards, self.people.terminals
        slot = self.people.slots[
            (cards.style[card].astype(np.int32) << 8) + (draws.quarters(len(card)) >> 8)
        ]
        if len(changed):
            slot[changed] = WEB
        row = card.astype(np.int64) * FAVOURITES
        terminal = cards.favourites[row + (slot & (FAVOURITES - 1))]
        near = np.flatnonzero(slot == STREET)
        home = cards.favourites[row[near]] // PER_DISTRICT * PER_DISTRICT
        terminal[near] = home + draws.below(len(near), PER_DISTRICT)
        town = np.flatnonzero(slot == TOWN)
        terminal[town] = shops.busy_street[draws.quarters(len(town))]
        web = np.flatnonzero(slot == WEB)
        terminal[web] = shops.busy_web[draws.quarters(len(web))]
        return terminal

    def _second(
        self,
        draws: Draws,
        day: Ints,
        card: npt.NDArray[np.int32],
        online: Flags,
    ) -> Ints:
        weekend = (day + self.first_weekday - 1) % 7 >= 5
        rows = (weekend * 2 + online) * 3 + self.people.cards.rhythm[card]
        return second_of_day(self.people.clock, rows, draws.halves(len(day)))

    def _travel(
        self,
        draws: Draws,
        card: npt.NDArray[np.int32],
        terminal: npt.NDArray[np.int32],
        second: Ints,
    ) -> None:
        """Who is abroad pays in the street there; what is bought online stays."""
        cards = self.people.cards
        away = (second >= cards.trip_from[card]) & (second < cards.trip_to[card])
        index = np.flatnonzero(away & (terminal < self.people.terminals.street))
        place = cards.trip_district[card[index]] * PER_DISTRICT
        terminal[index] = place + draws.below(len(index), PER_DISTRICT)

    def _amount(
        self, draws: Draws, card: npt.NDArray[np.int32], terminal: npt.NDArray[np.int32]
    ) -> Floats:
        n = len(card)
        amount = self.people.cards.usual[card]
        amount *= CATEGORY_FACTOR[self.people.terminals.category[terminal]]
        amount *= draws.look(n, _SPREAD)
        amount[draws.quarters(n) < _DEAR_ONCE * 65_536] *= 6.0
        return amount

    def _overcharge(
        self,
        draws: Draws,
        where: tuple[Ints, npt.NDArray[np.int32]],
        amount: Floats,
        marks: tuple[npt.NDArray[np.uint8], Ints],
    ) -> None:
        """A rogue terminal charges more than was agreed to three in five of its customers."""
        second, terminal = where
        bad = (second >= self.rogues.start[terminal]) & (second < self.rogues.end[terminal])
        index = np.flatnonzero(bad)
        index = index[draws.chance(len(index), 0.6)]
        amount[index] *= 1.15 + 0.5 * draws.waits(len(index))
        _mark(draws, ROGUE, index, second, marks, seen=0.93)

    def _dispute(
        self, draws: Draws, second: Ints, marks: tuple[npt.NDArray[np.uint8], Ints]
    ) -> None:
        """Once in five thousand an honest payment is disputed, wrongly."""
        index = np.flatnonzero(draws.quarters(len(second)) < 13)
        index = index[marks[0][index] == GENUINE]
        _mark(draws, GENUINE, index, second, marks, seen=1.0)


def _mark(
    draws: Draws,
    scheme: int,
    index: Ints,
    second: Ints,
    marks: tuple[npt.NDArray[np.uint8], Ints],
    *,
    seen: float,
) -> None:
    """Give the rows at `index` their scheme, and a report to the share `seen` of them."""
    marks[0][index] = scheme
    report = second[index] + delays(draws, scheme, len(index))
    marks[1][index] = np.where(draws.chance(len(index), seen), report, NEVER)
