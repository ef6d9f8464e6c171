"""A snapshot is written beside the folding, of the moment at which it was asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import mintmark as mm
from engine.made import amount, fraud, paid, payment, payments, plan_of, told
from mintmark.engine.beside import beside
from mintmark.engine.live import Live
from mintmark.ground import EngineError

PLAN = plan_of(
    n=mm.count().by("card").over("lifetime"),
    mean=amount.mean().by("card").over("60s"),
    risk=payment.outcome(fraud, settles_after="3s").mean().by("card").over("lifetime"),
)


def started() -> Live:
    """A state with some history."""
    live = Live.start(PLAN, {"payment": payments([])})
    for seq in range(300):
        live.decide(paid(seq, seq, seq % 17, card="abc"[seq % 3]))
    live.fold("report", told(300, "p7"))
    return live


def test_a_snapshot_beside_equals_one_made_on_the_spot(tmp_path: Path) -> None:
    """The parent folds on at once; the file holds the state of before, bit for bit."""
    live = started()
    live.snapshot(tmp_path / "spot")
    writing = live.snapshot_beside(tmp_path / "beside")
    answers = [live.decide(paid(seq, seq, 3)).tobytes() for seq in range(301, 340)]
    writing.wait()
    assert (tmp_path / "beside").read_bytes() == (tmp_path / "spot").read_bytes()
    restored = Live.restore(tmp_path / "beside", PLAN)
    assert restored.seq == 300
    assert [restored.decide(paid(seq, seq, 3)).tobytes() for seq in range(301, 340)] == answers
    assert sorted(file.name for file in tmp_path.iterdir()) == ["beside", "spot"]


def test_done_says_when_it_is_over(tmp_path: Path) -> None:
    """Asked again and again, it is done once and for all."""
    live = started()
    writing = live.snapshot_beside(tmp_path / "beside")
    while not writing.done():
        live.fold("report", told(live.seq + 1, "p9"))
    assert Live.restore(tmp_path / "beside", PLAN).seq == 300


def test_a_failure_is_told_and_leaves_the_old_file(tmp_path: Path) -> None:
    """A folder that is gone: the parent hears of it and goes on."""
    live = started()
    live.snapshot(tmp_path / "state")
    before = (tmp_path / "state").read_bytes()
    with pytest.raises(EngineError) as caught:
        live.snapshot_beside(tmp_path / "nowhere" / "state").wait()
    assert caught.value.code == "engine.snapshot.beside"
    assert (tmp_path / "state").read_bytes() == before
    assert live.decide(paid(301, 301)).shape == (3,)


def test_a_copy_never_returns_into_its_caller(tmp_path: Path) -> None:
    """Whatever the work raises, the copy ends there; nothing of this test runs twice."""

    def wrong() -> None:
        (tmp_path / str(os.getpid())).touch()
        raise ValueError("the work is wrong")

    with pytest.raises(EngineError):
        beside(wrong).wait()
    assert len(list(tmp_path.iterdir())) == 1
