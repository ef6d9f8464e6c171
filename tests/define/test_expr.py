"""Expressions: what they are made of, which kinds fit, and what cannot be meant."""

from collections.abc import Callable
from typing import Any

import pytest

import mintmark as mm
from mintmark.define import Expr, words
from mintmark.ground import DefineError

card = mm.Entity("card")
payment = mm.Event(
    "payment",
    id="payment_id",
    at="paid_at",
    keys={"card": card},
    fields={
        "amount": mm.Money("EUR"),
        "country": mm.Category(["FR", "BE"]),
        "online": mm.Flag(),
        "opened_at": mm.Time(),
        "memo": mm.Text(),
        "token": mm.Pan(),
    },
)
login = mm.Event("login", id="login_id", at="at", keys={"card": card}, fields={"ok": mm.Flag()})
amount, country, online = payment["amount"], payment["country"], payment["online"]
SPENT = amount.sum().by("card").over("1d")


@pytest.mark.parametrize(
    ("expr", "kind", "text"),
    [
        (amount + 1, "number", "(payment.amount + 1)"),
        (1 - amount, "number", "(1 - payment.amount)"),
        (2 * amount / 3, "number", "((2 * payment.amount) / 3)"),
        (-abs(amount), "number", "neg(abs(payment.amount))"),
        (amount.sqrt(), "number", "sqrt(payment.amount)"),
        (amount > 100, "flag", "(payment.amount > 100)"),
        (country == "BE", "flag", '(payment.country == "BE")'),
        (country != "BE", "flag", '(payment.country != "BE")'),
        (~online & (amount <= 5), "flag", "(not(payment.online) & (payment.amount <= 5))"),
        (online + 1, "number", "(payment.online + 1)"),
        (payment["card"] == "c1", "flag", '(payment.card == "c1")'),
        (payment["memo"].null(), "flag", "null(payment.memo)"),
        (amount.otherwise(0), "number", "otherwise(payment.amount, 0)"),
        (amount.clip(0, 9), "number", "greatest(0, least(payment.amount, 9))"),
        (mm.where(online, amount, None), "number", None),
        (mm.least(amount, 3, 4), "number", None),
        (mm.greatest(payment.at, payment["opened_at"]), "time", None),
        (payment.at - payment["opened_at"], "number", "(payment.at - payment.opened_at)"),
        (payment.at.hour(tz="UTC"), "number", "hour(payment.at, UTC)"),
        (payment["opened_at"].weekday(tz="UTC") == 7, "flag", None),
        (payment.at.day(tz="Asia/Tokyo"), "number", None),
        (mm.ref("x") + 1, "number", "(ref x + 1)"),
        (mm.ref("x"), None, "ref x"),
    ],
)
def test_expressions(expr: Expr, kind: str | None, text: str | None) -> None:
    """Each operation gives its kind, and reads as it was written."""
    assert expr.kind == kind
    if text is not None:
        assert words(expr) == text == repr(expr)


@pytest.mark.parametrize(
    "call",
    [
        lambda: amount + country,
        lambda: amount > "x",
        lambda: country < "BE",
        lambda: amount & online,
        lambda: ~amount,
        lambda: country == 3,
        lambda: payment.at + 1,
        lambda: payment.at > 5,
        lambda: mm.where(amount, 1, 2),
        lambda: mm.where(online, 1, "a"),
        lambda: mm.least(country, "BE"),
        lambda: amount.otherwise("BE"),
        lambda: country.sqrt(),
        lambda: amount.isin(["a"]),
        lambda: amount.hour(tz="UTC"),
        lambda: (amount + 1).hour(tz="UTC"),
    ],
)
def test_kinds_that_do_not_fit(call: Callable[[], Any]) -> None:
    """An operation that does not take its values says which it takes, at the user's line."""
    with pytest.raises(DefineError) as caught:
        call()
    assert caught.value.code == "define.expression.kind"
    assert caught.value.at.startswith("tests/define/test_expr.py:")
    assert caught.value.want


def test_a_condition_on_an_aggregate_says_where_it_belongs() -> None:
    """An event was not told what an aggregate of the request is."""
    with pytest.raises(DefineError, match=r"mm\.where\(condition") as caught:
        mm.count().where(SPENT > 100)
    assert "of each event" in caught.value.hint


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: bool(amount > 1), "define.expression.truth"),
        (lambda: 1 < amount < 5, "define.expression.truth"),
        (lambda: list(amount), "define.expression.walk"),
        (lambda: amount + float("nan"), "define.expression.literal"),
        (lambda: amount + 2**60, "define.expression.literal"),
        (lambda: amount + 10**400, "define.expression.literal"),
        (lambda: mm.where(amount > 1, 10**5000, 0), "define.expression.literal"),
        (lambda: amount.clip(0, -(10**400)), "define.expression.literal"),
        (lambda: amount.histogram([0, 10**400]), "define.expression.literal"),
        (lambda: amount.bucket([0, 1, -(10**5000)]), "define.expression.edges"),
        (lambda: amount.power(10**400), "define.number.outside"),
        (lambda: amount.fixed(10**5000), "define.number.outside"),
        (lambda: amount - [1], "define.expression.literal"),
        (lambda: amount + b"x", "define.expression.literal"),
        (lambda: amount + 4111111111111111, "define.pan.literal"),
        (lambda: country == "4111 1111 1111 1111", "define.pan.literal"),
        (lambda: country.isin("BE"), "define.expression.isin"),
        (lambda: country.isin([]), "define.expression.isin"),
        (lambda: amount + login["ok"], "define.expression.streams"),
        (lambda: amount.fixed(10), "define.number.outside"),
        (lambda: amount.fixed(True), "define.number.outside"),
        (lambda: payment.at.hour(tz="Mars"), "ground.time.zone"),
        (lambda: payment.at.hour(tz=None), "ground.time.zone"),
        (lambda: payment["paid_at"], "define.field.unknown"),
        (lambda: payment[3], "define.field.unknown"),
        (lambda: mm.ref("no name"), "define.name.unfit"),
        (lambda: (amount * 2).sum(), "define.aggregate.source"),
        (lambda: mm.ref("x").sum(), "define.aggregate.source"),
        (lambda: amount.mean().by("card").over("1d").max(), "define.aggregate.source"),
        (lambda: country.sum(), "define.aggregate.kind"),
        (lambda: country.min(), "define.aggregate.kind"),
        (lambda: payment["opened_at"].mean(), "define.aggregate.kind"),
        (lambda: payment.at.max(), "define.aggregate.kind"),
        (lambda: amount.mean() + 1, "define.aggregate.no_key"),
        (lambda: amount.mean().by("card") + 1, "define.aggregate.no_window"),
        (lambda: amount.mean().by(), "define.aggregate.by"),
        (lambda: amount.mean().by("card", "card"), "define.aggregate.by"),
        (lambda: amount.mean().by("card").by("card"), "define.aggregate.by"),
        (lambda: amount.mean().by("crad"), "define.key.unknown"),
        (lambda: amount.mean().over("1d").over("2d"), "define.aggregate.over"),
        (lambda: amount.mean().over("0s"), "define.span.outside"),
        (lambda: amount.mean().over("101y"), "ground.time.span"),
        (lambda: amount.mean().over("40000d"), "define.span.outside"),
        (lambda: amount.mean().over(30), "ground.time.span"),
        (lambda: amount.mean().over("1d", offset="-1d"), "ground.time.span"),
        (
            lambda: amount.mean().over("1d", offset="1d", include_current=True),
            "define.window.include_current",
        ),
        (
            lambda: payment.at.since_last().over("1d", include_current=True),
            "define.window.include_current",
        ),
        (lambda: amount.mean().where(amount), "define.expression.kind"),
        (lambda: amount.mean().where(True), "define.value.sort"),
        (lambda: amount.mean().where(login["ok"]), "define.expression.streams"),
        (lambda: amount.mean().where(mm.ref("x") > 1), "define.expression.kind"),
        (lambda: amount.mean().where(SPENT), "define.expression.kind"),
        (lambda: amount.mean().where(SPENT > 100), "define.expression.kind"),
        (lambda: amount.mean().where(mm.count()), "define.expression.kind"),
    ],
)
def test_what_cannot_be_meant(call: Callable[[], Any], code: str) -> None:
    """Every misuse has its code and the user's line."""
    with pytest.raises(DefineError) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.at.startswith("tests/define/test_expr.py:")


def test_what_can_be_aggregated() -> None:
    """Fields, keys, comparisons, fixed numbers, times since, and counts."""
    aggregates = [
        amount.sum(),
        payment["card"].distinct(),
        country.last(),
        (amount > 100).mean(),
        online.sum(),
        (amount * 2).fixed(2).max(),
        payment["opened_at"].min(),
        payment.at.since_last(),
        payment.count(),
        mm.count(),
    ]
    for aggregate in aggregates:
        done = aggregate.by("card").over("7d")
        assert done.said
        assert done.roles == ("card",)
    assert country.last().values == ("BE", "FR")


def test_conditions_add_up() -> None:
    """`.where` twice asks both; the order of roles does not matter."""
    twice = amount.sum().where(online).where(amount > 1).by("card").over("1d")
    once = amount.sum().where(online & (amount > 1)).by("card").over("1d")
    assert twice.form() == once.form()


def test_literals_have_one_form() -> None:
    """6, 6.0 and -0.0 are written as what they mean."""
    assert (amount < 6.0).form() == (amount < 6).form()
    assert (amount + -0.0).form() == (amount + 0).form()
    assert (amount + 0.1).form() != (amount + 0).form()


def test_isin_does_not_depend_on_order() -> None:
    """A list of texts is a set."""
    assert country.isin(["FR", "BE", "BE"]).form() == country.isin(("BE", "FR")).form()


def repeated(step: Callable[[Any], Any], count: int) -> Any:
    """Return an expression on which a step was taken many times."""
    expr: Any = amount
    for _ in range(count):
        expr = step(expr)
    return expr


@pytest.mark.parametrize("step", [lambda e: e + 1, lambda e: e * e], ids=["deep", "large"])
def test_an_expression_has_limits(step: Callable[[Any], Any]) -> None:
    """What is too deep or too large is an error, not a crash of Python."""
    with pytest.raises(DefineError) as caught:
        repeated(step, 200)
    assert caught.value.code == "define.expression.long"
