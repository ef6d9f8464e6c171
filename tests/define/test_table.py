"""Tables and rates as definitions: what they are, how they are looked up, and what is refused."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import mintmark as mm
from define.folders import SOUND
from mintmark.define import Expr
from mintmark.ground import DefineError, MintmarkError

terminal, account, currency = mm.Entity("terminal"), mm.Entity("account"), mm.Entity("currency")
payment = mm.Event(
    "payment", id="id", at="paid_at",
    keys={"terminal": mm.Optional(terminal), "payer": account, "payee": account, "cur": currency},
    fields={"amount": mm.Fixed(2), "euros": mm.Money("EUR")},
)  # fmt: skip
merchant = mm.Table(
    "merchant", of=terminal, fields={"mcc": mm.Category(["a", "b"])}, valid_from="since"
)
holder = mm.Table("holder", of=account, fields={"level": mm.Integer()}, valid_from="since")
rates = mm.Rates("rates", base="EUR", of=currency, valid_from="day")
grade = mm.Table("grade", of=account, fields={"level": mm.Integer(limit=9)}, valid_from="since")
amount = payment["amount"]
IN_EURO = amount.in_currency("EUR", rates, by="cur")


def code_of(build: Any) -> str:
    """The code of the error that a definition raises."""
    with pytest.raises(MintmarkError) as caught:
        build()
    assert caught.value.at, "an error of a definition has a place"
    return caught.value.code


def test_a_table_is_an_event_whose_id_is_its_key_and_time() -> None:
    """Nothing but the key, the time and the fields need stand in its source."""
    assert merchant.id_of == ("terminal", "since")
    assert merchant.declared() == ("since", "terminal", "mcc")
    form = merchant.form()
    assert (form["noun"], form["at"], form["id_of"]) == ("table", "since", ["terminal", "since"])
    stated = mm.Table("m", of=terminal, fields={}, valid_from="since", id="row")
    assert stated.id_of == ()
    assert stated.declared() == ("row", "since", "terminal")


def test_a_row_may_come_however_late_and_be_dated_however_far_ahead() -> None:
    """Unless the definition says less: reference data speaks of long ago and of next year."""
    assert merchant.lateness_us == merchant.skew_us == holder.lateness_us
    assert merchant.lateness_us > payment.lateness_us
    less = mm.Table("m", of=terminal, fields={}, valid_from="since", lateness="1d")
    assert less.lateness_us < merchant.lateness_us


def test_a_field_of_a_table_is_the_newest_as_of_the_request() -> None:
    """It has the key of the request's one role of that entity, and a lifetime for a window."""
    features = mm.Features(payment, mcc=merchant["mcc"], a=(merchant["mcc"] == "a") & (amount > 1))
    (found,) = {repr(a.form()): a for a in features.aggregates()}.values()
    assert (found.how, found.roles, found.request_roles) == (
        "newest", ("terminal",), ("terminal",),
    )  # fmt: skip
    assert found.window is not None
    assert found.window.span_us is None
    assert features.expressions["mcc"].values == ("a", "b")
    assert [event.name for event in features.events()] == ["merchant", "payment"]


def test_of_two_roles_the_feature_says_which() -> None:
    """`.by("payee")` names the request's key; without it the feature is refused at its own line."""
    told = mm.Features(payment, level=holder["level"].by("payee"))
    (found,) = told.aggregates()
    assert (found.roles, found.request_roles) == (("account",), ("payee",))
    same = mm.Features(payment, level=holder["level"].by(payee="account"))
    assert same.digest == told.digest
    assert code_of(lambda: mm.Features(payment, level=holder["level"])) == "define.table.role"


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (lambda: mm.Table("m", of=terminal, fields={}, valid_from="t", refers_to=payment),
         "define.table.rule"),
        (lambda: mm.Table("m", of=mm.Optional(terminal), fields={}, valid_from="t"),  # type: ignore[arg-type]
         "define.value.sort"),
        (lambda: mm.Table("m", of=terminal, fields={"terminal": mm.Flag()}, valid_from="t"),
         "define.column.twice"),
        (lambda: merchant["nothing"], "define.field.unknown"),
        (lambda: holder["level"].by("payer", "payee"), "define.table.by"),
        (lambda: holder["level"].by("payer").by("payee"), "define.table.by"),
        (lambda: holder["level"].by(payer="terminal"), "define.table.by"),
        (lambda: mm.Features(payment, x=holder["level"].by("nobody")), "define.key.unknown"),
        (lambda: mm.Features(payment, x=holder["level"].by("terminal")), "define.key.entity"),
        (lambda: merchant["mcc"].over("1d"), "define.aggregate.over"),
        (lambda: merchant["mcc"].distinct(), "define.aggregate.lookup"),
        (lambda: (amount * holder["level"].by("payer")).fixed(2).sum(), "define.aggregate.lookup"),
        (lambda: amount.sum().where(merchant["mcc"] == "a"), "define.aggregate.lookup"),
        (lambda: rates["rate"].sum(), "define.aggregate.lookup"),
        (lambda: (IN_EURO * mm.ref("x")).fixed(2).sum(), "define.aggregate.source"),
        (lambda: mm.Features(payment, x=(amount * rates["rate"].by("terminal")).fixed(2).sum()
                             .by("payer").over("1d")), "define.key.entity"),
        (lambda: mm.Features(payment, x=mm.count().where(grade["level"] > 1)
                             .by("payer").over("1d")), "define.table.role"),
        (lambda: mm.Rates("r", base="euro", of=currency, valid_from="t"),
         "ground.money.unknown_currency"),
        (lambda: amount.in_currency("USD", rates, by="cur"), "define.rates.base"),
        (lambda: amount.in_currency("EUR", merchant, by="cur"), "define.rates.sort"),  # type: ignore[arg-type]
        (lambda: payment["euros"].in_currency("EUR", rates, by="cur"), "define.rates.money"),
        (lambda: payment["payer"].in_currency("EUR", rates, by="cur"), "define.expression.kind"),
        (lambda: IN_EURO.sum(), "define.aggregate.source"),
    ],
)  # fmt: skip
def test_what_a_table_cannot_be_is_refused(build: Any, code: str) -> None:
    """Each fault has a code of its own and the user's line."""
    assert code_of(build) == code


def test_a_faulty_table_poisons_only_what_it_is_in(tmp_path: Path) -> None:
    """`check` tells the table's fault, and the unplaced lookup's, and nothing made of them."""
    events = SOUND["events"] + (
        '\n        broken = mm.Table("broken", of=card, fields={}, valid_from="t", reverses="all")'
        '\n        x, y = mm.Entity("x"), mm.Flag()'
        '\n        held = mm.Table("held", of=x, fields={"y": y}, valid_from="t")'
        "\n        more = mm.Features(payment, a=broken['b'], c=held['y'], d=mm.ref('c') == 1)"
    )
    for name, text in (SOUND | {"events": events}).items():
        (tmp_path / f"{name}.py").write_text(dedent(text))
    codes = sorted(fault.code for fault in mm.check(tmp_path))
    assert codes == ["define.table.role", "define.table.rule"]


def test_an_amount_in_a_currency_is_a_row_expression() -> None:
    """The base itself needs no rate; all other currencies are multiplied by theirs."""
    expr = amount.in_currency("EUR", rates, by="cur")
    assert isinstance(expr, Expr)
    assert repr(expr) == (
        'where((payment.cur == "EUR"), payment.amount, (payment.amount * rates.rate))'
    )
    with pytest.raises(DefineError, match="ends in"):
        expr.mean()


def test_an_aggregate_looks_up_at_each_of_its_events() -> None:
    """By a key of the event that is aggregated, found by its entity or said; the table is read."""
    login = mm.Event("login", id="id", at="t", keys={"payer": account}, fields={"n": mm.Flag()})
    total = IN_EURO.fixed(2).sum().by("payer").over("30d")
    good = login.count().where(grade["level"] > 3).by("payer").over("30d")
    told = mm.Features(payment, total=total, good=good)
    assert [event.name for event in told.events()] == ["grade", "login", "payment", "rates"]
    (found,) = (a for a in told.aggregates() if a.stream is login)
    assert found.filter is not None
    assert "payer" in repr(found.filter.args[0].form()["of"])
