"""Law 1: oracle ≡ replay ≡ live ≡ restored ≡ resumed, bit for bit."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laws.drawn import Log, drawn_log, drawn_plan, tables_of

from mintmark.engine.history import replay
from mintmark.engine.live import Live
from mintmark.engine.oracle import oracle
from mintmark.plan import Plan

RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def live_features(live: Live, plan: Plan, log: Log) -> list[bytes]:
    """What a live state answers to the requests of a log, row by row."""
    answers = []
    for stream, row in log:
        if stream == plan.request:
            answers.append(live.decide(row).tobytes())
        else:
            live.fold(stream, row)
    return answers


def expected(plan: Plan, log: Log) -> list[bytes]:
    """What the oracle answers."""
    return [np.array(row).tobytes() for row in oracle(plan, tables_of(log))]


def check_all_paths(plan: Plan, log: Log, cut: int, path: Path) -> None:
    """Hold every way of folding a log to the oracle."""
    truth = expected(plan, log)
    tables = tables_of(log)
    replayed = replay(plan, tables)
    assert [row.tobytes() for row in replayed.features] == truth, "replay"

    fresh = Live.start(plan, tables_of([]))
    assert live_features(fresh, plan, log) == truth, "live"

    before, after = log[:cut], log[cut:]
    rest = truth[sum(stream == plan.request for stream, _ in before) :]
    resumed = replay(plan, tables_of(before), keep_state=True).live
    assert resumed is not None
    assert live_features(resumed, plan, after) == rest, "resumed from a replay"
    started = Live.start(plan, tables_of(before))
    started.snapshot(path)
    assert live_features(started, plan, after) == rest, "resumed from a start"
    restored = Live.restore(path, plan)
    assert live_features(restored, plan, after) == rest, "restored"


@settings(max_examples=150, **RELAXED)
@given(random=st.randoms(use_true_random=False), rows=st.integers(0, 30), cut=st.integers(0, 30))
def test_every_path_gives_the_oracles_bits(
    tmp_path_factory: pytest.TempPathFactory, random: Random, rows: int, cut: int
) -> None:
    """Any plan, any log: replay, live, resumed and restored state equal the oracle, bit for bit."""
    plan, log = drawn_plan(random), drawn_log(random, rows=rows)
    path = tmp_path_factory.getbasetemp() / "state"
    check_all_paths(plan, log, min(cut, rows), path)
