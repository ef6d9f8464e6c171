"""Windows on a time line: edges, ties, self, late and future events, silent keys."""

from __future__ import annotations

import math

import mintmark as mm
from engine.made import amount, paid, payment, payments, plan_of, told
from engine.made import fraud as label
from mintmark.engine.history import replay
from mintmark.engine.live import Live

COUNT = mm.count().by("card").over("5s")


def column(rows: list[dict], **feature: object) -> list[float | None]:
    """One feature at every payment, None for null."""
    values = replay(plan_of(**feature), {"payment": payments(rows)}).features[:, 0]
    return [None if math.isnan(value) else float(value) for value in values]


def test_the_left_edge_is_open_and_the_right_edge_closed() -> None:
    """An event exactly one span old is out, one microsecond younger is in.

    seconds   0    1    2    3    4    5    6
              a    b                   c
    c sees        (b    .    .    .    ]        a is 5 s old: out
    """
    rows = [paid(1, 0), paid(2, 1), paid(3, 5)]
    assert column(rows, n=COUNT) == [0, 1, 1]
    rows[0]["mm_at"] += 1
    assert column(rows, n=COUNT) == [0, 1, 2]


def test_of_equal_times_the_earlier_seq_counts() -> None:
    """a, b and c in one instant see 0, 1 and 2 of each other; with themselves 1, 2 and 3."""
    rows = [paid(1, 7), paid(2, 7), paid(3, 7)]
    assert column(rows, n=COUNT) == [0, 1, 2]
    own = mm.count().by("card").over("5s", include_current=True)
    assert column(rows, n=own) == [1, 2, 3]


def test_a_late_event_takes_its_place_and_a_future_one_waits() -> None:
    """Each is counted by `at` once it is logged, whatever the order of the log.

    log order   a    b(later)   c    d
    seconds     10   14         11   15
    a 0 · b sees a · c does not see b, which lies after it · d sees all of (10, 15]
    """
    rows = [paid(1, 10), paid(2, 14), paid(3, 11), paid(4, 15)]
    assert column(rows, n=COUNT) == [0, 1, 1, 2]


def test_an_offset_moves_both_edges_of_event_time() -> None:
    """Over 5 s with an offset of 2 s, r at 10 sees (3, 8]."""
    rows = [paid(1, 3), paid(2, 4), paid(3, 8), paid(4, 9), paid(5, 10)]
    shifted = mm.count().by("card").over("5s", offset="2s")
    assert column(rows, n=shifted)[-1] == 2


def test_a_silent_key_decays_to_empty() -> None:
    """A day later nothing is left: counts and sums are 0, everything else is null."""
    rows = [paid(1, 0), paid(2, 1), paid(3, 86_400)]
    assert column(rows, n=COUNT)[-1] == 0
    assert column(rows, s=amount.sum().by("card").over("5s"))[-1] == 0
    for how in ("mean", "std", "min", "max", "last"):
        aggregate = getattr(amount, how)().by("card").over("5s")
        assert column(rows, x=aggregate)[-1] is None, how


def test_a_request_without_its_key_has_no_state_and_null_features() -> None:
    """A null key inserts nothing and reads nothing, not even a count of 0."""
    rows = [paid(1, 0, card=None), paid(2, 1), paid(3, 2, card=None)]
    assert column(rows, n=COUNT) == [None, 0, None]


def test_numbers_beyond_their_range_are_null_and_poison_nothing() -> None:
    """An amount over 10**13 minor units is skipped; the next one is summed as if it were not."""
    rows = [paid(1, 0, 10**13), paid(2, 1, 10**13 + 1), paid(3, 2, -5), paid(4, 3, 7)]
    assert column(rows, s=amount.sum().by("card").over("lifetime"))[-1] == (10**13 - 5) / 100
    assert column(rows, n=amount.count().by("card").over("lifetime"))[-1] == 2


def test_one_key_with_ten_thousand_events_grows_and_stays_exact() -> None:
    """A block that doubles again and again keeps every event, late ones at their places."""
    plan = plan_of(
        n=mm.count().by("card").over("lifetime"),
        spread=amount.distinct().by("card").over("lifetime"),
        last=amount.last().by("card").over("lifetime"),
    )
    live = Live.start(plan, {"payment": payments([])})
    for seq in range(10_000):
        live.fold("payment", paid(seq, 2 * (seq ^ 1), seq % 1_000))
    row = paid(20_000, 40_000)
    assert dict(zip(live.names, live.decide(row), strict=True)) == {
        "last": 9.98, "n": 10_000, "spread": 1_000,
    }  # fmt: skip


def test_what_no_request_can_see_is_forgotten() -> None:
    """A card that pays for ever keeps the room of one window and its lateness, not of its life."""
    live = Live.start(plan_of(n=COUNT), {"payment": payments([])})
    for seq in range(20_000):
        assert live.decide(paid(seq, seq))[0] == min(seq, 4)
    assert live.bytes < 200_000


def test_a_label_counts_from_its_own_seq_on() -> None:
    """Unknown, then `otherwise` once settled, then what the newest revision says."""
    risk = payment.outcome(label, settles_after="3s").mean().by("card").over("lifetime")
    live = Live.start(plan_of(risk=risk), {"payment": payments([])})
    live.fold("payment", paid(1, 0))
    assert math.isnan(live.decide(paid(2, 1, card="b", id="b"))[0])
    assert math.isnan(live.decide(paid(3, 2))[0])  # p1 is 2 s old: not settled
    assert live.decide(paid(4, 3))[0] == 0  # p1 settled as genuine
    live.fold("report", told(5, "p1"))
    assert live.decide(paid(6, 4))[0] == 1  # p1 is fraud, p3 and p4 are not settled
    live.fold("report", told(7, "p1", False, mm_revision=2))
    assert live.decide(paid(8, 4))[0] == 0
    live.fold("report", told(9, "p1", True, mm_revision=1))
    assert live.decide(paid(10, 4))[0] == 0  # a lower revision that comes late has no effect


def test_a_label_before_its_payment_waits_for_it() -> None:
    """A report of an unknown payment takes effect right after that payment."""
    risk = payment.outcome(label, settles_after="1d").sum().by("card").over("lifetime")
    live = Live.start(plan_of(risk=risk), {"payment": payments([])})
    live.fold("report", told(1, "p2"))
    assert live.decide(paid(2, 0))[0] == 0
    assert live.decide(paid(3, 0))[0] == 1
