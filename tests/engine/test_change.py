"""A plan that joins a running one: backfilled beside, caught up, equal to a fold from the start."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from laws.drawn import drawn_log, drawn_plan, tables_of
from mintmark.engine.change import Joining
from mintmark.engine.history import replay
from mintmark.engine.live import Live
from mintmark.ground import EngineError


def test_a_plan_joins_while_another_answers() -> None:
    """Rows offered while the past is folded are caught up; then the answers are those of replay."""
    for seed in range(30):
        plan = drawn_plan(Random(seed))
        other = drawn_plan(Random(seed + 1000))
        log = drawn_log(Random(seed), rows=40)
        running = Live.start(other, tables_of([]))
        joining = None
        joined: list[np.ndarray] = []
        live = None
        for place, (stream, row) in enumerate(log):
            if place == 15:
                joining = Joining(plan, tables_of(log[:15]))
            if live is not None:
                if stream == plan.request:
                    joined.append(live.decide(row))
                else:
                    live.fold(stream, row)
                continue
            if stream == other.request:
                running.decide(row)
            else:
                running.fold(stream, row)
            if joining is not None:
                joining.offer(stream, row)
            if place == 30:
                assert joining is not None
                while not joining.catch_up(4):
                    pass
                live = joining.join()
        wanted = replay(plan, tables_of(log)).features
        told = np.array(joined).reshape(-1, wanted.shape[1])
        assert told.tobytes() == wanted[len(wanted) - len(told) :].tobytes(), seed


def test_a_plan_that_is_behind_does_not_answer() -> None:
    """Joining with rows left to fold is refused, and loses nothing."""
    plan = drawn_plan(Random(3))
    log = drawn_log(Random(3), rows=10)
    joining = Joining(plan, tables_of(log[:5]))
    for stream, row in log[5:]:
        joining.offer(stream, row)
    with pytest.raises(EngineError) as caught:
        joining.join()
    assert caught.value.code == "engine.change.behind"
    while not joining.catch_up(2):
        pass
    assert joining.join().seq == log[-1][1]["mm_seq"]
