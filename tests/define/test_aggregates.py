"""Aggregates: the methods give the kinds and parameters that they name, and refuse the rest."""

from collections.abc import Callable
from typing import Any

import pytest

import mintmark as mm
from mintmark.ground import DAY_US, HOUR_US, DefineError

payment = mm.Event(
    "payment",
    id="id",
    at="at",
    keys={"card": mm.Entity("card")},
    fields={
        "amount": mm.Money("EUR"),
        "country": mm.Category(["BE", "FR"]),
        "online": mm.Flag(),
        "opened_at": mm.Time(),
        "wide": mm.Integer(),
        "narrow": mm.Integer(limit=10**9),
    },
)
amount, country, online = payment["amount"], payment["country"], payment["online"]
opened, wide = payment["opened_at"], payment["wide"]


@pytest.mark.parametrize(
    ("aggregate", "how", "params"),
    [
        (amount.median(), "quantile", (500_000,)),
        (amount.quantile(0.99), "quantile", (990_000,)),
        (amount.quantile(1), "quantile", (1_000_000,)),
        (amount.nth(3), "nth", (3,)),
        (amount.lag(), "lag", (1,)),
        (amount.top(k=2), "top", (2,)),
        (country.mode(2), "mode", (2,)),
        (amount.decay_mean("1d"), "decay_mean", (DAY_US, DAY_US // 32)),
        (payment.decay_count(half_life="1h"), "decay_count", (HOUR_US, HOUR_US // 32)),
        (payment.at.since_first(), "since_first", ()),
        (amount.since_last(), "since_last", ()),
    ],
)
def test_methods_give_kinds_and_parameters(aggregate: Any, how: str, params: object) -> None:
    """A method is a name for a kind with its parameters in whole numbers."""
    assert (aggregate.how, aggregate.numbers()) == (how, params)


def test_the_events_themselves() -> None:
    """`event.at.gap_mean()` and `event.gap_mean()` are the same; mm.count() is of the request."""
    for how in ("count", "since_last", "gap_mean", "gap_std", "gap_min", "gap_max"):
        by_event = getattr(payment, how)().by("card").over("1d")
        assert by_event.source is None
        assert by_event.form() == getattr(payment.at, how)().by("card").over("1d").form()
    assert mm.count().stream is None


@pytest.mark.parametrize(
    ("aggregate", "kind"),
    [
        (amount.sum(), "number"),
        (online.max(), "flag"),
        (opened.min(), "time"),
        (country.first(), "category"),
        (country.newest(), "category"),
        (country.entropy(), "number"),
        (opened.distinct(), "number"),
        (opened.lag(2), "time"),
        (online.longest_streak(), "number"),
    ],
)
def test_the_kind_of_the_result(aggregate: Any, kind: str) -> None:
    """A kind gives numbers, or values of the kind that it is taken of."""
    assert aggregate.kind == kind


@pytest.mark.parametrize(
    "call",
    [
        lambda: country.sum(),
        lambda: country.max(),
        lambda: country.quantile(0.5),
        lambda: country.slope(),
        lambda: opened.mean(),
        lambda: opened.range(),
        lambda: payment.at.max(),
        lambda: payment.at.mean(),
        lambda: payment.aggregate("mean"),
        lambda: amount.longest_streak(),
        lambda: country.since_max(),
        lambda: payment["card"].decay_sum("1d"),
    ],
)
def test_values_that_a_kind_does_not_take(call: Callable[[], Any]) -> None:
    """The error says what was given and what is taken, at the user's line."""
    with pytest.raises(DefineError) as caught:
        call()
    assert caught.value.code == "define.aggregate.kind"
    assert caught.value.at.startswith("tests/define/test_aggregates.py:")
    assert caught.value.want


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: (amount * 2).skew(), "define.aggregate.source"),
        (lambda: (amount / 3).seen(), "define.aggregate.source"),
        (lambda: amount.quantile(1.5), "define.number.outside"),
        (lambda: amount.quantile(0.1234567), "define.number.outside"),
        (lambda: amount.quantile(True), "define.number.outside"),
        (lambda: amount.nth(0), "define.number.outside"),
        (lambda: amount.lag(-1), "define.number.outside"),
        (lambda: amount.top(1.5), "define.number.outside"),
        (lambda: amount.decay_sum("1us"), "define.span.outside"),
        (lambda: amount.decay_sum("3650d"), "define.span.outside"),
        (lambda: amount.decay_sum(7), "ground.time.span"),
        (lambda: amount.decay_sum("0s"), "define.span.outside"),
        (lambda: amount.decay_sum("-1d"), "ground.time.span"),
        (lambda: amount.decay_sum("1107d"), "define.span.outside"),
        (lambda: amount.decay_sum("99999999999999999999d"), "define.span.outside"),
        (lambda: amount.aggregate("lag", k=0), "define.number.outside"),
        (lambda: amount.aggregate("quantile", share_ppm=-5), "define.number.outside"),
        (
            lambda: amount.aggregate("decay_sum", half_life_us=-5, tick_us=1),
            "define.number.outside",
        ),
        (
            lambda: amount.aggregate("decay_sum", half_life_us="1d", tick_us="1h"),
            "define.aggregate.params",
        ),
        (lambda: payment.rate(per="0s"), "define.span.outside"),
        (lambda: amount.lags(0), "define.number.outside"),
        (lambda: amount.histogram([]), "define.expression.edges"),
        (lambda: amount.histogram([3, 1]), "define.expression.edges"),
        (lambda: country.counts("BE"), "define.expression.isin"),
    ],
)
def test_what_cannot_be_meant(call: Callable[[], Any], code: str) -> None:
    """Every misuse has its code and the user's line."""
    with pytest.raises(DefineError) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.at.startswith("tests/define/test_aggregates.py:")


def test_third_and_fourth_powers_need_a_range() -> None:
    """Skewness and kurtosis are taken of what is declared to be within 10**13 stored units."""
    for value in (amount, payment["narrow"], online, (wide * 2).fixed(0)):
        assert value.skew().how == "skew"
        assert value.kurt().how == "kurt"
    for how in ("skew", "kurt"):
        with pytest.raises(DefineError) as caught:
            getattr(wide, how)()
        assert caught.value.code == "define.aggregate.range"
        assert "limit=" in caught.value.hint


def test_arrays_become_features() -> None:
    """The parts of an array are features by the array's name and their places."""
    features = mm.Features(
        payment,
        lags=amount.lags(3).by("card").over(last=10),
        hour=payment.at.cyclic("hour", tz="UTC"),
        first=amount.firsts(2).where(online).by("card").over("1d")[0],
        twice=mm.ref("lags_0") * 2,
    )
    assert features.names == ("first", "hour_0", "hour_1", "lags_0", "lags_1", "lags_2", "twice")
    assert len(amount.histogram([0, 10, 100])) == 4
    assert len(country.counts(["BE", "FR"])) == 2


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: mm.Features(payment, a=amount.lags(2)), None),
        (
            lambda: mm.Features(
                payment, a=amount.lags(2).by("card").over("1d"), a_1=payment["amount"]
            ),
            "define.feature.twice",
        ),
        (lambda: payment.at.cyclic("hour", tz="UTC").by("card"), "define.array.aggregate"),
        (lambda: payment.at.cyclic("year", tz="UTC"), "define.value.choice"),
        (lambda: amount + amount.lags(2), "define.expression.literal"),
    ],
)
def test_what_an_array_cannot_be(call: Callable[[], Any], code: str | None) -> None:
    """Its parts are told as the features that they become."""
    with pytest.raises(Exception) as caught:
        call()
    assert code is None or getattr(caught.value, "code", "") == code


def test_own_values_are_of_the_requests_stream() -> None:
    """The request can be compared with events of its own stream alone."""
    login = mm.Event(
        "login", id="id", at="at", keys={"card": mm.Entity("card")}, fields={"ok": mm.Flag()}
    )
    with pytest.raises(DefineError) as caught:
        mm.Features(payment, a=login["ok"].is_new().by("card").over("1d"))
    assert caught.value.code == "define.aggregate.own"


@pytest.mark.parametrize(
    ("derived", "text"),
    [
        (
            amount.zscore(by="card", over="30d"),
            "((payment.amount - mean(payment.amount) by card over 30d)"
            " / std(payment.amount) by card over 30d)",
        ),
        (
            amount.share(by="card", over="1d"),
            "(payment.amount / sum(payment.amount) by card over 1d with the request)",
        ),
        (
            amount.delta(by="card"),
            "(payment.amount - last(payment.amount) by card over lifetime)",
        ),
        (
            amount.sum().by("card").ratio_of("1d", "30d", offset="1d"),
            "(sum(payment.amount) by card over 1d ending 1d before"
            " / sum(payment.amount) by card over 30d ending 1d before)",
        ),
    ],
)
def test_features_made_of_others(derived: Any, text: str) -> None:
    """What is derived is written out in expressions that could be written by hand."""
    assert repr(derived) == text
