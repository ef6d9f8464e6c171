"""Windows with a cap: null where more came than it says, on every path, and no more kept."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import mintmark as mm
from mintmark.engine import Live, replay
from mintmark.engine.history import replay_pieces
from mintmark.engine.oracle import oracle
from mintmark.plan import Plan, compile_plan

SECOND = 1_000_000
card = mm.Entity("card")
LOG_COLUMNS = ("mm_seq", "mm_at", "mm_known_at", "mm_revision")
Row = dict[str, Any]


def world(revision: str | None) -> tuple[mm.Event, mm.Event]:
    """Payments that may be corrected or not, and refunds of them where they may."""
    keys: Any = {"card": card}
    rules: Any = {"at": "at", "fields": {"amount": mm.Money("EUR")}}
    takes: Any = {}
    if revision is not None:
        rules["revision"], takes["reverses"] = revision, "amount"
    payment = mm.Event("payment", id="id", lateness="5s", keys=keys, **rules)
    return payment, mm.Event("refund", id="refund_id", refers_to=payment, **rules, **takes)


def capped(revision: str | None, cap: int, span: str = "60s", **more: Any) -> Plan:
    """The sum of a capped window, whether it was cut, and the sum of the same without a cap."""
    payment, _ = world(revision)
    amount = payment["amount"]
    whole = amount.sum().by("card").over(span, cap=cap, **more)
    features = {
        "cut": whole.capped(),
        "sum": whole,
        "uncapped": amount.sum().by("card").over(span, **more),
    }
    return compile_plan(mm.Features(payment, **features))


def paid(seq: int, at: int, minor: int = 1, **more: Any) -> tuple[str, Row]:
    """A payment of card "a", at seconds."""
    row: Row = dict.fromkeys(LOG_COLUMNS, 0) | {"mm_seq": seq, "mm_at": at * SECOND}
    row |= {"mm_known_at": at * SECOND, "id": f"p{seq}", "card": "a", "amount": minor} | more
    return "payment", row


def refunded(seq: int, of: str, minor: int) -> tuple[str, Row]:
    """A refund of a payment."""
    row: Row = dict.fromkeys(LOG_COLUMNS, 0) | {"mm_seq": seq, "refund_id": f"r{seq}"}
    return "refund", row | {"payment_id": of, "id": of, "amount": minor}


def tables_of(plan: Plan, log: list[tuple[str, Row]]) -> dict[str, pa.Table]:
    """The tables of a log."""
    found = {}
    for form in plan.events:
        names = [*LOG_COLUMNS, form["id"], *form["keys"], *form["fields"]]
        names += [form["refers_by"]] if form["refers_by"] else []
        rows = [row for stream, row in log if stream == form["name"]]
        text = {form["id"], form["refers_by"], *form["keys"]}
        found[form["name"]] = pa.table({
            n: pa.array([r[n] for r in rows], pa.string() if n in text else pa.int64())
            for n in dict.fromkeys(names)
        })  # fmt: skip
    return found


def every_path(plan: Plan, log: list[tuple[str, Row]], path: Path) -> list[list[float]]:
    """What every path answers, the paths held to be alike."""
    tables = tables_of(plan, log)
    truth = np.array(oracle(plan, tables))
    assert replay(plan, tables).features.tobytes() == truth.tobytes()
    live, told = Live.start(plan, tables_of(plan, [])), []
    for place, (stream, row) in enumerate(log):
        if place == len(log) // 2:
            live.snapshot(path)
            live = Live.restore(path, plan)
        if stream == plan.request:
            told.append(live.decide(row))
        else:
            live.fold(stream, row)
    assert np.array(told).tobytes() == truth.tobytes()
    answers: list[list[float]] = truth.tolist()
    return answers


def said(features: list[list[float]]) -> list[Any]:
    """The sums, "cut" where the flag says so."""
    assert all(np.isnan(total) == (cut == 1.0) for cut, total, _ in features)
    return ["cut" if cut else round(total * 100) for cut, total, _ in features]


@pytest.mark.parametrize("revision", [None, "revision"])
def test_a_cut_window_is_null_and_says_so(tmp_path: Path, revision: str | None) -> None:
    """Three of sixty seconds: the fourth cuts it, until the first has left; a late one cuts too."""
    log = [paid(1, 10), paid(2, 20), paid(3, 30), paid(4, 30), paid(5, 40), paid(6, 71)]
    log += [paid(7, 81), paid(8, 77), paid(9, 150)]
    told = said(every_path(capped(revision, 3), log, tmp_path / "state"))
    assert told == [0, 1, 2, 3, "cut", "cut", "cut", "cut", 0]


@pytest.mark.parametrize("revision", [None, "revision"])
def test_the_request_itself_may_be_what_cuts(tmp_path: Path, revision: str | None) -> None:
    """With itself counted the third payment of two is the first that is cut."""
    log = [paid(1, 10), paid(2, 20), paid(3, 30)]
    plan = capped(revision, 2, include_current=True)
    assert said(every_path(plan, log, tmp_path / "state")) == [1, 2, "cut"]


def test_what_was_taken_back_still_counts_towards_the_cap(tmp_path: Path) -> None:
    """Two of three left: the window stays cut, for what came before them may be forgotten."""
    log = [paid(1, 10, 5), paid(2, 20), paid(3, 30), refunded(4, "p1", 2), paid(5, 40)]
    log += [refunded(6, "p1", 9), paid(7, 50), paid(8, 72, id="p7", mm_revision=1, amount=7)]
    log += [paid(9, 101)]
    told = every_path(capped("revision", 3), log, tmp_path / "state")
    assert said(told) == [0, 5, 6, 5, "cut", "cut", 7]
    assert [round(row[2] * 100) for row in told][4:6] == [3, 3], "what is left, had it no cap"


@pytest.mark.parametrize("revision", [None, "revision"])
def test_a_cap_is_all_that_is_kept(revision: str | None) -> None:
    """30,000 payments in one window: 100 and what may come late stay, and a page or two."""
    plan = compile_plan(
        mm.Features(
            world(revision)[0],
            mean=world(revision)[0]["amount"].mean().by("card").over("30d", cap=100),
        )
    )
    live = Live.start(plan, tables_of(plan, []))
    for seq in range(1, 30_001):
        (answer,) = live.decide(paid(seq, seq)[1])
        assert np.isnan(answer) == (seq == 1 or seq > 101)
    # At most one block of a page, what was grown out of, and the pace; of two states where the
    # count of all that came has its own.
    assert live.bytes < 2 * 8 * 4 * 1024


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("revision", [None, "revision"])
def test_long_keys_in_pages_say_what_is_whole(seed: int, revision: str | None) -> None:
    """6,000 payments, a third of them late, a cap above a page: equal to no cap, or null."""
    random = Random(seed)
    plan = capped(revision, 1500, span="2000s", ties=random.choice(("before", "none")))
    log = []
    for seq in range(1, 6001):
        at = seq - random.choice((0, 0, 1, 4)) + (seq // 2500) * 900
        log.append(paid(seq, at, random.randint(1, 99)))
        if revision and random.random() < 0.1:
            of = f"p{random.randint(max(1, seq - 900), seq)}"
            log[-1] = paid(seq, at, 7, id=of, mm_revision=seq)
    live = Live.start(plan, tables_of(plan, []))
    told = np.array([live.decide(row) for _, row in log])
    whole = told[:, 0] == 0
    assert 500 < whole.sum() < 5500
    assert np.isnan(told[~whole, 1]).all()
    assert (told[whole, 1] == told[whole, 2]).all()
    assert replay(plan, tables_of(plan, log)).features.tobytes() == told.tobytes()


def test_what_comes_after_a_request_pushes_nothing_out_of_its_window() -> None:
    """A request at the very line, read together with one that makes its key forget, in pieces."""
    payment, _ = world(None)
    plan = compile_plan(mm.Features(payment, n=mm.count().by("card").over(last=2)))
    log = [paid(seq, at) for seq, at in enumerate((0, 10, 20, 30, 25, 40), 1)]
    pieces = replay_pieces(plan, tables_of(plan, log), piece=2)
    assert [row[0] for piece in pieces for row in piece.features.tolist()] == [0, 1, 2, 2, 2, 2]
