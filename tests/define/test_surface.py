"""The surface that a user writes with: the sketch of the design runs, and nouns are frozen."""

import subprocess
import sys

import pytest

import mintmark as mm
from mintmark.ground import DefineError

# fmt: off
PUBLIC = [
    "Category", "Cost", "Entity", "Event", "Features", "Fixed", "Flag", "Gates", "Integer", "Label",
    "LightGBM", "Logistic", "Model", "Money", "Optional", "Pan", "Policy", "Rates", "Split",
    "Table", "Text", "Time", "Waiver", "at_least", "at_most", "check", "count", "distance_km",
    "greatest", "least", "load", "ref", "where",
]
# fmt: on


def test_the_public_names() -> None:
    """The names of the surface are these and no others; each is there."""
    assert sorted(mm.__all__) == sorted(PUBLIC)
    assert all(hasattr(mm, name) for name in PUBLIC)
    assert set(dir(mm)) == set(PUBLIC)
    with pytest.raises(AttributeError):
        _ = mm.Tables  # type: ignore[attr-defined]


def test_importing_the_package_loads_no_room() -> None:
    """`import mintmark` reads one file; the rooms come with the first name that is used."""
    code = "import sys, mintmark; print(*[m for m in sys.modules if m.startswith('mintmark')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mintmark"]


def test_the_sketch_of_the_design_runs() -> None:
    """What the design shows as the surface can be written as it stands there."""
    card, terminal = mm.Entity("card"), mm.Entity("terminal")

    payment = mm.Event(
        "payment",
        id="payment_id",
        at="paid_at",
        keys={"card": card, "terminal": mm.Optional(terminal)},
        fields={
            "amount": mm.Money("EUR"),
            "country": mm.Category(),
            "lat": mm.Fixed(6),
            "lon": mm.Fixed(6),
        },
    )
    chargeback = mm.Event(
        "chargeback", id="case_id", at="reported_at", refers_to=payment, fields={"fraud": mm.Flag()}
    )

    fraud = mm.Label(chargeback["fraud"], of=payment, mature_after="30d", otherwise=False)
    amount = payment["amount"]
    features = mm.Features(
        payment,
        card_payments_1d=mm.count().by("card").over("1d"),
        card_mean_30d=amount.mean().by("card").over("30d"),
        amount_vs_usual=amount / mm.ref("card_mean_30d"),
        card_terminals_7d=payment["terminal"].distinct().by("card").over("7d", last=500),
        since_last=payment.at.since_last().by("card"),
        terminal_risk_28d=payment.outcome(fraud, settles_after="7d")
        .mean()
        .by("terminal")
        .over("28d", offset="7d"),
        night=payment.at.hour(tz="Europe/Brussels") < 6,
    )
    model = mm.Model(
        "card_fraud",
        features=features,
        label=fraud,
        learner=mm.LightGBM(),
        floor=mm.Logistic(),
        calibrate="isotonic",
    )
    policy = mm.Policy(
        model,
        approve=mm.Cost(if_fraud=amount, if_genuine=0),
        decline=mm.Cost(if_fraud=0, if_genuine=amount * 0.1),
        review=mm.Cost(if_fraud=4, if_genuine=4),
    )
    gates = mm.Gates(
        average_precision=mm.at_least("champion"),
        latency_ms_p99=mm.at_most(3),
        fpr_ratio=mm.at_least(0.8, by="country"),
    )
    for noun in (card, payment, fraud, features, model, policy, gates):
        assert noun.digest.startswith("sha256:")
        assert noun.form()


def test_the_nouns_are_frozen() -> None:
    """No noun can be changed once it is made."""
    event = mm.Event("e", id="i", at="t", keys={"k": mm.Entity("k")}, fields={"x": mm.Integer()})
    features = mm.Features(event, a=event["x"])
    nouns = (
        mm.Entity("a"),
        mm.Money("EUR"),
        event,
        features,
        mm.LightGBM(),
        mm.Gates(),
        event["x"],
    )
    for noun in nouns:
        with pytest.raises(AttributeError):
            noun.name = "other"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: mm.Event("e"), "'id' and 'at'"),
        (lambda: mm.Money(), "'currency'"),
        (lambda: mm.Entity("a", "text", 3), "arguments"),
        (lambda: mm.Waiver("g", owner="o"), "'reason' and 'date'"),
        (lambda: mm.ref(), "'feature'"),
    ],
)
def test_a_call_that_lacks_something(call: object, word: str) -> None:
    """A wrong call is an error of ours, in Python's own words about what is missing."""
    with pytest.raises(DefineError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.code == "define.call.arguments"
    assert word in caught.value.what
    assert caught.value.at.startswith("tests/define/test_surface.py:")
