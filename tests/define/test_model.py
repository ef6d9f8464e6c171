"""Models, policies, gates and splits: their forms, and what they refuse."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

import mintmark as mm
from mintmark.ground import DAY_US, DefineError, Faults, MintmarkError

payment = mm.Event(
    "payment",
    id="payment_id",
    at="paid_at",
    keys={"terminal": mm.Entity("terminal"), "card": mm.Entity("card")},
    fields={"amount": mm.Money("EUR"), "fee": mm.Money("EUR"), "n": mm.Integer()},
)
report = mm.Event(
    "report", id="i", at="t", refers_to=payment, fields={"fraud": mm.Flag(), "n": mm.Integer()}
)
fraud = mm.Label(report["fraud"], of=payment, mature_after="30d")
amount, fee = payment["amount"], payment["fee"]
features = mm.Features(payment, a=amount, b=fee, c=payment["n"])


def model(**changed: Any) -> mm.Model:
    """Return a plain model with some of its declaration changed."""
    told: dict[str, Any] = {"features": features, "label": fraud, "learner": mm.LightGBM()}
    return mm.Model("m", **(told | changed))


def policy(**changed: Any) -> mm.Policy:
    """Return a plain policy with some of its costs changed."""
    free = mm.Cost(if_fraud=0, if_genuine=0)
    return mm.Policy(model(), **({"approve": free, "review": free, "decline": free} | changed))


def test_a_models_form() -> None:
    """A model names its features by digest, its inputs by name, and the defaults of the rest."""
    form = model(learner=mm.LightGBM(num_leaves=31)).form()
    assert form["inputs"] == ["a", "b", "c"]
    assert form["features"] == features.digest
    assert form["learner"] == {"learner": "lightgbm", "parameters": {"num_leaves": 31}}
    assert form["floor"] == {"learner": "logistic", "parameters": {}}
    assert form["calibrate"] == "isotonic"
    assert form["split"]["subject"] == "card"
    assert model(inputs=["c", "a", "c"]).names == ("a", "c")


def test_features_can_be_narrowed() -> None:
    """`only` keeps some outputs; what they refer to stays known."""
    block = mm.Features(payment, a=amount, b=mm.ref("a") / 2, c=fee)
    assert block.only("b").names == ("b",)
    assert set(block.only("b").expressions) == {"a", "b", "c"}
    assert block.only("b").digest != block.digest
    with pytest.raises(DefineError):
        block.only("nope")
    with pytest.raises(DefineError):
        block.only()


def test_blocks_of_features_come_together() -> None:
    """Blocks of one event make one block; the same feature in two of them is no conflict."""
    one = mm.Features(payment, a=amount, b=fee)
    both = mm.Features(payment, one, one, c=mm.ref("a") + 1)
    assert both.names == ("a", "b", "c")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"features": payment}, "define.value.sort"),
        ({"learner": "lightgbm"}, "define.value.sort"),
        ({"calibrate": "beta"}, "define.value.choice"),
        ({"inputs": "a"}, "define.model.inputs"),
        ({"inputs": []}, "define.model.inputs"),
        ({"inputs": ["z"]}, "define.feature.unknown"),
        ({"label": mm.Label(report["n"], of=payment, mature_after="1d")}, "define.model.label"),
        ({"split": mm.Split("nope")}, "define.split.subject"),
        ({"owner": "4111111111111111"}, "define.pan.literal"),
    ],
)
def test_what_a_model_refuses(changed: dict[str, Any], code: str) -> None:
    """Each fault has its code."""
    with pytest.raises(DefineError) as caught:
        model(**changed)
    assert caught.value.code == code


def test_a_model_tells_its_faults_together() -> None:
    """Two faults of one call are told at once."""
    with pytest.raises(Faults) as caught:
        model(calibrate="beta", inputs=["z"])
    assert len(caught.value.errors) == 2


def test_splits() -> None:
    """Spans of a split are lengths; nothing is a length too where it may be."""
    split = mm.Split("card", test="14d", calibration=None, train="90d", warmup="0s")
    assert (split.test_us, split.calibration_us) == (14 * DAY_US, 0)
    assert (split.train_us, split.warmup_us) == (90 * DAY_US, 0)
    with pytest.raises(DefineError):
        mm.Split("card", test="0s")


@pytest.mark.parametrize(
    ("cost", "fixed", "rate", "field"),
    [
        (12, 12.0, 0.0, None),
        (amount, 0.0, 1.0, "amount"),
        (0.02 * amount + 1, 1.0, 0.02, "amount"),
        (1 - amount / 4, 1.0, -0.25, "amount"),
        (-(amount + amount), 0.0, -2.0, "amount"),
        (amount - amount, 0.0, 0.0, None),
        (2 * (amount + 3) * 5, 30.0, 10.0, "amount"),
    ],
)
def test_costs_come_down_to_a_line(cost: Any, fixed: float, rate: float, field: str | None) -> None:
    """Any way to write fixed + rate * amount has one form."""
    form = mm.Cost(if_fraud=cost, if_genuine=0).form()["if_fraud"]
    assert form == {"fixed": fixed, "rate": rate, "field": field}
    assert str(form["fixed"]) != "-0.0"


@pytest.mark.parametrize(
    "cost",
    [
        amount * amount,
        1 / amount,
        amount / 0,
        amount.sqrt(),
        amount + fee,
        payment["n"],
        amount > 3,
        mm.ref("a"),
        "4",
        True,
        None,
        float("inf"),
    ],
)
def test_costs_that_are_no_line(cost: Any) -> None:
    """Anything else is refused where it is written."""
    with pytest.raises(DefineError) as caught:
        mm.Cost(if_fraud=cost, if_genuine=0)
    assert caught.value.code == "define.cost.affine"


def test_policies() -> None:
    """A policy's costs read one amount, and its form is what the engine reads."""
    form = policy(approve=mm.Cost(if_fraud=amount, if_genuine=0)).form()
    assert form["approve"]["if_fraud"] == {"fixed": 0.0, "rate": 1.0, "field": "amount"}
    assert form["model"] == "m"
    with pytest.raises(DefineError) as caught:
        policy(
            approve=mm.Cost(if_fraud=amount, if_genuine=0),
            decline=mm.Cost(if_fraud=fee, if_genuine=0),
        )
    assert caught.value.code == "define.policy.fields"
    with pytest.raises(DefineError):
        policy(approve=5)


def test_gates() -> None:
    """Gates keep the order in which they stand, and their waivers by gate."""
    gates = mm.Gates(
        fpr_ratio=mm.at_least(0.8, by="country"),
        average_precision=mm.at_least("champion"),
        latency_ms_p99=mm.at_most(3),
        waivers=[mm.Waiver("fpr_ratio", owner="Ada", reason="no groups", date=date(2018, 8, 1))],
    )
    assert list(gates.gates) == ["fpr_ratio", "average_precision", "latency_ms_p99"]
    assert gates.waivers[0].date == "2018-08-01"
    assert gates.form()["alerts_per_day"] == 100


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: mm.at_least("best"), "define.gate.bound"),
        (lambda: mm.at_least(float("nan")), "define.gate.bound"),
        (lambda: mm.at_least(True), "define.gate.bound"),
        (lambda: mm.at_most("champion"), "define.gate.bound"),
        (lambda: mm.at_least(0.8, by="a b"), "define.name.unfit"),
        (lambda: mm.Gates(auc_roc=0.8), "define.value.sort"),
        (lambda: mm.Gates(alerts_per_day=0), "define.number.outside"),
        (lambda: mm.Waiver("g", owner="", reason="r", date="2018-08-01"), "define.waiver.text"),
        (lambda: mm.Waiver("g", owner="o", reason=" ", date="2018-08-01"), "define.waiver.text"),
        (lambda: mm.Waiver("g", owner="o", reason="r", date="soon"), "define.waiver.date"),
        (
            lambda: mm.Gates(waivers=[mm.Waiver("g", owner="o", reason="r", date="2018-08-01")]),
            "define.waiver.gate",
        ),
        (lambda: mm.LightGBM(objective=[1]), "define.learner.parameter"),
        (lambda: mm.LightGBM(learning_rate=float("inf")), "define.learner.parameter"),
    ],
)
def test_what_gates_and_learners_refuse(call: Callable[[], Any], code: str) -> None:
    """Each fault has its code."""
    with pytest.raises(MintmarkError) as caught:
        call()
    assert caught.value.code == code
