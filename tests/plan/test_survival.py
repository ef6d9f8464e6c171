"""What state of a running plan serves another plan: all that it holds, and no more."""

from typing import Any

import pytest

import mintmark as mm
from mintmark.plan import Plan, compile_plan, survives
from plan.worked import amount, card, fraud, login, online, payment, plan_of

MEAN = amount.mean().by("card")
OLD = {
    "a": MEAN.over("30d"),
    "b": online.mean().by("card").over("7d"),
    "c": login.count().by("card").over("1d"),
}


def fates(old: Plan, new: Plan) -> list[str]:
    """Return each state's fate as text."""
    return [one.text() for one in survives(old, new)]


@pytest.mark.parametrize(
    ("features", "told"),
    [
        (OLD, ["login by card: kept", "payment by card: kept"]),
        ({"x": MEAN.over("7d")}, ["payment by card: kept"]),
        ({"x": amount.std().by("card").over(last=5, span="30d")}, ["payment by card: kept"]),
        (
            {"x": MEAN.over("31d")},
            ["payment by card: backfilled, kept 30d until now, needed 31d"],
        ),
        (
            {"x": MEAN.over("lifetime")},
            ["payment by card: backfilled, kept 30d until now, needed for ever"],
        ),
        (
            {"x": (amount * 2).fixed(2).mean().by("card").over("7d")},
            ["payment by card: backfilled, a column is new"],
        ),
        (
            {"x": amount.mean().by("terminal").over("7d")},
            ["payment by terminal: backfilled, no state of these keys"],
        ),
        (
            {"x": payment.outcome(fraud, settles_after="7d").mean().by("card").over("7d")},
            ["payment by card: backfilled, a column is new"],
        ),
        (
            {"x": MEAN.over("lifetime", last=3)},
            ["payment by card: backfilled, kept 30d until now, needed for ever"],
        ),
        ({"x": MEAN.over("30d", last=3)}, ["payment by card: kept"]),
        ({"x": amount}, []),
    ],
)
def test_what_survives(features: dict[str, Any], told: list[str]) -> None:
    """A state is kept if its stream, its keys, its columns and its length will do."""
    assert fates(plan_of(**OLD), plan_of(**features)) == told


def test_a_state_of_the_newest_events_alone() -> None:
    """It serves what looks at no more of them, and no further back."""
    old = plan_of(x=MEAN.over("30d", last=5), y=MEAN.over("1d"))
    lacks = "payment by card: backfilled, fewer of its newest events were kept"
    for window, told in (
        ({"span": "30d", "last": 5}, "payment by card: kept"),
        ({"span": "7d", "last": 4}, "payment by card: kept"),
        ({"span": "1d"}, "payment by card: kept"),
        ({"span": "7d", "cap": 4}, "payment by card: kept"),
        ({"span": "7d", "last": 6}, lacks),
        ({"span": "7d"}, lacks),
        ({"span": "7d", "last": 5, "offset": "1d"}, lacks),
    ):
        assert fates(old, plan_of(x=MEAN.over(**window))) == [told], window


def test_a_lifetime_of_which_only_the_newer_end_is_kept() -> None:
    """It serves what looks at that end, and nothing that looks at all of it."""
    first = {"include_current": False}
    last = amount.last().by("card").over("lifetime", **first)
    fading = amount.decay_sum(half_life="1d").by("card").over("lifetime")
    since = payment.at.since_last().by("card").over("lifetime", **first)
    kept, lacks = "payment by card: kept", "payment by card: backfilled, fewer of its newest events"
    short = "payment by card: backfilled, kept"
    held = {"last": last, "since": since, "mean": MEAN.over("40d")}
    for old, new, told in (
        ({"a": last}, {"x": last}, kept),
        ({"a": last}, {"x": MEAN.over("lifetime")}, lacks),
        ({"a": last}, {"x": MEAN.over("1d")}, lacks),
        ({"a": amount.distinct().by("card").over("lifetime")}, {"x": last, "y": fading}, kept),
        ({"a": fading}, {"x": MEAN.over("32d")}, kept),
        ({"a": fading}, {"x": MEAN.over("33d")}, short),
        ({"a": fading}, {"x": MEAN.over("lifetime")}, short),
        (held, {"x": last, "y": since, "z": MEAN.over("40d")}, kept),
        (held, {"x": amount.lag(2).by("card").over("lifetime")}, lacks),
    ):
        (found,) = fates(plan_of(**old), plan_of(**new))
        assert found.startswith(told), (old, new, found)


def test_a_lifetime_whose_events_have_left() -> None:
    """It serves the lifetimes that its past holds, their states being the same, and no others."""
    kept = "payment by card: kept"
    new = "payment by card: backfilled, a lifetime is new"
    old = plan_of(a=MEAN.over("lifetime"), b=payment.at.since_first().by("card"), c=MEAN.over("7d"))
    for aggregate, told in (
        (MEAN.over("lifetime"), kept),
        (amount.sum().by("card").over("lifetime", offset="1d"), kept),
        (payment.at.since_first().by("card"), kept),
        (amount.std().by("card").over("lifetime"), new),
        (amount.first().by("card").over("lifetime"), new),
        (mm.count().by("card").over("lifetime"), new),
        (MEAN.over("8d"), "payment by card: backfilled, kept 7d until now, needed 8d"),
        (MEAN.over("lifetime", offset="8d"), "payment by card: backfilled, kept 7d until now"),
    ):
        (found,) = fates(old, plan_of(x=aggregate))
        assert found.startswith(told), aggregate
    everything = plan_of(a=MEAN.over("lifetime"), b=amount.mode().by("card").over("lifetime"))
    assert fates(everything, plan_of(x=amount.std().by("card").over("lifetime"))) == [kept]


def test_where_the_old_state_stands() -> None:
    """A state that is kept says which of the old plan's it is."""
    found = survives(plan_of(**OLD), plan_of(x=MEAN.over("7d")))
    assert [(one.group, one.fate, one.source) for one in found] == [(0, "kept", 1)]


def test_an_event_that_is_another() -> None:
    """A state of an event with other fields, lateness or reversals is folded again."""

    def made(**changed: Any) -> Plan:
        told: dict[str, Any] = {"id": "i", "at": "t", "keys": {"card": card}}
        told |= {"fields": {"amount": mm.Money("EUR")}} | changed
        reverses = told.pop("reverses", None)
        event = mm.Event("paid", **told)
        if reverses:
            mm.Event("back", id="b", at="t", refers_to=event, reverses=reverses)
        wanted = event["amount"].sum().by("card").over("1d")
        return compile_plan(mm.Features(event, a=wanted))

    assert fates(made(), made()) == ["paid by card: kept"]
    assert fates(made(), made(columns={"card": "C"})) == ["paid by card: kept"]
    for changed in ({"lateness": "8d"}, {"reverses": "all"}, {"revision": "v"}, {"id": "j"}):
        assert fates(made(), made(**changed)) == ["paid by card: backfilled, event paid is another"]
