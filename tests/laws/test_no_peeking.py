"""Law 3: a value at a request is unchanged by anything that is logged after it."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laws.drawn import Log, drawn_log, drawn_plan, tables_of
from mintmark.engine.history import replay
from mintmark.plan import Plan

RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def features(plan: Plan, log: Log) -> np.ndarray:
    """What a replay of a log gives."""
    return replay(plan, tables_of(log)).features


@settings(max_examples=120, **RELAXED)
@given(random=st.randoms(use_true_random=False), rows=st.integers(1, 30))
def test_what_comes_after_changes_nothing_before(random: Random, rows: int) -> None:
    """Cut a log anywhere: every request before the cut has the bits that the whole log gives it."""
    plan, log = drawn_plan(random), drawn_log(random, rows=rows)
    whole = features(plan, log)
    cut = random.randint(0, rows)
    before = features(plan, log[:cut])
    assert before.tobytes() == whole[: len(before)].tobytes()


@settings(max_examples=120, **RELAXED)
@given(random=st.randoms(use_true_random=False), rows=st.integers(2, 30))
def test_another_future_is_the_same_past(random: Random, rows: int) -> None:
    """Replace all that follows a row, dates in the past included: what came before stays."""
    plan, log = drawn_plan(random), drawn_log(random, rows=rows)
    cut = random.randint(1, rows)
    other = drawn_log(random, rows=rows)[cut:]
    for stream, row in other:
        # Ids of the other future are its own; labels may still point into the shared past.
        row["id"] = f"other {row['id']}"
        if stream != plan.request:
            row["mm_at"] = random.choice((row["mm_at"], log[0][1]["mm_at"]))
    shared = sum(stream == plan.request for stream, _ in log[:cut])
    first = features(plan, log)[:shared]
    second = features(plan, log[:cut] + other)[:shared]
    assert first.tobytes() == second.tobytes()
