"""Windows: what `.over(...)` can say, how it reads, and what it refuses.

         span                offset
(----------------------]--------------*  at(r)          edges "(]"
[----------------------)--------------*                 edges "[)"
         x x x x x x x                                  last=3: the newest three
today |----------------]                                the left end is midnight, and belongs
"""

from typing import Any

import pytest

import mintmark as mm
from mintmark.define import Window
from mintmark.ground import DAY_US, HOUR_US, DefineError

card, shop = mm.Entity("card"), mm.Entity("shop")
payment = mm.Event(
    "payment",
    id="id",
    at="at",
    keys={"card": card, "shop": shop, "other": card},
    fields={"amount": mm.Money("EUR"), "country": mm.Category(["BE"]), "online": mm.Flag()},
)
amount = payment["amount"]


@pytest.mark.parametrize(
    ("said", "window", "words"),
    [
        ({"span": "30d"}, Window(30 * DAY_US), "30d"),
        ({"span": "lifetime"}, Window(), "lifetime"),
        ({"last": 100}, Window(last=100), "last 100"),
        ({"span": "1d", "last": 5}, Window(DAY_US, last=5), "last 5 of 1d"),
        ({"span": "1d", "offset": "1h"}, Window(DAY_US, HOUR_US), "1d ending 1h before"),
        ({"span": "1d", "edges": "[)"}, Window(DAY_US, edges="[)"), "1d with edges [)"),
        ({"span": "1d", "ties": "none"}, Window(DAY_US, ties="none"), "1d without ties"),
        (
            {"span": "1d", "include_current": True},
            Window(DAY_US, include_current=True),
            "1d with the request",
        ),
        ({"session": "1h"}, Window(session_us=HOUR_US), "session of 1h"),
        (
            {"span": "1d", "session": "1h", "last": 9},
            Window(DAY_US, last=9, session_us=HOUR_US),
            "last 9 of 1d in a session of 1h",
        ),
        (
            {"span": "today", "tz": "UTC"},
            Window(calendar="day", zone="UTC"),
            "today in UTC",
        ),
        ({"span": "1d", "cap": 9}, Window(DAY_US, cap=9), "1d capped at 9"),
        (
            {"session": "1h", "cap": 9, "offset": "1h"},
            Window(cap=9, session_us=HOUR_US, offset_us=HOUR_US),
            "session of 1h capped at 9 ending 1h before",
        ),
        ({"span": "week", "tz": "UTC"}, Window(calendar="week", zone="UTC"), "this week in UTC"),
        ({"span": "month", "tz": "UTC"}, Window(calendar="month", zone="UTC"), "this month in UTC"),
        ({"span": "year", "tz": "UTC"}, Window(calendar="year", zone="UTC"), "this year in UTC"),
        # Without a span the left end belongs to nothing: two words for one window.
        ({"span": "lifetime", "edges": "[]"}, Window(), "lifetime"),
        ({"last": 3, "edges": "[)"}, Window(last=3, edges="()"), "last 3 with edges ()"),
    ],
)
def test_what_a_window_says(said: dict[str, Any], window: Window, words: str) -> None:
    """Each window has one value, and reads as a person would say it."""
    found = amount.sum().by("card").over(**said)
    assert found.window == window
    assert window.words() == words
    assert repr(found).endswith(f" over {words}")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "define.window.none"),
        ({"offset": "1d"}, "define.window.none"),
        ({"span": "0s"}, "define.span.outside"),
        ({"span": "-1d"}, "ground.time.span"),
        ({"span": "tomorrow"}, "ground.time.span"),
        ({"last": 0}, "define.number.outside"),
        ({"last": -1}, "define.number.outside"),
        ({"last": 2.0}, "define.number.outside"),
        ({"span": "1d", "edges": "(["}, "define.value.choice"),
        ({"span": "1d", "ties": "after"}, "define.value.choice"),
        ({"span": "1d", "include_current": 1}, "define.value.choice"),
        ({"session": "0s"}, "define.span.outside"),
        ({"span": "today"}, "define.window.zone"),
        ({"span": "1d", "tz": "UTC"}, "define.window.zone"),
        ({"span": "today", "tz": "Mars"}, "ground.time.zone"),
        ({"span": "1d", "offset": "1d", "include_current": True}, "define.window.include_current"),
        ({"span": "1d", "ties": "none", "include_current": True}, "define.window.include_current"),
        ({"span": "1d", "edges": "()", "include_current": True}, "define.window.include_current"),
        ({"cap": 9}, "define.window.none"),
        ({"span": "1d", "cap": 0}, "define.number.outside"),
        ({"span": "1d", "cap": 9, "last": 3}, "define.window.cap"),
        ({"span": "1d", "empty": "none"}, "define.expression.kind"),
        ({"span": "1d", "empty": amount}, "define.expression.kind"),
    ],
)
def test_what_a_window_refuses(said: dict[str, Any], code: str) -> None:
    """Each fault has its code and the user's line."""
    with pytest.raises(DefineError) as caught:
        amount.sum().by("card").over(**said)
    assert caught.value.code == code
    assert caught.value.at.startswith("tests/define/test_window.py:")


def test_windows_that_go_without_saying() -> None:
    """Times since and between look at all of the past; decay looks as far as it weighs."""
    assert payment.at.since_last().by("card").frame == Window()
    assert payment.gap_mean().by("card").frame == Window()
    assert amount.decay_sum("1d").by("card").frame == Window(33 * DAY_US)
    assert amount.sum().by("card").frame is None


def test_a_rate_needs_a_span() -> None:
    """How many an hour there are depends on how many hours are looked at."""
    assert payment.rate(per="1h").by("card").over("2h").numbers() == (HOUR_US, 2 * HOUR_US)
    for window in ({"last": 5}, {"span": "lifetime"}, {"span": "today", "tz": "UTC"}):
        with pytest.raises(DefineError) as caught:
            payment.rate().by("card").over(**window)
        assert caught.value.code == "define.window.span"


def test_the_request_among_its_own() -> None:
    """What compares the request with others does not count it among them."""
    window = {"span": "1d", "include_current": True}
    for aggregate in (payment.since_last(), amount.is_new(), amount.seen()):
        with pytest.raises(DefineError) as caught:
            aggregate.by("card").over(**window)
        assert caught.value.code == "define.window.include_current"
    looked_up = amount.sum().over(**window)
    with pytest.raises(DefineError) as caught:
        looked_up.by(other="card")
    assert caught.value.code == "define.window.include_current"


def test_an_empty_window() -> None:
    """What stands in for an empty window is of the values' kind, and joins their texts."""
    assert amount.mean().by("card").over("1d", empty=-1).kind == "number"
    last = payment["country"].last().by("card").over("1d", empty="none")
    assert (last.kind, last.values) == ("category", ("BE", "none"))
    assert payment["online"].last().by("card").over("1d", empty=False).kind == "flag"
    assert payment["online"].last().by("card").over("1d", empty=7).kind == "number"


@pytest.mark.parametrize("value", [10**400, -(10**999), float("inf"), float("nan"), 2**53 + 1])
def test_an_endless_number_is_no_value_of_an_empty_window(value: float) -> None:
    with pytest.raises(DefineError) as caught:
        amount.mean().by("card").over("1d", empty=value)
    assert caught.value.code == "define.expression.literal"


@pytest.mark.parametrize("span", ["36526d", "999999999999w", "0s", "soon", "-1d", 7])
def test_one_text_says_how_long_a_span_may_be(span: Any) -> None:
    for call in (
        lambda: amount.mean().by("card").over(span, offset=span),
        lambda: amount.mean().by("card").over("1d", session=span),
        lambda: payment.rate(per=span),
    ):
        with pytest.raises(DefineError) as caught:
            call()
        assert str(caught.value.want).endswith(("us to 36525d", "0s to 36525d"))


def test_a_capped_window_can_be_asked_whether_it_was_cut() -> None:
    """Of all that came; of the newest ones whether there are more; never without a number."""
    capped = amount.mean().where(amount > 1).by("card").over("1d", cap=9)
    cut = capped.capped()
    assert (cut.kind, repr(cut)) == ("flag", "(payment.count() by card over last 10 of 1d > 9)")
    assert cut.args[0].came
    assert not amount.sum().by("card").over(last=9).capped().args[0].came
    assert "came" not in capped.form()
    assert "cap" not in amount.sum().by("card").over("1d").form()
    for call, code in (
        (lambda: amount.sum().by("card").over("1d").capped(), "define.window.cap"),
        (lambda: amount.sum().over("1d", cap=9).capped(), "define.aggregate.no_key"),
    ):
        with pytest.raises(DefineError) as caught:
            call()
        assert caught.value.code == code


def test_keys_under_other_names() -> None:
    """A key of the events may be looked up by a key of the request that has another name."""
    one = amount.sum().by(other="card").over("1d")
    assert (one.roles, one.request_roles) == (("card",), ("other",))
    two = amount.sum().by("shop", other="card").over("1d")
    assert (two.roles, two.request_roles) == (("card", "shop"), ("other", "shop"))
    swapped = amount.sum().by(card="other", other="card").over("1d")
    assert (swapped.roles, swapped.request_roles) == (("card", "other"), ("other", "card"))
    assert repr(two).endswith("by other as card, shop over 1d")
    assert one.form() != amount.sum().by("card").over("1d").form()
    for call, code in (
        (lambda: amount.sum().by("card", other="card"), "define.aggregate.by"),
        (lambda: amount.sum().by(), "define.aggregate.by"),
        (lambda: amount.sum().by(other="crad"), "define.key.unknown"),
        (lambda: amount.is_new().by(other="card"), "define.aggregate.own"),
    ):
        with pytest.raises(DefineError) as caught:
            call()
        assert caught.value.code == code
