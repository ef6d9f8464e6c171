"""Rules among features, and between a folder's nouns."""

from pathlib import Path
from typing import Any

import pytest

import mintmark as mm
from define.folders import faults
from mintmark.ground import DefineError, Faults

card, shop = mm.Entity("card"), mm.Entity("shop")
payment = mm.Event(
    "payment",
    id="payment_id",
    at="paid_at",
    keys={"card": card, "place": shop, "spare": card},
    fields={"amount": mm.Money("EUR"), "country": mm.Category(["BE"]), "free": mm.Category()},
)
login = mm.Event(
    "login",
    id="login_id",
    at="at",
    keys={"card": card, "place": card, "device": mm.Entity("device")},
    fields={"ok": mm.Flag()},
)
amount = payment["amount"]


@pytest.mark.parametrize(
    ("expr", "code"),
    [
        (login["ok"], "define.feature.stream"),
        (login.at.hour(tz="UTC"), "define.feature.stream"),
        (mm.where(login["ok"], 1, mm.ref("b")), "define.feature.stream"),
        (login.count().by("device").over("1d"), "define.key.unknown"),
        (mm.count().by("device").over("1d"), "define.key.unknown"),
        (login.count().by("place").over("1d"), "define.key.entity"),
        (
            login.count().by("card").over("1d", include_current=True),
            "define.window.include_current",
        ),
        (mm.count().where(login["ok"]).by("card").over("1d"), "define.aggregate.where"),
        (mm.ref("b") == payment["country"], "define.expression.kind"),
        (mm.ref("c") + 1, "define.expression.kind"),
        (mm.ref("c").null() + mm.ref("c"), "define.expression.kind"),
        (payment["free"], "define.feature.category"),
        (payment["card"], "define.feature.category"),
        (payment["free"].last().by("card").over("1d"), "define.feature.category"),
        (mm.where(mm.ref("b") > 1, payment["free"], "BE"), "define.feature.category"),
        (payment.at, "define.feature.time"),
        (mm.ref("nope"), "define.ref.unknown"),
        (mm.count(), "define.aggregate.no_key"),
        (5, "define.feature.sort"),
        ("amount", "define.feature.sort"),
        (None, "define.feature.sort"),
    ],
)
def test_what_a_feature_cannot_be(expr: Any, code: str) -> None:
    """Each fault has its code, and names its feature."""
    with pytest.raises(DefineError) as caught:
        mm.Features(payment, a=expr, b=amount, c=payment["country"])
    assert caught.value.code == code
    assert caught.value.at.startswith("tests/define/test_features.py:")
    assert code == "define.aggregate.no_key" or "$.features.a" in caught.value.at


def test_features_of_other_streams_and_roles() -> None:
    """Another stream's events are read by a key of the same name and entity."""
    features = mm.Features(
        payment,
        a=login.count().by("card").over("1d"),
        b=login["ok"].mean().where(login["ok"].null()).by("card").over("1d"),
        c=mm.count().by("card", "place").over("1d"),
    )
    assert [event.name for event in features.events()] == ["login", "payment"]


def test_a_block_needs_features_of_its_own_event() -> None:
    """A block of another event, no feature at all, and a call of the wrong sort are refused."""
    logins = mm.Features(login, a=login["ok"])
    for call in (
        lambda: mm.Features(payment, logins),
        lambda: mm.Features(payment),
        lambda: mm.Features("payment", a=amount),
        lambda: mm.Features(payment, {"a": amount}),
    ):
        with pytest.raises((DefineError, Faults)):
            call()


def test_a_feature_may_be_called_anything() -> None:
    """Names that Python's own parameters have are free: self, event, names."""
    features = mm.Features(payment, self=amount, event=amount + 1, names=mm.ref("self"))
    assert features.names == ("event", "names", "self")
    with pytest.raises(DefineError):
        mm.Features(payment, **{"a b": amount})


def test_a_policy_of_another_model(tmp_path: Path) -> None:
    """A folder's policy is of the folder's model, and a gate's groups are groups."""
    model = (
        "from events import fraud, payment\nfrom features import features\nimport mintmark as mm\n"
        "def made(name):\n"
        "    return mm.Model(name, features=features, label=fraud, learner=mm.Logistic())\n"
        "model = made('one')\n"
        "free = mm.Cost(if_fraud=0, if_genuine=0)\n"
        "policy = mm.Policy(made('two'), approve=free, review=free, decline=free)\n"
        "gates = mm.Gates(fpr_ratio=mm.at_least(0.8, by='amount'))\n"
    )
    found = faults(tmp_path, model=model)
    assert [error.code for error in found] == ["define.noun.twice", "define.gate.by"]
