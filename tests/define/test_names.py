"""Names that a noun does not have: what was meant, and at which line."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mintmark as mm
from define.folders import faults, line_of
from mintmark.ground import DefineError

card = mm.Entity("card")
payment: Any = mm.Event(
    "payment", id="payment_id", at="paid_at", keys={"card": card},
    fields={"amount": mm.Money("EUR"), "online": mm.Flag()},
)  # fmt: skip
report: Any = mm.Event(
    "report", id="report_id", at="at", refers_to=payment, fields={"fraud": mm.Flag()}
)
fraud = mm.Label(report["fraud"], of=payment, mature_after="30d")
merchant: Any = mm.Table("merchant", of=card, fields={"mcc": mm.Category()}, valid_from="since")
amount: Any = payment["amount"]
outcome: Any = payment.outcome(fraud, settles_after="1d")
mean: Any = amount.mean().by("card")
ref: Any = mm.ref("x")


@pytest.mark.parametrize(
    ("call", "what", "hint"),
    [
        (lambda: amount.mena(), 'an expression has no "mena"', 'did you mean "mean"?'),
        (lambda: amount.meen(), 'no "meen"', 'did you mean "mean" or "seen"?'),
        (lambda: amount.avg(), 'no "avg"', 'did you mean "mean"?'),
        (lambda: amount.nunique(), 'no "nunique"', 'did you mean "distinct"?'),
        (lambda: payment.at.hours(), 'no "hours"', 'did you mean "hour"?'),
        (lambda: mean.ovr("1d"), 'an aggregate has no "ovr"', 'did you mean "over"?'),
        (lambda: mm.count().overr, 'no "overr"', 'did you mean "over"?'),  # type: ignore[attr-defined]
        (lambda: amount.ovr("1d"), 'no "ovr"', 'did you mean "over"?'),
        (lambda: amount.over("1d"), 'an expression has no "over"', "only an aggregate has .over()"),
        (lambda: amount.where(amount > 3), 'no "where"', "only an aggregate has .where()"),
        (lambda: (mean.over("1d") > 3).capped(), 'no "capped"', "only an aggregate has .capped()"),
        (lambda: ref.capped(), 'no "capped"', "say .capped() on the aggregate"),
        (lambda: outcome.by("card"), 'an outcome has no "by"', "such as .mean()"),
        (lambda: outcome.meen(), 'no "meen"', '"mean"'),
        (lambda: amount.lags(3).ovr("1d"), 'an array has no "ovr"', 'did you mean "over"?'),
        (lambda: payment.amount, 'mm.Event has no "amount"', 'say payment["amount"]'),
        (lambda: payment.card, 'no "card"', 'say payment["card"]'),
        (lambda: payment.cont(), 'no "cont"', 'did you mean "count"?'),
        (lambda: merchant.mcc, 'mm.Table has no "mcc"', 'say merchant["mcc"]'),
        (lambda: merchant["mcc"].bye("card"), 'a lookup has no "bye"', 'did you mean "by"?'),
        (lambda: fraud.matures_after, 'mm.Label has no "matures_after"', '"mature_after"'),  # type: ignore[attr-defined]
        (lambda: card.nam, 'mm.Entity has no "nam"', 'did you mean "name"?'),  # type: ignore[attr-defined]
    ],
)
def test_a_name_that_is_not_there(call: Callable[[], Any], what: str, hint: str) -> None:
    with pytest.raises(DefineError) as caught:
        call()
    assert caught.value.code == "define.name.unknown"
    assert what in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.at.startswith("tests/define/test_names.py:")
    assert caught.value.render().startswith("DefineError: ")


@pytest.mark.parametrize(
    "call",
    [
        lambda: outcome > 3, lambda: outcome + 1, lambda: 1 / outcome,
        lambda: ~outcome, lambda: amount * outcome,
    ],
)  # fmt: skip
def test_an_outcome_is_no_value_of_a_request(call: Callable[[], Any]) -> None:
    with pytest.raises(DefineError, match=r"mean\(\)") as caught:
        call()
    assert caught.value.code in ("define.outcome.value", "define.expression.literal")


def test_who_asks_whether_a_name_is_there_is_answered() -> None:
    """As Python does it: `hasattr`, a default, copies; names of Python's own are not looked for."""
    for noun in (amount, mean, outcome, payment, merchant, fraud, card, mm.Money("EUR")):
        assert not hasattr(noun, "mena")
        assert getattr(noun, "mena", 7) == 7
        assert copy.copy(noun) is not None
        with pytest.raises(AttributeError) as caught:
            _ = noun._repr_html_
        assert not isinstance(caught.value, DefineError)


def test_a_check_tells_a_name_with_all_other_faults(tmp_path: Path) -> None:
    """A misspelt method leaves poison behind, so that the rest of the file is looked at too."""
    text = (
        "from events import payment\nimport mintmark as mm\n"
        "amount = payment['amount']\n"
        "features = mm.Features(payment,\n"
        "    a=amount.meen().by('card').over('1d'),\n"
        "    b=amount.mean().by('crad').over('1d'),\n"
        "    c=amount.mean().by('card').ovr('1d'))\n"
    )
    found = faults(tmp_path, features=text)
    assert [error.code for error in found] == [
        "define.name.unknown", "define.key.unknown", "define.name.unknown",
    ]  # fmt: skip
    assert [error.at.split()[0] for error in found] == [
        line_of(tmp_path, "features", part) for part in ("meen", "crad", "ovr")
    ]


def test_a_name_that_the_package_does_not_have() -> None:
    with pytest.raises(AttributeError, match='did you mean "Features"'):
        _ = mm.Featurs  # type: ignore[attr-defined]
    assert not hasattr(mm, "_nothing")
