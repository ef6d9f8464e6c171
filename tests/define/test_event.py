"""Events, fields and labels: their defaults, their forms, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest

import mintmark as mm
from mintmark.ground import DAY_US, HOUR_US, MINUTE_US, DefineError, parse_time

card = mm.Entity("card")


def event(**changed: Any) -> mm.Event:
    """Return a plain event with some of its declaration changed."""
    told: dict[str, Any] = {"id": "payment_id", "at": "paid_at", "keys": {"card": card}}
    return mm.Event("payment", **(told | changed))


def test_defaults() -> None:
    """What is not said has the value that the design gives."""
    one = event()
    assert (one.id_column, one.at_column, one.id_type) == ("payment_id", "paid_at", "text")
    assert (one.lateness_us, one.skew_us, one.keep_us) == (7 * DAY_US, 5 * MINUTE_US, None)
    assert one.earliest_us == 0
    assert one.latest_us == parse_time("2199-12-31T23:59:59.999999Z")
    assert (one.known_at_column, one.known_after_us, one.revision) == (None, 0, None)
    assert one.source_of("card") == "card"


def test_what_can_be_said() -> None:
    """Every rule of an event reaches its attributes and its form."""
    one = event(
        id_type="integer",
        known_at="at + 7d",
        revision="revision",
        zone="Europe/Brussels",
        earliest="2000-01-01",
        latest="2000-01-31",
        lateness="1h",
        skew="0s",
        keep="30d",
        columns={"card": "CARD NO", "revision": "REV"},
    )
    assert one.known_after_us == 7 * DAY_US
    assert one.latest_us == parse_time("2000-01-31T23:59:59.999999Z")
    assert (one.lateness_us, one.skew_us, one.keep_us) == (HOUR_US, 0, 30 * DAY_US)
    assert one.source_of("card") == "CARD NO"
    assert one.form()["columns"] == {"card": "CARD NO", "revision": "REV"}
    assert event(known_at="seen_at").known_at_column == "seen_at"
    assert event(known_at="at").known_at_column is None


def test_a_reference_takes_the_name_of_the_id() -> None:
    """An event that refers to another does so by that one's id column, unless it says otherwise."""
    target = event()
    one = mm.Event("chargeback", id="case_id", at="reported_at", refers_to=target)
    assert one.refers_by == "payment_id"
    two = mm.Event("c", id="case_id", at="t", refers_to=target, refers_by="original")
    assert two.refers_by == "original"
    assert two.declared() == ("case_id", "t", "original")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"id": "a b"}, "define.name.unfit"),
        ({"id": "mm_seq"}, "define.name.unfit"),
        ({"at": 3}, "define.name.unfit"),
        ({"at": "payment_id"}, "define.column.twice"),
        ({"fields": {"card": mm.Flag()}}, "define.column.twice"),
        ({"keys": {"card": "card"}}, "define.value.sort"),
        ({"keys": ["card"]}, "define.value.sort"),
        ({"fields": {"amount": mm.Money}}, "define.value.sort"),
        ({"fields": {"1st": mm.Flag()}}, "define.name.unfit"),
        ({"id_type": "uuid"}, "define.value.choice"),
        ({"refers_to": card}, "define.value.sort"),
        ({"refers_by": "x"}, "define.event.refers_by"),
        ({"refers_to": event()}, "define.column.twice"),
        ({"known_at": "at + x"}, "ground.time.span"),
        ({"known_at": "at plus 7d"}, "define.name.unfit"),
        ({"revision": "a-b"}, "define.name.unfit"),
        ({"zone": "Mars"}, "ground.time.zone"),
        ({"zone": ["UTC"]}, "ground.time.zone"),
        ({"earliest": "2000"}, "ground.time.unparsable"),
        ({"earliest": "2000-01-02", "latest": "2000-01-01"}, "define.event.range"),
        ({"lateness": "-1d"}, "ground.time.span"),
        ({"keep": "0s"}, "define.span.outside"),
        ({"columns": {"nope": "x"}}, "define.column.unknown"),
        ({"columns": {"card": ""}}, "define.column.unfit"),
        ({"columns": ["card"]}, "define.value.sort"),
        ({"columns": {"card": "4111111111111111"}}, "define.pan.literal"),
        ({"retention": "30d"}, "define.event.rule"),
    ],
)
def test_what_an_event_refuses(changed: dict[str, Any], code: str) -> None:
    """Each fault has its code, the user's line and the path of the part."""
    with pytest.raises(DefineError) as caught:
        event(**changed)
    assert caught.value.code == code
    assert caught.value.at.startswith("tests/define/test_event.py:")
    assert "$.events.payment" in caught.value.at


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: mm.Entity("a b"), "define.name.unfit"),
        (lambda: mm.Entity("a", type="uuid"), "define.value.choice"),
        (lambda: mm.Optional("card"), "define.value.sort"),
        (lambda: mm.Money("EUX"), "ground.money.unknown_currency"),
        (lambda: mm.Money("EUR", unit="cent"), "define.value.choice"),
        (lambda: mm.Money("EUR", negative=1), "define.value.choice"),
        (lambda: mm.Money("EUR", stated_in=""), "define.column.unfit"),
        (lambda: mm.Fixed(10), "define.number.outside"),
        (lambda: mm.Fixed(-1), "define.number.outside"),
        (lambda: mm.Category("BE"), "define.category.values"),
        (lambda: mm.Category([]), "define.category.values"),
        (lambda: mm.Category(["BE", 3]), "define.category.values"),
        (lambda: mm.Category(["BE", "BE"]), "define.category.twice"),
        (lambda: mm.Category(["4111111111111111"]), "define.pan.literal"),
        (lambda: mm.Time(zone="Mars"), "ground.time.zone"),
    ],
)
def test_what_fields_and_entities_refuse(call: Callable[[], Any], code: str) -> None:
    """The types of fields hold their parameters to what can be stored."""
    with pytest.raises(DefineError) as caught:
        call()
    assert caught.value.code == code


def test_fields_say_how_they_are_stored() -> None:
    """Kind, scale and storage of each type."""
    told = {
        type(f).__name__: (f.kind, f.scale, f.storage)
        for f in (
            mm.Money("JPY"),
            mm.Fixed(6),
            mm.Integer(),
            mm.Flag(),
            mm.Category(),
            mm.Text(),
            mm.Pan(),
            mm.Time(),
        )
    }
    assert told == {
        "Money": ("number", 0, "int64"),
        "Fixed": ("number", 6, "int64"),
        "Integer": ("number", 0, "int64"),
        "Flag": ("flag", 0, "bool"),
        "Category": ("category", 0, "string"),
        "Text": ("category", 0, "string"),
        "Pan": ("category", 0, "string"),
        "Time": ("time", 6, "int64"),
    }


def test_categories_are_in_the_order_of_their_bytes() -> None:
    """However they are listed, values stand by bytes: upper case before lower, ASCII before é."""
    assert mm.Category(["é", "b", "A", "a"]).values == ("A", "a", "b", "é")
    assert mm.Category(["b", "a"]).digest == mm.Category(("a", "b")).digest


def label_of(target: mm.Event, **told: Any) -> mm.Label:
    """Return a label of an event."""
    report = mm.Event(
        "report",
        id="case_id",
        at="t",
        refers_to=target,
        fields={"fraud": mm.Flag(), "loss": mm.Money("EUR"), "why": mm.Text()},
    )
    field = told.pop("field", "fraud")
    return mm.Label(report[field], **({"of": target, "mature_after": "30d"} | told))


def test_labels() -> None:
    """A label names its event and field; what is not stated is kept as a stored integer."""
    label = label_of(event())
    assert (label.key, label.name, label.kind) == ("report.fraud", "fraud", "flag")
    assert label.form()["otherwise"] == 0
    assert label_of(event(), otherwise=None).form()["otherwise"] is None
    assert label_of(event(), field="loss", otherwise=3).form()["otherwise"] == 300


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"field": "why"}, "define.label.source"),
        ({"of": mm.Event("other", id="i", at="t")}, "define.label.refers_to"),
        ({"of": None}, "define.label.refers_to"),
        ({"mature_after": "soon"}, "ground.time.span"),
        ({"otherwise": 2}, "define.label.otherwise"),
        ({"otherwise": "no"}, "define.label.otherwise"),
    ],
)
def test_what_a_label_refuses(told: dict[str, Any], code: str) -> None:
    """A label is a flag or number of an event that refers to the one it labels."""
    with pytest.raises(DefineError) as caught:
        label_of(event(), **told)
    assert caught.value.code == code


def test_outcomes() -> None:
    """An outcome is of the label's own event, and only numbers are taken of it."""
    target = event()
    label = label_of(target)
    outcome = target.outcome(label, settles_after="7d")
    for how in ("count", "sum", "mean", "std", "min", "max", "last", "newest", "gap_mean", "slope"):
        assert getattr(outcome, how)().by("card").over("30d").how == how
    with pytest.raises(DefineError) as caught:
        event().outcome(label, settles_after="7d")
    assert caught.value.code == "define.outcome.label"
    masked = outcome.mean().where(target["card"] == "x").by("card").over("30d")
    assert masked.filter is not None
    for how in ("is_new", "seen"):
        with pytest.raises(DefineError) as caught:
            getattr(outcome, how)()
        assert caught.value.code == "define.outcome.kind"


def reversal(**told: Any) -> mm.Event:
    """Return a reversal of a payment with an amount."""
    target = event(fields={"amount": mm.Money("EUR"), "n": mm.Integer(), "note": mm.Text()})
    fields = {"amount": mm.Money("EUR"), "n": mm.Integer(), "note": mm.Text(), "x": mm.Flag()}
    given = {"refers_to": target, "reverses": "amount", "fields": fields} | told
    return mm.Event("reversal", id="case_id", at="told_at", **given)


def test_reversals() -> None:
    """A reversal says by what it takes another event back, which then knows of it."""
    for by in ("all", "amount", "n"):
        one = reversal(reverses=by)
        assert one.form()["reverses"] == by
        assert one.refers_to is not None
        assert one.refers_to.reversals == (one,)
        assert one.refers_to.form()["reverses"] is None


@pytest.mark.parametrize(
    "told",
    [
        {"reverses": "note"},
        {"reverses": "x"},
        {"reverses": "nope"},
        {"reverses": 3},
        {"refers_to": None},
        {"fields": {"amount": mm.Money("USD")}},
        {"fields": {"amount": mm.Integer()}},
        {"refers_to": reversal(), "refers_by": "original"},
    ],
)
def test_what_a_reversal_refuses(told: dict[str, Any]) -> None:
    """It takes back all, or a number that both events declare alike, of no reversal."""
    with pytest.raises(DefineError) as caught:
        reversal(**told)
    assert caught.value.code == "define.event.reverses"


def test_the_limit_of_a_whole_number() -> None:
    """An Integer may say how large it can be; its form says it."""
    assert mm.Integer(limit=10**9).form() == {"type": "integer", "limit": 10**9}
    assert mm.Integer().largest == 2**62
    for limit in (0, 2**62 + 1, 1.5, True):
        with pytest.raises(DefineError) as caught:
            mm.Integer(limit=limit)  # type: ignore[arg-type]
        assert caught.value.code == "define.number.outside"
