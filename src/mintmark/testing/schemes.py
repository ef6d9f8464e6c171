"""The fraud of the world, and the honest behaviour that looks like it.

Each scheme is a set of episodes with a start and an end. Drawn before the payments, because they
are a few in a hundred, and merged into them by time:

==================  ==============================================================================
stolen card         A thief has the card for hours to days, until it is blocked: shops in any
                    district, goods that sell on, amounts above the owner's, some wrong PINs.
card testing        For some days one shop online is used to try stolen numbers: a burst of tiny
                    amounts seconds apart, many declined, and for the numbers that live one to
                    three large purchases online in the next two days.
account takeover    Someone has the owner's login for days: purchases online, at shops new to the
                    card, more abroad and at night, creeping upwards.
rogue terminal      For three to eight weeks a terminal overcharges three in five of its customers.
                    Nothing in the card's own history tells; the terminal's chargebacks do.
shopping spree      Honest: a day of several purchases, dear ones too, also where never seen.
top-ups             Honest: a burst of small purchases of digital goods within the hour.
==================  ==============================================================================

Besides these an honest card travels, buys something dear once, tries a new shop, or is declined.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from mintmark.testing.chance import Draws, Flags, Floats, Ints, spread
from mintmark.testing.population import (
    CATEGORIES,
    CATEGORY_FACTOR,
    DAY_S,
    Population,
)

SCHEMES = ("", "stolen_card", "card_testing", "account_takeover", "rogue_terminal", "", "")
GENUINE, STOLEN, TESTING, TAKEOVER, ROGUE, SPREE, TOP_UP = range(len(SCHEMES))
FRAUDS = (STOLEN, TESTING, TAKEOVER, ROGUE)
NEVER = -1

# Days until the owner reports: median, and deviation of the logarithm; cut to 2 hours .. 90 days.
_REPORT_DAYS = {
    GENUINE: (18.0, 0.6),
    STOLEN: (4.0, 0.9),
    TESTING: (10.0, 0.8),
    TAKEOVER: (8.0, 0.9),
    ROGUE: (8.0, 0.8),
}
_ROGUE_DAYS = 56
_DIGITAL = next(i for i, c in enumerate(CATEGORIES) if c[0] == "digital_goods")


@dataclass(frozen=True)
class Rows:
    """Payments as columns, in no order; `report` is the second of the first report, or `NEVER`."""

    second: Ints
    card: npt.NDArray[np.int32]
    terminal: npt.NDArray[np.int32]
    amount: Ints
    declined: Flags
    scheme: npt.NDArray[np.uint8]
    report: Ints

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.second)

    def take(self, index: Ints | slice) -> "Rows":
        """The rows at these places."""
        return Rows(*(getattr(self, f.name)[index] for f in fields(self)))


def join(parts: list[Rows]) -> Rows:
    """The rows of all parts, one part after the other."""
    return Rows(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Rows)))


@dataclass(frozen=True)
class Rogues:
    """When each terminal overcharges, and which share of its payments."""

    start: Ints
    end: Ints


def delays(draws: Draws, scheme: int, n: int) -> Ints:
    """Seconds from a fraud (or from an honest payment that is disputed) to its first report."""
    median, sigma = _REPORT_DAYS[scheme]
    days = draws.look(n, median * spread(sigma))
    return (np.clip(days, 2 / 24, 90.0) * DAY_S).astype(np.int64) + draws.below(n, 3_600)


def rogues(seed: int, people: Population, *, days: int) -> Rogues:
    """Of the terminals of the home country 25 in 1,000 go rogue within a hundred days.

    Some are rogue already when the world begins, so that its first days are like its others.
    """
    draws, n = Draws(seed, "rogues"), people.terminals.count
    start = draws.between(n, low=-_ROGUE_DAYS * DAY_S, high=days * DAY_S)
    length = draws.between(n, low=21 * DAY_S, high=_ROGUE_DAYS * DAY_S)
    one = draws.chance(n, min(0.2, 0.00025 * (days + _ROGUE_DAYS)))
    one[people.terminals.home :] = False
    far = np.iinfo(np.int64).max
    return Rogues(start=np.where(one, start, far), end=np.where(one, start + length, far))


def episodes(seed: int, people: Population, *, payments: int, days: int) -> Rows:
    """Every row that is not an everyday payment, in order of time.

    Returns
    -------
    Rows
        About 3 in 100 of `payments`; those beyond the last day are left out.
    """
    parts = []
    for scheme, share, size, build in (
        (STOLEN, 0.0026, 6.0, _stolen),
        (TAKEOVER, 0.0024, 6.5, _takeover),
        (SPREE, 0.0110, 5.5, _spree),
        (TOP_UP, 0.0050, 6.0, _top_up),
    ):
        count = max(1, round(payments * share / size))
        draws = Draws(seed, "scheme", scheme)
        parts.append(build(draws, people, count=count, days=days))
    parts += _testing(Draws(seed, "scheme", TESTING), people, payments=payments, days=days)
    rows = join(parts)
    order = np.argsort(rows.second, kind="stable")
    inside = rows.second[order] < days * DAY_S
    return rows.take(order[inside])


def _spans(counts: Ints) -> tuple[Ints, Ints]:
    """For episodes of these sizes: the episode of each row, and the first row of each episode."""
    return np.repeat(np.arange(len(counts)), counts), np.cumsum(counts) - counts


def _times(draws: Draws, start: Ints, counts: Ints, gap_s: float | Floats) -> Ints:
    """Seconds of the rows of episodes that begin at `start` and go on after random gaps."""
    episode, first = _spans(counts)
    gaps = draws.waits(len(episode)) * (gap_s if isinstance(gap_s, float) else gap_s[episode])
    gaps[first] = 0.0
    steps = np.cumsum(gaps.astype(np.int64) + 1)
    return np.asarray(start[episode] + steps - steps[first][episode])


def _reports(draws: Draws, scheme: int, second: Ints, counts: Ints) -> Ints:
    """One report an episode, some time after its last row; one episode in twenty is never seen."""
    episode, first = _spans(counts)
    n = len(counts)
    last = second[first + counts - 1]
    report = last + delays(draws, scheme, n)
    report[draws.chance(n, 0.05)] = NEVER
    rows = report[episode]
    jitter = draws.below(len(rows), 1_800)
    return np.where(rows == NEVER, NEVER, rows + jitter)


def _amounts(draws: Draws, people: Population, rows: tuple[Ints, Ints], times: Floats) -> Ints:
    """Amounts in minor units: the card's usual, by the shop's category, `times` as much."""
    card, terminal = rows
    usual = people.cards.usual[card] * CATEGORY_FACTOR[people.terminals.category[terminal]]
    amount = usual * times * draws.look(len(card), spread(0.5))
    minor: Ints = np.clip(np.rint(amount), 50, 900_000).astype(np.int64)
    return minor


def _street(draws: Draws, people: Population, n: int, *, dear: float) -> Ints:
    """Terminals of the home country by custom; a share `dear` prefers the dearer of two."""
    one = people.terminals.busy_street[draws.quarters(n)].astype(np.int64)
    two = people.terminals.busy_street[draws.quarters(n)].astype(np.int64)
    factor = CATEGORY_FACTOR[people.terminals.category]
    swap = (factor[two] > factor[one]) & draws.chance(n, dear)
    return np.where(swap, two, one)


def _web(draws: Draws, people: Population, n: int, *, any_shop: float) -> Ints:
    """Shops online: a share `any_shop` at random, the others by custom."""
    shops = people.terminals
    anywhere = draws.between(n, low=shops.street, high=shops.count)
    by_custom = shops.busy_web[draws.quarters(n)].astype(np.int64)
    return np.where(draws.chance(n, any_shop), anywhere, by_custom)


def _rows(
    scheme: int,
    second: Ints,
    where: tuple[Ints, Ints],
    amount: Ints,
    *,
    declined: Flags,
    report: Ints | None = None,
) -> Rows:
    n = len(second)
    return Rows(
        second=second,
        card=where[0].astype(np.int32),
        terminal=where[1].astype(np.int32),
        amount=amount,
        declined=declined,
        scheme=np.full(n, scheme, dtype=np.uint8),
        report=np.full(n, NEVER, dtype=np.int64) if report is None else report,
    )


def _victims(draws: Draws, people: Population, count: int) -> Ints:
    """Cards by how often they pay: who pays more is exposed more."""
    table = people.cards.activity
    return table[draws.below(count, len(table))].astype(np.int64)


def _stolen(draws: Draws, people: Population, *, count: int, days: int) -> Rows:
    counts = 2 + (draws.waits(count) * 4.5).astype(np.int64)
    start = draws.below(count, days * DAY_S)
    second = _times(draws, start, counts, 400.0 + draws.waits(count) * 6_000)
    card = _victims(draws, people, count)[_spans(counts)[0]]
    n = len(card)
    terminal = _street(draws, people, n, dear=0.7)
    amount = _amounts(draws, people, (card, terminal), 0.8 + 1.4 * draws.waits(n))
    declined = draws.chance(n, 0.12)
    report = _reports(draws, STOLEN, second, counts)
    return _rows(STOLEN, second, (card, terminal), amount, declined=declined, report=report)


def _takeover(draws: Draws, people: Population, *, count: int, days: int) -> Rows:
    counts = 2 + (draws.waits(count) * 5.0).astype(np.int64)
    night = draws.chance(count, 0.5)
    hour = np.where(night, 21 + draws.below(count, 8), 9 + draws.below(count, 12))
    start = draws.below(count, days) * DAY_S + hour * 3_600 + draws.below(count, 3_600)
    second = _times(draws, start, counts, 900.0 + draws.waits(count) * 20_000)
    episode, first = _spans(counts)
    card = _victims(draws, people, count)[episode]
    n = len(card)
    terminal = _web(draws, people, n, any_shop=0.65)
    step = np.arange(n) - first[episode]
    times = (0.8 + 0.25 * np.minimum(step, 8)) * (0.5 + draws.waits(n))
    amount = _amounts(draws, people, (card, terminal), times)
    report = _reports(draws, TAKEOVER, second, counts)
    declined = draws.chance(n, 0.04)
    return _rows(TAKEOVER, second, (card, terminal), amount, declined=declined, report=report)


def _testing(draws: Draws, people: Population, *, payments: int, days: int) -> list[Rows]:
    """Campaigns: each one shop for up to three days, some five numbers tried there."""
    tried = max(4, round(payments * 0.0024 / 5.5))
    campaigns = max(2, tried // 5)
    shop = draws.between(campaigns, low=people.terminals.street, high=people.terminals.count)
    opens = draws.below(campaigns, days * DAY_S)
    lasts = draws.between(campaigns, low=DAY_S // 2, high=3 * DAY_S)
    which = draws.below(tried, campaigns)
    card = draws.below(tried, people.cards.count)
    start = opens[which] + draws.below(tried, lasts[which])
    counts = 2 + (draws.waits(tried) * 2.5).astype(np.int64)
    second = _times(draws, start, counts, 10.0 + draws.waits(tried) * 40)
    episode, _ = _spans(counts)
    n = len(episode)
    amount = 30 + (draws.waits(n) * 250).astype(np.int64)
    # Nobody disputes forty cents unless the large purchase made them look.
    report = _reports(draws, TESTING, second, counts)
    report = np.where(draws.chance(n, 0.15), NEVER, report)
    tiny = _rows(
        TESTING,
        second,
        (card[episode], shop[which][episode]),
        amount,
        declined=draws.chance(n, 0.30),
        report=report,
    )
    used = np.flatnonzero(draws.chance(tried, 0.6))
    counts = 1 + draws.below(len(used), 3)
    begins = start[used] + 1_800 + (draws.waits(len(used)) * 50_000).astype(np.int64)
    second = _times(draws, begins, counts, 4_000.0)
    buyer = card[used][_spans(counts)[0]]
    n = len(buyer)
    terminal = _web(draws, people, n, any_shop=0.4)
    amount = _amounts(draws, people, (buyer, terminal), 1.2 + 1.6 * draws.waits(n))
    report = _reports(draws, TESTING, second, counts)
    declined = draws.chance(n, 0.08)
    return [
        tiny,
        _rows(TESTING, second, (buyer, terminal), amount, declined=declined, report=report),
    ]


def _spree(draws: Draws, people: Population, *, count: int, days: int) -> Rows:
    counts = 3 + (draws.waits(count) * 3.0).astype(np.int64)
    hour = 9 + draws.below(count, 10)
    start = draws.below(count, days) * DAY_S + hour * 3_600 + draws.below(count, 3_600)
    second = _times(draws, start, counts, 2_200.0)
    card = _victims(draws, people, count)[_spans(counts)[0]]
    n = len(card)
    at_home = _web(draws, people, n, any_shop=0.3)
    terminal = np.where(
        draws.chance(count, 0.3)[_spans(counts)[0]], at_home, _street(draws, people, n, dear=0.45)
    )
    amount = _amounts(draws, people, (card, terminal), 0.5 + 0.9 * draws.waits(n))
    return _rows(SPREE, second, (card, terminal), amount, declined=draws.chance(n, 0.02))


def _top_up(draws: Draws, people: Population, *, count: int, days: int) -> Rows:
    counts = 2 + (draws.waits(count) * 4.0).astype(np.int64)
    hour = 12 + draws.below(count, 12)
    start = draws.below(count, days) * DAY_S + hour * 3_600 + draws.below(count, 3_600)
    second = _times(draws, start, counts, 300.0)
    card = _victims(draws, people, count)[_spans(counts)[0]]
    shops = np.arange(people.terminals.street, people.terminals.count)
    digital = shops[people.terminals.category[shops] == _DIGITAL]
    pool = digital if len(digital) else shops
    shop = pool[draws.below(count, len(pool))][_spans(counts)[0]]
    n = len(card)
    amount = 99 + 100 * (draws.waits(n) * 4).astype(np.int64)
    return _rows(TOP_UP, second, (card, shop), amount, declined=draws.chance(n, 0.05))
