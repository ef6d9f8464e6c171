"""Who lives in the world: cards with habits, terminals in places, and the shops online.

Everything here is drawn once, from the seed, before the first payment. A card lives in one district
and works in another; its favourite terminals stand there, and a few online shops are favourites
too. How often it pays, how much, at what hours and how much of it online is its own.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mintmark.testing.chance import QUANTILES, Draws, Floats, Ints, lottery, spread

DAY_S = 86_400
SEGMENTS = ("18-34", "35-59", "60+")
HOME = "BE"
COUNTRIES = (HOME, "FR", "NL", "DE", "ES", "IT", "GB", "US", "TH")
# name, median of its amounts against the card's usual one, share of it in a street, online
CATEGORIES: tuple[tuple[str, float, int, int], ...] = (
    ("grocery", 0.9, 34, 4),
    ("restaurant", 0.8, 22, 6),
    ("fuel", 1.6, 10, 0),
    ("pharmacy", 0.6, 8, 2),
    ("fashion", 1.7, 10, 22),
    ("electronics", 3.6, 5, 14),
    ("travel", 4.5, 3, 10),
    ("digital_goods", 0.4, 0, 20),
    ("marketplace", 1.2, 4, 18),
    ("leisure", 1.0, 4, 4),
)
CATEGORY_FACTOR = np.array([c[1] for c in CATEGORIES])

PER_DISTRICT = 16  # terminals of one district
FAVOURITES = 16  # width of a card's row; 0-5 at home, 6-9 at work, 10-15 online
STREET, TOWN, WEB = 16, 17, 18  # slots beyond the favourites: near home, anywhere, any shop online

# Hour weights of the three rhythms: at work by day, at home by day, up late.
_HOURS = (
    (1, 0, 0, 0, 0, 1, 4, 9, 9, 5, 5, 7, 14, 10, 6, 6, 8, 15, 18, 14, 8, 5, 3, 2),
    (0, 0, 0, 0, 0, 0, 1, 4, 10, 15, 17, 15, 9, 9, 12, 13, 11, 8, 5, 3, 2, 1, 1, 0),
    (6, 4, 3, 1, 1, 1, 1, 2, 3, 4, 5, 6, 8, 8, 8, 8, 9, 10, 12, 12, 12, 12, 11, 9),
)
_EVENING = (4, 2, 1, 1, 0, 0, 1, 3, 4, 5, 5, 5, 6, 6, 6, 6, 6, 7, 9, 12, 15, 14, 11, 7)
_WEEKEND = (2, 2, 2, 1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 2)


@dataclass(frozen=True)
class Terminals:
    """Every terminal by number: districts of the home country, of abroad, then online shops."""

    category: npt.NDArray[np.uint8]
    country: npt.NDArray[np.uint8]
    district: npt.NDArray[np.int32]  # -1 online
    home: int  # terminals 0 .. home-1 stand in the home country
    street: int  # terminals 0 .. street-1 stand in a street; the others are shops online
    busy_street: npt.NDArray[np.int32]  # a lottery over the home country, by custom
    busy_web: npt.NDArray[np.int32]  # a lottery over the shops online, by custom

    @property
    def count(self) -> int:
        """How many terminals there are."""
        return len(self.category)


@dataclass(frozen=True)
class Cards:
    """Every card by number, with its habits."""

    segment: npt.NDArray[np.uint8]
    style: npt.NDArray[np.uint8]  # row of `slots`
    rhythm: npt.NDArray[np.uint8]  # 0 .. 2
    usual: Floats  # its median amount, minor units, in a shop of factor 1
    favourites: npt.NDArray[np.int32]  # [cards * FAVOURITES] terminals
    activity: npt.NDArray[np.int32]  # a lottery over the cards, by how often they pay
    trip_from: Ints  # second at which the card goes abroad; far away if it never does
    trip_to: Ints
    trip_district: npt.NDArray[np.int32]

    @property
    def count(self) -> int:
        """How many cards there are."""
        return len(self.segment)


@dataclass(frozen=True)
class Population:
    """The cards, the terminals and the two tables that turn a draw into a habit."""

    cards: Cards
    terminals: Terminals
    slots: npt.NDArray[np.uint8]  # [3 styles * 256] favourite slot, STREET, TOWN or WEB
    clock: Ints  # [2 weekend * 2 online * 3 rhythms * 4097] quantiles of the second of the day


def populate(seed: int, *, cards: int, days: int) -> Population:
    """Draw the cards and terminals of a world of `cards` cards that lasts `days` days."""
    terminals = _terminals(Draws(seed, "terminals"), districts=max(3, cards // 60))
    return Population(
        cards=_cards(Draws(seed, "cards"), terminals, count=cards, days=days),
        terminals=terminals,
        slots=_slots(),
        clock=_clock(),
    )


def _terminals(draws: Draws, *, districts: int) -> Terminals:
    abroad = len(COUNTRIES) - 1
    home = districts * PER_DISTRICT
    street = home + abroad * PER_DISTRICT
    web = max(40, districts * 3)
    count = street + web
    category = np.empty(count, dtype=np.uint8)
    for first, last, column in ((0, street, 2), (street, count, 3)):
        table = lottery(np.array([float(c[column]) for c in CATEGORIES]), 12)
        category[first:last] = table[draws.quarters(last - first) >> 4]
    country = np.zeros(count, dtype=np.uint8)
    country[home:street] = 1 + np.arange(street - home) // PER_DISTRICT
    far = draws.chance(web, 0.35)
    country[street:] = np.where(far, 1 + draws.below(web, abroad), 0)
    district = np.full(count, -1, dtype=np.int32)
    district[:street] = np.arange(street) // PER_DISTRICT
    # Custom falls slowly with rank: a few terminals are busy, most are quiet.
    busy: Floats = 1.0 / (8.0 + draws.shuffle(home).astype(np.float64)) ** 0.5
    busy_web: Floats = 1.0 / (6.0 + draws.shuffle(web).astype(np.float64)) ** 0.5
    return Terminals(
        category=category,
        country=country,
        district=district,
        home=home,
        street=street,
        busy_street=lottery(busy, 16),
        busy_web=(lottery(busy_web, 16) + street).astype(np.int32),
    )


def _cards(draws: Draws, terminals: Terminals, *, count: int, days: int) -> Cards:
    segment = lottery(np.array([32.0, 42.0, 26.0]), 12)[draws.quarters(count) >> 4]
    style = _by_band(draws, segment, ((3.0, 4.0, 3.0), (4.0, 4.0, 2.5), (4.5, 3.5, 2.0)))
    rhythm = _by_band(draws, segment, ((4.0, 2.0, 2.5), (5.0, 3.0, 2.0), (4.0, 4.0, 1.5)))
    usual = np.rint(2_200 * draws.look(count, spread(0.45)))
    districts = terminals.home // PER_DISTRICT
    favourites = np.empty((count, FAVOURITES), dtype=np.int64)
    for first, last in ((0, 6), (6, 10)):  # home, then work
        ground = draws.below(count, districts)[:, None] * PER_DISTRICT
        pick = draws.below(count * (last - first), PER_DISTRICT).reshape(count, -1)
        favourites[:, first:last] = ground + pick
    shops = terminals.busy_web[draws.quarters(count * 6)]
    favourites[:, 10:] = shops.reshape(count, 6)
    away = draws.chance(count, min(0.9, 0.3 * days / 120))
    trip_from = draws.below(count, days * DAY_S)
    trip_to = trip_from + draws.between(count, low=2 * DAY_S, high=12 * DAY_S)
    abroad = len(COUNTRIES) - 1
    never = np.iinfo(np.int64).max
    return Cards(
        segment=segment.astype(np.uint8),
        style=style,
        rhythm=rhythm,
        usual=usual,
        favourites=favourites.astype(np.int32).ravel(),
        activity=lottery(draws.look(count, spread(0.6)), max(12, (count * 8).bit_length())),
        trip_from=np.where(away, trip_from, never),
        trip_to=np.where(away, trip_to, never),
        trip_district=(districts + draws.below(count, abroad)).astype(np.int32),
    )


def _by_band(
    draws: Draws, segment: npt.NDArray[np.int32], weights: tuple[tuple[float, ...], ...]
) -> npt.NDArray[np.uint8]:
    """Draw a habit by age band: each band holds every habit, the young more online and later."""
    bits = draws.quarters(len(segment)) >> 4
    choices = [lottery(np.array(w), 12)[bits] for w in weights]
    return np.choose(segment, choices).astype(np.uint8)


def _slots() -> npt.NDArray[np.uint8]:
    """Three styles: who buys in the street, who does both, who buys online."""
    table = np.empty((3, 256), dtype=np.uint8)
    at_home, at_work = (10.0, 7.0, 5.0, 4.0, 3.0, 2.0), (6.0, 4.0, 2.0, 1.0)
    web = (6.0, 4.0, 3.0, 2.0, 1.0, 1.0)
    for style, online in enumerate((0.10, 0.28, 0.5)):
        street = [w / 44 * (1 - online) * 0.86 for w in at_home + at_work]
        shops = [w / 17 * online * 0.75 for w in web]
        rest = [(1 - online) * 0.08, (1 - online) * 0.06, online * 0.25]
        table[style] = lottery(np.array(street + shops + rest), 8)
    return table.ravel()


def _clock() -> Ints:
    """Quantiles of the second of the day, by weekend, online and rhythm."""
    rows = []
    for weekend in (False, True):
        for online in (False, True):
            for hours in _HOURS:
                weights = np.array(hours, dtype=np.float64)
                if weekend:
                    weights = weights * np.array(_WEEKEND)
                if online:
                    weights = weights / weights.sum() + np.array(_EVENING) / sum(_EVENING)
                edges = np.concatenate(([0.0], np.cumsum(weights / weights.sum())))
                shares = np.arange(QUANTILES + 1) / QUANTILES
                rows.append(np.rint(np.interp(shares, edges, np.arange(25) * 3600.0)))
    return np.concatenate(rows).astype(np.int64)


def second_of_day(clock: Ints, rows: Ints, halves: npt.NDArray[np.uint32]) -> Ints:
    """The second of the day that each 32-bit draw stands for in its row of the clock table."""
    place = rows * (QUANTILES + 1) + (halves >> 20)
    start = clock[place]
    width = clock[place + 1] - start
    second = start + ((width * (halves & 0xFFFFF)) >> 20)
    last: Ints = np.minimum(second, DAY_S - 1)
    return last
