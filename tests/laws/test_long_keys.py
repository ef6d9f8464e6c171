"""Law 1 on long keys: those that keep their pace, and those that stand in pages.

The oracle is quadratic, so it answers some of the requests, the last ones among them; the others
are held to the replay, whose answers to those it has been held to.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from laws.drawn import drawn_log, drawn_plan, tables_of
from laws.paths import answered, expected_at, some_features
from mintmark.engine import layout, state
from mintmark.engine.history import replay
from mintmark.plan import Plan

RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
ASKED = 5
"""Requests that the oracle answers, beside the last two."""


def check_long_keys(random: Random, rows: int, path: Path) -> None:
    """Draw a plan and a long log, and hold every path to the replay and this to the oracle."""
    plain = random.random() < 0.5
    plan = drawn_plan(random, plain=plain)
    log = drawn_log(random, rows=rows, plain=plain, long=True)
    replayed = [row.tobytes() for row in replay(plan, tables_of(log)).features]
    n = len(replayed)
    places = sorted({*random.sample(range(n), min(n, ASKED)), *range(max(n - 2, 0), n)})
    assert [replayed[place] for place in places] == expected_at(plan, log, places), "replay"
    for way, first, bits in answered(plan, log, random.randint(0, rows), path):
        assert bits == replayed[first:], way
    for place, bits in some_features(plan, log, random):
        assert bits == replayed[place], f"asked now and then, {place}"


@settings(max_examples=90, phases=[Phase.generate], **RELAXED)
@given(seed=st.integers(0, 2**63))
def test_long_keys_give_the_oracles_bits(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Keys of 100 to 400 events, late, corrected and reversed ones among them."""
    random = Random(seed)
    rows = random.choice((250, 500, 900))
    check_long_keys(random, rows, tmp_path_factory.getbasetemp() / "state")


@pytest.mark.parametrize("seed", range(12))
def test_keys_in_pages_give_the_oracles_bits(tmp_path: Path, seed: int) -> None:
    """A key of more events than one page holds."""
    random = Random(seed)
    check_long_keys(random, 5 * layout.PAGE // 2, tmp_path / "state")


@settings(max_examples=40, phases=[Phase.generate], **RELAXED)
@given(seed=st.integers(0, 2**63))
def test_where_memory_grows_by_copying(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """The same where the system lends no address space: heaps and tables run short on the way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "reserved", lambda words, least: np.zeros(least, dtype=np.int64))
        check_long_keys(Random(seed), 400, tmp_path_factory.getbasetemp() / "state")


@settings(max_examples=350, phases=[Phase.generate], **RELAXED)
@given(seed=st.integers(0, 2**63))
def test_long_keys_replayed_and_live_are_one(seed: int) -> None:
    """More plans and logs, where the replay and a few answers of the oracle are the measure."""
    random = Random(seed)
    plain = random.random() < 0.5
    plan: Plan = drawn_plan(random, plain=plain)
    log = drawn_log(random, rows=200, plain=plain, long=True)
    replayed = [row.tobytes() for row in replay(plan, tables_of(log)).features]
    if replayed:
        last = len(replayed) - 1
        assert replayed[last:] == expected_at(plan, log, [last])
    for place, bits in some_features(plan, log, random):
        assert bits == replayed[place], place
