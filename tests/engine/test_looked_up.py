"""Amounts at the rate of their own time, inside aggregates: as known when each of them came."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import mintmark as mm
from laws.paths import in_shards
from mintmark.engine import Live, replay
from mintmark.engine.history import replay_pieces
from mintmark.engine.oracle import oracle
from mintmark.engine.shards import seen_whole, tables_by_key
from mintmark.flow.split import SplitLive
from mintmark.ground import EngineError
from mintmark.plan import Plan, compile_plan

SECOND = 1_000_000
LOG = ("mm_seq", "mm_at", "mm_known_at", "mm_revision")
TEXT = {"id", "refund_id", "card", "currency"}
card, currency = mm.Entity("card"), mm.Entity("currency")
payment = mm.Event(
    "payment", id="id", at="at", revision="revision", lateness="9s",
    keys={"card": mm.Optional(card), "currency": mm.Optional(currency)},
    fields={"amount": mm.Fixed(2)},
)  # fmt: skip
refund = mm.Event(
    "refund", id="refund_id", at="at", revision="revision", refers_to=payment, reverses="amount",
    fields={"amount": mm.Fixed(2)},
)  # fmt: skip
rates = mm.Rates("rates", base="EUR", of=currency, valid_from="day", id="id", revision="revision")
in_euro = payment["amount"].in_currency("EUR", rates, by="currency")
Row = dict[str, Any]
Log = list[tuple[str, Row]]


def plan_of() -> Plan:
    """What is made of amounts in euro, at the request and before it."""
    euro, strong = in_euro.fixed(2), rates["rate"] > 1
    return compile_plan(
        mm.Features(
            payment,
            own=in_euro,
            total=euro.sum().by("card").over("60s"),
            most=euro.max().by("card").over(last=3, include_current=True),
            strong=payment.count().where(strong).by("card").over("lifetime"),
            capped=euro.mean().by("card").over("60s", cap=2),
        )
    )


def row(seq: int, at: int, **told: Any) -> Row:
    """A row of the log, known when it happened."""
    made = {"mm_seq": seq, "mm_at": at * SECOND, "mm_known_at": at * SECOND, "mm_revision": 0}
    return made | {"id": f"x{seq}"} | told


def paid(seq: int, at: int, minor: int | None, coin: str | None, **more: Any) -> tuple[str, Row]:
    """A payment of card "a"."""
    return "payment", row(seq, at, card="a", currency=coin, amount=minor) | more


def rated(seq: int, at: int, coin: str, rate: float | None, **more: Any) -> tuple[str, Row]:
    """A rate that holds from a second on."""
    stored = None if rate is None else round(rate * 10**9)
    return "rates", row(seq, at, currency=coin, rate=stored) | more


def refunded(seq: int, of: str, minor: int) -> tuple[str, Row]:
    """A refund of part of a payment."""
    return "refund", row(seq, 0, id=of, refund_id=f"r{seq}", amount=minor)


def tables_of(plan: Plan, log: Log) -> dict[str, pa.Table]:
    """The tables of a log."""
    tables = {}
    for form in plan.events:
        names = [*LOG, form["id"], *form["keys"], *form["fields"]]
        names += [form["refers_by"]] if form["refers_by"] else []
        rows = [told for stream, told in log if stream == form["name"]]
        tables[form["name"]] = pa.table({
            n: pa.array([r[n] for r in rows], pa.string() if n in TEXT else pa.int64())
            for n in names
        })  # fmt: skip
    return tables


def lived(live: Live, log: Log) -> list[list[float]]:
    """What live state answers."""
    answers = []
    for stream, told in log:
        if stream == "payment":
            answers.append(live.decide(told).tolist())
        else:
            live.fold(stream, told)
    return answers


def every_path(log: Log, path: Path, cut: int) -> list[dict[str, float]]:
    """What the oracle answers, and every path as well."""
    plan = plan_of()
    tables = tables_of(plan, log)
    truth = np.array(oracle(plan, tables)).reshape(-1, len(plan.names))
    replayed = replay(plan, tables, keep_state=True)
    assert replayed.features.tobytes() == truth.tobytes()
    for piece in (1, 3):
        parts = [part.features for part in replay_pieces(plan, tables, piece=piece)]
        assert np.concatenate(parts).tobytes() == truth.tobytes(), piece
    before, after = log[:cut], log[cut:]
    rest = sum(stream == "payment" for stream, _ in before)
    empty = tables_of(plan, [])
    assert np.array(lived(Live.start(plan, empty), log)).tobytes() == truth.tobytes()
    resumed = replay(plan, tables_of(plan, before), keep_state=True).live
    assert resumed is not None
    resumed.snapshot(path)
    assert np.array(lived(resumed, after)).tobytes() == truth[rest:].tobytes(), "resumed"
    restored = Live.restore(path, plan)
    assert np.array(lived(restored, after)).tobytes() == truth[rest:].tobytes(), "restored"
    for of in (1, 3):
        assert in_shards(plan, tables, of) == truth.tobytes(), "sharded"
        split = SplitLive.here(plan, of, tables_of(plan, before))
        answers = [answer for answer in split.take(after) if answer is not None]
        assert np.array(answers).tobytes() == truth[rest:].tobytes(), "split"
    return [dict(zip(plan.names, answer, strict=True)) for answer in truth.tolist()]


def test_each_amount_has_the_rate_of_its_own_time(tmp_path: Path) -> None:
    """A rate that changes later, or becomes known later, changes no payment that came before."""
    log = [rated(1, 0, "USD", 0.5), paid(2, 10, 1000, "USD"), paid(3, 11, 1000, "EUR")]
    log += [rated(4, 5, "USD", 0.9), paid(5, 12, 1000, "USD"), rated(6, 20, "USD", 2.0)]
    log += [paid(7, 19, 1000, "USD"), paid(8, 20, 1000, "USD"), paid(9, 21, 1000, "GBP")]
    log += [paid(10, 22, 0, "EUR")]
    told = every_path(log, tmp_path / "state", 5)
    assert [round(one["total"], 2) for one in told] == [0, 5, 15, 24, 33, 53, 53]
    assert [one["strong"] for one in told] == [0, 0, 0, 0, 0, 1, 1]
    assert np.isnan(told[5]["own"]), "no rate of that currency is known"


def test_what_is_left_of_an_amount_keeps_its_rate(tmp_path: Path) -> None:
    """A refund in part is reckoned at the rate of the payment; a correction looks up anew."""
    log = [rated(1, 0, "USD", 0.5), paid(2, 10, 1000, "USD"), rated(3, 0, "USD", 0.8)]
    log += [refunded(4, "x2", 400), paid(5, 11, 0, "EUR")]
    log += [paid(6, 12, 2000, "USD", id="x2", mm_revision=1), paid(7, 13, 0, "EUR")]
    told = every_path(log, tmp_path / "state", 3)
    assert [round(one["total"], 2) for one in told] == [0, 3, 0, 12.8]


@pytest.mark.parametrize("seed", range(60))
def test_drawn_logs_of_rates_and_payments(tmp_path: Path, seed: int) -> None:
    """Rates late, corrected, null and missing; payments late, corrected, refunded, of no card."""
    random = Random(seed)
    log: Log = []
    known = 0
    for seq in range(1, 61):
        known += random.choice((0, 0, 1, 3))
        kind, coin = random.random(), random.choice(("USD", "USD", "GBP", "EUR", None))
        old = f"x{random.randint(1, seq)}"
        if kind < 0.25:
            more = {"id": f"r{seq % 5}", "mm_revision": seq} if random.random() < 0.3 else {}
            rate = random.choice((0.5, 1.25, 3.0, 1 / 3, None))
            log.append(rated(seq, max(known + random.randint(-30, 9), 0), coin or "USD", rate))
            log[-1][1].update(more)
        elif kind < 0.35:
            log.append(refunded(seq, old, random.choice((1, 50, 10**6))))
        else:
            more = {"id": old, "mm_revision": seq} if random.random() < 0.2 else {}
            at = max(known - random.choice((0, 0, 0, 4, 9)), 0)
            log.append(paid(seq, at, random.choice((None, 100, 333, 10**13)), coin, **more))
            log[-1][1]["card"] = random.choice(("a", "a", "a", "b", None))
    every_path(log, tmp_path / "state", random.randint(0, 60))


def test_a_row_that_cannot_be_folded_moves_nothing() -> None:
    """Neither the state nor what is looked up: the same row, mended, is taken."""
    plan = plan_of()
    live = Live.start(plan, tables_of(plan, []))
    live.fold(*rated(1, 0, "USD", 0.5))
    for stream, told, missing in (
        (*paid(2, 9, 1, "USD"), "currency"),
        (*rated(2, 9, "USD", 1), "rate"),
    ):
        with pytest.raises(EngineError) as caught:
            live.fold(stream, {name: part for name, part in told.items() if name != missing})
        assert caught.value.code == "engine.live.row"
        assert live.seq == 1
    assert lived(live, [paid(2, 9, 100, "USD"), paid(3, 9, 0, "EUR")])[1][-1] == 0.5


def test_a_row_of_a_table_is_told_to_all_who_look_there_or_to_none() -> None:
    """Two streams look up different fields: what one of them could not fold, neither has."""
    holder = mm.Table("holder", of=card, valid_from="since", id="id",
                      fields={"level": mm.Fixed(2), "rank": mm.Fixed(1)})  # fmt: skip
    login = mm.Event("login", id="id", at="at", keys={"card": card}, fields={"tries": mm.Integer()})
    paid_ = mm.Event("paid", id="id", at="at", keys={"card": card}, fields={"amount": mm.Fixed(2)})
    ranks = (login["tries"] * holder["rank"]).fixed(1).sum().by("card").over("60s")
    levels = (paid_["amount"] * holder["level"]).fixed(2).sum().by("card").over("60s")
    live = Live.start(plan := compile_plan(mm.Features(paid_, ranks=ranks, levels=levels)), {
        "paid": pa.table({n: pa.array([], pa.int64()) for n in (*LOG, "id", "card", "amount")})
    })  # fmt: skip
    split = SplitLive.here(plan, 2)
    told = row(1, 0, card="a", level=200, rank=30)
    for bad in ({"level": "x"}, {"rank": "x"}, {"mm_at": "noon"}, {"card": ["x"]}):
        for state in (live, split):
            with pytest.raises(EngineError) as caught:
                state.fold("holder", told | bad)
            assert caught.value.code == "engine.live.row"
    for state in (live, split):
        state.fold("holder", told)
        state.fold("login", row(2, 1, card="a", tries=2))
        state.decide(row(3, 2, card="a", amount=100))
        assert state.decide(row(4, 3, card="a", amount=100)).tolist() == [2.0, 6.0]


def test_an_event_with_a_wrong_key_to_look_up_by_moves_no_other_stream() -> None:
    """No group is by that key, so the lookup refuses it; another stream's had gone on to its place
    in the log, and took no row before it any more."""
    coin = mm.Entity("coin", type="integer")
    rate = mm.Table("rate", of=coin, valid_from="since", id="id", fields={"rate": mm.Fixed(1)})
    keys = {"card": card, "coin": coin}
    login = mm.Event("login", id="id", at="at", keys=keys, fields={"tries": mm.Integer()})
    paid_ = mm.Event("paid", id="id", at="at", keys=keys, fields={"amount": mm.Fixed(1)})
    tries = (login["tries"] * rate["rate"]).fixed(1).sum().by("card").over("60s")
    spent = (paid_["amount"] * rate["rate"]).fixed(2).sum().by("card").over("60s")
    plan = compile_plan(mm.Features(paid_, tries=tries, spent=spent))
    names = (*LOG, "id", "card", "coin", "amount")
    tables = {"paid": pa.table({name: pa.array([], pa.int64()) for name in names})}
    for state in (Live.start(plan, tables), SplitLive.here(plan, 2)):
        with pytest.raises(EngineError) as caught:
            state.decide(row(1000, 9, card="a", coin="EUR", amount=10))
        assert caught.value.code == "engine.live.row"
        state.fold("rate", row(1, 0, coin=7, rate=20))
        state.fold("login", row(2, 1, card="a", coin=7, tries=3))
        assert state.decide(row(3, 2, card="a", coin=7, amount=10))[-1] == 6.0


def test_a_stream_without_rows_looks_nothing_up() -> None:
    """One that refers to another, too, of which no table came: none, as if it were empty."""
    back = mm.Event("back", id="back_id", at="at", refers_to=payment, reverses="amount",
                    keys={"card": card, "currency": currency},
                    fields={"amount": mm.Fixed(2)})  # fmt: skip
    in_euro = back["amount"].in_currency("EUR", rates, by="currency").fixed(2)
    plan = compile_plan(mm.Features(payment, back=in_euro.sum().by("card").over("60s")))
    tables = tables_of(plan_of(), [paid(1, 0, 100, "EUR"), paid(2, 1, 100, "EUR")])
    assert replay(plan, tables).features.tolist() == [[0.0], [0.0]]
    live = Live.start(plan, tables)
    live.fold("back", row(3, 2, id="x9", back_id="b3", card="a", currency="EUR", amount=50))
    assert live.decide(paid(4, 3, 100, "EUR")[1]).tolist() == [0.5]


def test_a_table_goes_by_the_key_that_it_is_looked_up_by_where_its_rows_stay() -> None:
    """Not where events look it up by another key, nor where a correction may move a row."""
    group = ("card",)
    for stated, revised, roles, key in (
        (None, True, group, group),
        ("id", False, group, group),
        ("id", True, group, ()),
        (None, True, ("card", "currency"), ()),
        (None, True, ("currency",), ()),
    ):
        rules: dict[str, Any] = {"revision": "revision"} if revised else {}
        holder = mm.Table("holder", of=card, valid_from="since", id=stated, **rules,
                          fields={"level": mm.Fixed(2)})  # fmt: skip
        levels = (payment["amount"] * holder["level"]).fixed(2).sum().by(*roles).over("60s")
        plan = compile_plan(mm.Features(payment, levels=levels))
        (place,) = [i for i, one in enumerate(plan.groups) if one.columns]
        assert tables_by_key(plan, place) == {"holder": key}
        assert seen_whole(plan, place) == (frozenset() if key else {"holder"})
