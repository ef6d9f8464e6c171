"""Law 1 where lifetimes forget: events leave into the past of their key, and no bit moves."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import mintmark as mm
from laws.drawn import drawn_log, drawn_plan, tables_of
from laws.paths import answered, expected_at, live_features
from mintmark.engine import Live, layout, replay
from mintmark.engine.history import replay_pieces
from mintmark.engine.oracle import oracle
from mintmark.plan import Plan, compile_plan

RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
ASKED = 6
DAY_US = 86_400 * 10**6


def heads(live: Live) -> int:
    """How many events have left, of all keys of all groups."""
    return sum(int(store.keys[: store.n_keys, layout.KEY_HEAD].sum()) for store in live._stores)


def check_lifetimes(random: Random, rows: int, path: Path) -> int:
    """Hold every path to the replay and this to the oracle; return how many events left live."""
    plan = drawn_plan(random, plain=True, lifetimes=True)
    log = drawn_log(random, rows=rows, plain=True, long=True)
    replayed = [row.tobytes() for row in replay(plan, tables_of(log)).features]
    n = len(replayed)
    places = sorted({*random.sample(range(n), min(n, ASKED)), *range(max(n - 2, 0), n)})
    assert [replayed[place] for place in places] == expected_at(plan, log, places), "replay"
    for way, first, bits in answered(plan, log, random.randint(0, rows), path):
        assert bits == replayed[first:], way
    small = replay_pieces(plan, tables_of(log), piece=random.choice((3, 10, 40)))
    assert [row.tobytes() for piece in small for row in piece.features] == replayed, "small pieces"
    live = Live.start(plan, tables_of([]))
    assert live_features(live, plan, log) == replayed
    return heads(live)


@settings(max_examples=120, phases=[Phase.generate], **RELAXED)
@given(seed=st.integers(0, 2**63))
def test_lifetimes_that_forget_give_the_oracles_bits(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Any kind that can do without its events, beside windows of every other form."""
    random = Random(seed)
    check_lifetimes(random, random.choice((60, 250, 700)), tmp_path_factory.getbasetemp() / "state")


@pytest.mark.parametrize("seed", range(6))
def test_long_lifetimes_in_pages(tmp_path: Path, seed: int) -> None:
    """Keys that grow into pages, and give them back."""
    check_lifetimes(Random(seed), 5 * layout.PAGE // 2, tmp_path / "state")


def test_most_of_what_is_drawn_forgets(tmp_path: Path) -> None:
    """The laws above would say nothing if no head moved."""
    moved = [check_lifetimes(Random(seed), 250, tmp_path / "state") for seed in range(25)]
    assert sum(events > 0 for events in moved) > 15


def years(events: int) -> tuple[Plan, pa.Table]:
    """Lifetimes beside a day, and payments of one card about every quarter of an hour."""
    card = mm.Entity("card")
    payment = mm.Event(
        "payment", id="id", at="at", keys={"card": card}, lateness="1h",
        fields={"amount": mm.Money("EUR", negative=True)},
    )  # fmt: skip
    amount, row = payment["amount"], mm.count().by("card")
    ever = {
        "n": row.over("lifetime"), "before_today": row.over("lifetime", offset="1d"),
        "sum": amount.sum().by("card").over("lifetime"),
        "std": amount.std().by("card").over("lifetime", include_current=True),
        "least": amount.min().by("card").over("lifetime"),
        "first": amount.first().by("card").over("lifetime"),
        "since": payment.at.since_first().by("card"),
        "gap": payment.at.gap_max().by("card"),
    }  # fmt: skip
    features = mm.Features(payment, today=amount.sum().by("card").over("1d"), **ever)
    random = Random(7)
    known_at = np.cumsum([random.randint(1, 1_800 * 10**6) for _ in range(events)])
    late = np.array([random.choice((0, 0, 0, 1, 3_000 * 10**6)) for _ in range(events)])
    return compile_plan(features), pa.table({
        "mm_seq": range(events), "mm_at": known_at - late, "mm_known_at": known_at,
        "mm_revision": [0] * events, "id": [f"p{i}" for i in range(events)], "card": ["a"] * events,
        "amount": [random.choice((None, 5, 100, -3, 10**12)) for _ in range(events)],
    })  # fmt: skip


def kept_events(live: Live) -> int:
    """How many events the state keeps."""
    return sum(group.events for group in live.memory().groups)


def test_a_hundred_thousand_events_of_a_lifetime_keep_a_thousand(tmp_path: Path) -> None:
    """Three years of a card: in a replay that keeps its state, live, and after a snapshot."""
    plan, table = years(100_000)
    folded = replay(plan, {"payment": table}, keep_state=True)
    assert folded.live is not None
    assert kept_events(folded.live) < 1_000
    places = [0, 1, 5_000, 99_999]
    truth = np.array(oracle(plan, {"payment": table}, places=places))
    assert folded.features[places].tobytes() == truth.tobytes()
    live, most = Live.start(plan, {"payment": table.slice(0, 0)}), 0
    for place, row in enumerate(table.to_pylist()):
        assert live.decide(row).tobytes() == folded.features[place].tobytes(), place
        most = max(most, kept_events(live)) if place % 97 == 0 else most
        if place == 60_000:
            live.snapshot(tmp_path / "state")
            live = Live.restore(tmp_path / "state", plan)
    assert most < 1_000
    # Blocks that were grown out of are held free: twice what is kept, at most.
    assert live.bytes < 2 * 1024 * 3 * 8 + 4_096
    started = Live.start(plan, {"payment": table})
    assert kept_events(started) < 1_000
    assert started.memory().groups[0].used_bytes < 2 * 1024 * 3 * 8 + 4_096
