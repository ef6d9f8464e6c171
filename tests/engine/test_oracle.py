"""The oracle's windows, versions, reversals and labels, each on a line that can be worked by hand.

Lines are those of `engine.timeline`: one sign a second, digits are payments, `r` asks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.timeline import HOUR, SECOND, Row, answers, asked, last, paid, plan_of, said
from mintmark.plan import Aggregate, Column, Node
from mintmark.plan.node import Window

LINE = "1.2...3.4..r"
"""Payments of 1, 2, 3 and 4 at seconds 0, 2, 6 and 8; the request at 11."""


def total(window: Window, line: str = LINE) -> float | None:
    """The sum of the payments in a window."""
    return last(line, "sum", window=window)


def test_a_lifetime_holds_all_before_the_request() -> None:
    """[1.2...3.4..]r: everything but the request itself, of which `include_current` decides."""
    assert total(Window()) == 10
    assert total(Window(include_current=True)) == 19


@pytest.mark.parametrize(
    ("edges", "held"),
    # 1.2...3.4..r with a span of 9: seconds 2 to 11, of which 2 and 11 are the edges.
    [("(]", 7), ("[]", 9), ("()", 7), ("[)", 9)],
)
def test_a_span_and_its_left_edge(edges: Any, held: int) -> None:
    """1.(2...3.4..r) or 1.[2...3.4..r): the payment on the left edge is the edge's to keep."""
    assert total(Window(span_us=9 * SECOND, edges=edges)) == held


def test_the_right_edge_and_ties() -> None:
    """..5r with 5 and r at one moment: the earlier one counts unless edge or ties say otherwise."""
    rows = [paid(1, 0, 3), paid(2, 5 * SECOND, 5), paid(3, 5 * SECOND, 9), paid(4, 5 * SECOND, 2)]
    assert answers(rows, "sum")[2] == 8
    assert answers(rows, "sum", window=Window(edges="()"))[2] == 3
    assert answers(rows, "sum", window=Window(edges="[)"))[2] == 3
    assert answers(rows, "sum", window=Window(ties="none"))[2] == 3
    assert answers(rows, "sum")[3] == 17, "two before it at one moment"


def test_an_event_dated_after_the_request_does_not_count_yet() -> None:
    """r...7 with 7 logged first: it is seen once a request is later than it."""
    rows = [paid(1, 9 * SECOND, 7), paid(2, 5 * SECOND, 1), paid(3, 9 * SECOND, 1)]
    assert answers(rows, "sum") == [0, 0, 8]


def test_an_offset_shifts_both_edges() -> None:
    """1.2...3.(4..r less 3) and so on: at 11 with offset 3 the window ends at 8, 4 included."""
    assert total(Window(offset_us=3 * SECOND)) == 10
    assert total(Window(offset_us=4 * SECOND)) == 6
    assert total(Window(offset_us=3 * SECOND, edges="()")) == 6
    assert total(Window(offset_us=3 * SECOND, ties="none")) == 10, "4 is no tie of the request"
    assert total(Window(offset_us=3 * SECOND, span_us=2 * SECOND)) == 4
    assert total(Window(offset_us=3 * SECOND, span_us=2 * SECOND, edges="[]")) == 7


def test_a_count_takes_the_newest_whatever_their_value() -> None:
    """1.2.n.4.r: the last two are n and 4, so one value; the request may be one of them."""
    assert last("1.2.n.4.r", "sum", window=Window(last=2)) == 4
    assert last("1.2.n.4.r", "count", window=Window(last=2)) == 1
    assert last("1.2.n.4.r", "count", column=None, window=Window(last=2)) == 2
    assert last("1.2.n.4.r", "sum", window=Window(last=2, include_current=True)) == 13
    assert last("1.2.n.4.r", "sum", window=Window(last=3, offset_us=3 * SECOND)) == 3


def test_a_count_breaks_ties_by_seq() -> None:
    """Three payments of one moment: the last two are those that the log had last."""
    rows = [paid(seq, 5 * SECOND, seq) for seq in (1, 2, 3)] + [paid(4, 6 * SECOND)]
    assert answers(rows, "sum", window=Window(last=2))[3] == 5


def test_both_means_both() -> None:
    """1.2.(..3.4..r) holds 3 and 4 by time; the last one of them is 4; the last five are two."""
    assert total(Window(span_us=8 * SECOND, last=1)) == 4
    assert total(Window(span_us=8 * SECOND, last=5)) == 7


def test_a_session_ends_at_the_first_gap_that_is_too_long() -> None:
    """1.2...3.4..r: gaps 2, 4, 2 and 3 from the left; 3 links all but the payments before 4."""
    assert total(Window(session_us=2 * SECOND)) == 0, "the gap to the request is 3"
    assert total(Window(session_us=3 * SECOND)) == 7
    assert total(Window(session_us=4 * SECOND)) == 10
    assert total(Window(session_us=3 * SECOND, include_current=True)) == 16
    assert total(Window(session_us=4 * SECOND, last=3)) == 9
    assert total(Window(session_us=4 * SECOND, span_us=9 * SECOND)) == 7
    assert total(Window(session_us=2 * SECOND, offset_us=3 * SECOND)) == 7, "from second 8 back"


def test_a_session_is_linked_by_events_whatever_their_value() -> None:
    """4..n..r with gaps of 3: the payment without an amount links the other."""
    assert last("4..n..r", "sum", window=Window(session_us=3 * SECOND)) == 4


def at(text: str) -> int:
    """A moment of UTC in microseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def counted(unit: Any, zone: str, moments: list[str], **more: Any) -> float | None:
    """How many of some moments are in the calendar window of the last of them."""
    rows = [paid(seq, at(moment)) for seq, moment in enumerate(moments)]
    return answers(rows, "count", window=Window(calendar=unit, zone=zone, **more))[-1]


def test_calendar_windows_begin_with_the_unit() -> None:
    """Wednesday 2020-01-01, 12:00 in Brussels (11:00 UTC), and what was before."""
    moments = [
        "2019-11-30T23:00",  # December begins in Brussels
        "2019-12-29T22:59:59",  # the last second of a Sunday there
        "2019-12-29T23:00",  # Monday 00:00
        "2019-12-31T22:59:59",  # the old year's last second
        "2019-12-31T23:00",  # the new year
        "2020-01-01T11:00",  # asks
    ]
    assert counted("day", "Europe/Brussels", moments) == 1
    assert counted("month", "Europe/Brussels", moments) == 1
    assert counted("year", "Europe/Brussels", moments) == 1
    assert counted("week", "Europe/Brussels", moments) == 3
    assert counted("year", "UTC", moments) == 0
    assert counted("month", "Europe/Brussels", moments, offset_us=13 * HOUR) == 3, "December's"


def test_the_day_that_has_25_hours() -> None:
    """2018-10-28 in Brussels: 00:00 is 22:00 UTC, and 23:30 is 22:30 UTC a day later."""
    moments = ["2018-10-27T21:59:59", "2018-10-27T22:00", "2018-10-28T01:00", "2018-10-28T22:30"]
    assert counted("day", "Europe/Brussels", moments) == 2


def test_the_day_that_has_23_hours() -> None:
    """2018-03-25 in Brussels: 00:00 is 23:00 UTC, and 23:30 is 21:30 UTC."""
    moments = ["2018-03-24T22:59:59", "2018-03-24T23:00", "2018-03-25T01:00", "2018-03-25T21:30"]
    assert counted("day", "Europe/Brussels", moments) == 2


def test_a_week_and_a_month_across_a_change_of_the_clocks() -> None:
    """The week of Sunday 2018-10-28 begins on Monday at 22:00 UTC of the day before."""
    moments = ["2018-10-21T21:59:59", "2018-10-21T22:00", "2018-10-28T20:00"]
    assert counted("week", "Europe/Brussels", moments) == 1
    moments = ["2018-09-30T21:59:59", "2018-09-30T22:00", "2018-10-31T20:00"]
    assert counted("month", "Europe/Brussels", moments) == 1


def test_a_day_without_a_midnight_begins_at_its_first_moment() -> None:
    """2018-11-04 in São Paulo begins at 01:00, which is 03:00 UTC."""
    moments = ["2018-11-04T02:59:59", "2018-11-04T03:00", "2018-11-04T12:00"]
    assert counted("day", "America/Sao_Paulo", moments) == 1


def test_roles_of_the_request_may_be_others() -> None:
    """What payee "b" paid itself, read when others pay it."""
    rows = [
        paid(1, 0, 3, card="b", payee="a"),
        paid(2, SECOND, 4, card="b", payee="c"),
        paid(3, 2 * SECOND, 5, card="a", payee="b"),
        paid(4, 3 * SECOND, 6, card="c", payee=None),
    ]
    assert answers(rows, "sum", request_roles=("payee",)) == [0, 0, 7, None]
    assert answers(rows, "sum", roles=("payee",), request_roles=("card",)) == [0, 0, 3, 4]
    both = answers(rows, "sum", roles=("card", "payee"), request_roles=("payee", "card"))
    assert both == [0, 0, 3, None]


def test_a_key_with_a_null_is_a_null_even_for_a_count() -> None:
    """No key, no state."""
    rows = [paid(1, 0, 3, card=None), paid(2, SECOND, 3, card=None)]
    assert answers(rows, "count", column=None) == [None, None]


def revised(seq: int, of: int, revision: int, at_us: int, euros: int, **more: Any) -> Row:
    """Another revision of payment `p{of}`."""
    return paid(seq, at_us, euros, id=f"p{of}", mm_revision=revision, **more)


def test_the_highest_revision_counts_from_its_row_on() -> None:
    """p1 says 3, then 5; a lower revision that comes late changes nothing."""
    rows = [
        paid(1, 0, 3),
        paid(2, SECOND, 1),  # sees 3
        revised(3, 1, 2, SECOND, 5),  # its own other revision never counts: sees 1
        paid(4, 2 * SECOND, 2),  # sees 5 + 1
        revised(5, 1, 1, 2 * SECOND, 7),  # too low; sees 1 + 2
        paid(6, 3 * SECOND, 4),  # sees 5 + 1 + 2
    ]
    assert answers(rows, "sum") == [0, 3, 1, 6, 3, 8]
    current = answers(rows, "sum", window=Window(include_current=True))
    assert current == [3, 4, 6, 8, 10, 12], "the request's own row is what counts"


def test_a_revision_may_move_an_event() -> None:
    """p1 moves from card a to card b, and p2 to another second and behind p3."""
    rows = [
        paid(1, 0, 3),
        paid(2, SECOND, 5),
        paid(3, 2 * SECOND, 6),
        revised(4, 1, 1, 0, 3, card="b"),
        revised(5, 2, 1, 2 * SECOND, 5),
        paid(6, 3 * SECOND, 1),
        paid(7, 3 * SECOND, 1, card="b"),
    ]
    assert answers(rows, "last")[5:] == [5, 3], "its seq is that of its own row"
    assert answers(rows, "sum")[5:] == [11, 3]


def refund(seq: int, of: str | None, minor: int | None, **more: Any) -> tuple[str, Row]:
    """A refund of a payment."""
    return said("refund", seq, of, amount=minor, **more)


def amounts(*rows: Row | tuple[str, Row], kind: str = "sum", **how: Any) -> list[float | None]:
    """What an aggregate of the amount answers."""
    return answers(rows, kind, column="amount", **how)


def test_a_partial_reversal_changes_the_value_and_a_full_one_removes_the_event() -> None:
    """10 less 4 is 6; less 6 more, nothing is left."""
    rows = [
        paid(1, 0, 10), paid(2, 1), refund(3, "p1", 400), paid(4, 2), refund(5, "p1", -600),
        paid(6, 3),
    ]  # fmt: skip
    assert amounts(*rows) == [0, 10, 7, 2]
    assert amounts(*rows, kind="count") == [0, 1, 2, 2]
    points = answers(rows, "sum", column="points")
    assert points == [0, 10, 11, 2], "other fields stay while something is left"


def test_a_reversal_of_a_negative_amount_brings_it_towards_zero() -> None:
    """-10 less 4 is -6."""
    assert amounts(paid(1, 0, -10), refund(2, "p1", 400), paid(3, 1)) == [0, -6]


def test_a_reversal_without_an_amount_or_of_all_removes_the_event() -> None:
    """A null amount, one beyond the range of money, and a void."""
    for row in (refund(2, "p1", None), refund(2, "p1", 10**13 + 1), said("void", 2, "p1")):
        assert amounts(paid(1, 0, 10), row, paid(3, 1), kind="count") == [0, 0]
    assert amounts(paid(1, 0, 10), refund(2, None, None), paid(3, 1), kind="count") == [0, 1]


def test_a_payment_without_an_amount_keeps_none() -> None:
    """Part of an unknown amount is unknown; the event stays."""
    rows = [paid(1, 0, None), refund(2, "p1", 400), paid(3, 1)]
    assert amounts(*rows) == [0, 0]
    assert answers(rows, "count", column=None) == [0, 1]


def test_a_reversal_before_its_payment_takes_effect_right_after_it() -> None:
    """The payment itself is answered as it came; later requests see what is left."""
    rows = [refund(1, "p2", 400), paid(2, 0, 10), paid(3, 1, 0)]
    assert amounts(*rows) == [0, 6]
    assert amounts(*rows, window=Window(include_current=True)) == [10, 6]


def test_a_revised_reversal_is_the_reversal() -> None:
    """10 less 4; then it was 1; a lower revision changes nothing; then it was another payment."""
    rows = [
        paid(1, 0, 10),
        refund(2, "p1", 400, id="r"),
        paid(3, 1, 0),
        refund(4, "p1", 100, id="r", mm_revision=2),
        paid(5, 2, 0),
        refund(6, "p1", 900, id="r", mm_revision=1),
        paid(7, 3, 0),
        refund(8, "p3", 100, id="r", mm_revision=3),
        paid(9, 4, 0),
    ]
    assert amounts(*rows) == [0, 6, 9, 9, 10]


def test_a_reversal_stays_with_the_id_whatever_its_revision() -> None:
    """10 less 4, then the payment was 5: 1 is left; then it was 3: nothing is."""
    rows = [
        paid(1, 0, 10), refund(2, "p1", 400), revised(3, 1, 1, 0, 5), paid(4, 1, 0),
        revised(5, 1, 2, 0, 3), paid(6, 2, 0),
    ]  # fmt: skip
    assert amounts(*rows) == [0, 0, 1, 0, 0]


def test_a_reversal_is_an_event_of_its_own() -> None:
    """Refunds of a card are counted and summed, whatever they reverse."""
    rows = [refund(1, None, 400), refund(2, "p9", 100), paid(3, 1)]
    assert answers(rows, "sum", column="amount", stream="refund") == [5]


def outcome(rows: list[Any], mask: int | None = None) -> list[float | None]:
    """The share of frauds among payments, settled as legitimate after 10 µs."""
    nodes = [Node("field", (), "online", "flag")]
    told = Column(
        "payment", "outcome", mask, 0, "flag", label="report.fraud", settles_us=10, otherwise=0
    )
    return asked(plan_of([Aggregate(0, "mean", 0)], columns=[told], nodes=nodes), rows)


def test_an_outcome_is_told_or_settled_or_unknown() -> None:
    """p1 is told, p2 settles after 10 µs, p3 stays unknown."""
    rows = [
        paid(1, 0), paid(2, 5), said("report", 3, "p1"), paid(4, 14), paid(5, 15),
        said("report", 6, "p1", fraud=False, mm_revision=1), paid(7, 15),
        said("report", 8, "p1", fraud=True), paid(9, 15),
        said("report", 10, "p1", fraud=None, mm_revision=2), paid(11, 15),
    ]  # fmt: skip
    assert outcome(rows) == [None, None, 1, 0.5, 0, 0, 0]


def test_a_label_before_its_payment_takes_effect_right_after_it() -> None:
    """Parked, then told to whoever asks later."""
    assert outcome([said("report", 1, "p2"), paid(2, 0), paid(3, 1)]) == [None, 1]


def test_a_label_stays_with_the_id_whatever_its_revision() -> None:
    """p1 was fraud before it was corrected and still is."""
    rows = [paid(1, 0), said("report", 2, "p1"), revised(3, 1, 1, 1, 5), paid(4, 2)]
    assert outcome(rows) == [None, None, 1]


def test_a_masked_outcome_is_null_for_good() -> None:
    """Only payments that were online have one."""
    rows = [paid(1, 0, 0), paid(2, 0, 1), said("report", 3, "p1"), paid(4, 20)]
    assert outcome(rows, mask=0) == [None, None, 0]


def test_numbers_beyond_the_range_of_their_field_are_null() -> None:
    """Money beyond 10**13, integers beyond 2**62 or beyond what the field declares."""
    rows = [paid(1, 0, 1, amount=10**13 + 1, points=2**62 + 1, few=11), paid(2, 1, 2)]
    for column in ("amount", "points", "few"):
        assert answers(rows, "count", column=column) == [0, 0]
    rows[0] |= {"amount": -(10**13), "points": 2**62, "few": -10}
    for column in ("amount", "points", "few"):
        assert answers(rows, "count", column=column) == [0, 1]
    assert answers(rows, "last", column="points") == [None, float(2**62)]
