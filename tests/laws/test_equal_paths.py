"""Law 1: oracle ≡ replay ≡ pieces ≡ live ≡ restored ≡ resumed ≡ sharded, bit for bit."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import mintmark as mm
from laws.drawn import COUNTRIES, Log, drawn_log, drawn_plan
from laws.paths import answered, expected, some_features
from mintmark.plan import Plan, compile_plan

RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def check_all_paths(plan: Plan, log: Log, cut: int, path: Path) -> None:
    """Hold every way of folding a log to the oracle."""
    truth = expected(plan, log)
    for way, first, bits in answered(plan, log, cut, path):
        assert bits == truth[first:], way


@settings(max_examples=200, **RELAXED)
@given(random=st.randoms(use_true_random=False), rows=st.integers(0, 30), cut=st.integers(0, 30))
def test_every_path_gives_the_oracles_bits(
    tmp_path_factory: pytest.TempPathFactory, random: Random, rows: int, cut: int
) -> None:
    """Any plan, any log: replay, live, resumed and restored state equal the oracle, bit for bit."""
    plain = random.random() < 0.4
    plan, log = drawn_plan(random, plain=plain), drawn_log(random, rows=rows, plain=plain)
    check_all_paths(plan, log, min(cut, rows), tmp_path_factory.getbasetemp() / "state")


@settings(max_examples=250, phases=[Phase.generate], **RELAXED)
@given(seed=st.integers(0, 2**63))
def test_thousands_of_logs_give_the_oracles_bits(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """The same for more and longer logs, three for each plan; a failure names its seed."""
    random = Random(seed)
    plain = random.random() < 0.4
    plan = drawn_plan(random, plain=plain)
    for rows in (3, 12, 50):
        log = drawn_log(random, rows=rows, plain=plain)
        path = tmp_path_factory.getbasetemp() / "state"
        check_all_paths(plan, log, random.randint(0, rows), path)


@settings(max_examples=100, phases=[Phase.generate], **RELAXED)
@given(seed=st.integers(0, 2**63))
def test_an_id_that_comes_twice_is_two_events_where_none_is_corrected(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """A log lets no such row in; who goes round it is answered the same in every way.

    Which of them a label speaks of depends on what is still remembered of the first.
    """
    random = Random(seed)
    plan = drawn_plan(random, plain=True)
    log = drawn_log(random, rows=40)
    if not any(column.source == "outcome" for column in plan.columns):
        check_all_paths(plan, log, random.randint(0, 40), tmp_path_factory.getbasetemp() / "state")


@settings(max_examples=100, phases=[Phase.generate], **RELAXED)
@given(seed=st.integers(0, 2**63))
def test_a_request_that_nobody_asks_about_counts_all_the_same(seed: int) -> None:
    """Fold some requests without an answer: those that are answered have the oracle's bits."""
    random = Random(seed)
    plain = random.random() < 0.4
    plan, log = drawn_plan(random, plain=plain), drawn_log(random, rows=30, plain=plain)
    truth = expected(plan, log)
    for place, bits in some_features(plan, log, random):
        assert bits == truth[place], place


def test_a_plan_of_definitions_gives_the_oracles_bits(tmp_path: Path) -> None:
    """What users write, compiled, on 100 logs: every kind of feature that definitions can say."""
    plan = defined_plan()
    for seed in range(100):
        log = drawn_log(Random(seed), rows=25)
        check_all_paths(plan, log, 10, tmp_path / "state")


def defined_plan() -> Plan:
    """Features over the drawn events, as a user writes them."""
    card, terminal = mm.Entity("card"), mm.Entity("terminal", type="integer")
    payment = mm.Event(
        "payment", id="id", at="at", revision="revision", lateness="40us",
        keys={"card": mm.Optional(card), "terminal": mm.Optional(terminal)},
        fields={
            "amount": mm.Money("EUR", negative=True), "score": mm.Fixed(3),
            "points": mm.Integer(), "online": mm.Flag(),
            "country": mm.Category(COUNTRIES), "booked": mm.Time(),
        },
    )  # fmt: skip
    login = mm.Event(
        "login", id="id", at="at", revision="revision", lateness="40us",
        keys={"card": mm.Optional(card)},
        fields={"tries": mm.Integer(), "device": mm.Category()},
    )  # fmt: skip
    chargeback = mm.Event(
        "chargeback", id="id", at="at", revision="revision", lateness="40us",
        refers_to=payment, refers_by="payment_id",
        fields={"fraud": mm.Flag(), "loss": mm.Money("EUR", negative=True)},
    )  # fmt: skip
    fraud = mm.Label(chargeback["fraud"], of=payment, mature_after="1s", otherwise=False)
    loss = mm.Label(chargeback["loss"], of=payment, mature_after="1s", otherwise=None)
    amount, country = payment["amount"], payment["country"]
    mean = amount.mean().by("card").over("60us", include_current=True)
    features = mm.Features(
        payment,
        payments=mm.count().by("card").over("20us"),
        both=mm.count().by("card", "terminal").over("lifetime"),
        online=mm.count().where(payment["online"]).by("card").over("60us"),
        mean=mean,
        against_usual=(amount / mm.ref("mean")).clip(0, 10),
        spread=amount.std().where(country == "BE").by("terminal").over("lifetime"),
        points=payment["points"].sum().by("card").over("60us", offset="5us"),
        logs=amount.fixed(1).max().by("card").over("20us"),
        product=(payment["score"] * amount).fixed(2).sum().by("card").over("60us"),
        countries=country.distinct().by("card").over("60us", include_current=True),
        last_country=country.last().where(amount > 1).by("card").over("lifetime"),
        same_country=country == country.last().by("card").over("lifetime"),
        where=country,
        terminals=payment["terminal"].distinct().by("card").over("lifetime"),
        since=payment.at.since_last().by("card"),
        since_online=payment.at.since_last().where(payment["online"]).by("card").over("60us"),
        newest=payment.at - payment["booked"].max().by("terminal").over("60us"),
        booked=payment.at - payment["booked"],
        risk=payment.outcome(fraud, settles_after="10us").mean().by("terminal").over("60us"),
        frauds=payment.outcome(fraud, settles_after="0s").sum().by("card").over("lifetime"),
        lost=payment.outcome(loss, settles_after="3us").std().by("card").over("lifetime"),
        logins=login.count().by("card").over("20us"),
        tries=login["tries"].max().by("card").over("60us", offset="1us"),
        devices=login["device"].distinct().by("card").over("lifetime"),
        few=amount.max().by("card").over("60us", cap=3, empty=-1),
        many=amount.max().by("card").over("60us", cap=3).capped(),
        first=country.first().by("terminal").over("lifetime", cap=4, include_current=True),
        hour=payment.at.hour(tz="Europe/Brussels"),
        weekend=payment.at.weekday(tz="UTC") >= 6,
        either=mm.where(payment["online"], amount, payment["score"]).otherwise(-1),
        most=mm.greatest(amount, payment["score"], 0).sqrt(),
        known=~amount.null() & country.isin(["BE", "NL"]),
    )
    return compile_plan(features)
