"""Live state takes a row whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mintmark as mm
from engine.made import amount, fraud, paid, payment, payments, plan_of, told
from mintmark.engine.history import replay
from mintmark.engine.live import Live
from mintmark.ground import EngineError

PLAN = plan_of(
    n=mm.count().by("card").over("lifetime"),
    total=amount.sum().by("card").over("lifetime"),
    risk=payment.outcome(fraud, settles_after="0s").mean().by("card").over("lifetime"),
)


def started() -> Live:
    """A state after one payment."""
    return Live.start(PLAN, {"payment": payments([paid(5, 0)])})


def state_bytes(live: Live, path: Path) -> bytes:
    """Everything that a state is."""
    live.snapshot(path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("stream", "row"),
    [
        ("payment", paid(5, 1)),
        ("payment", paid(4, 1)),
        ("payment", paid(6, 1) | {"amount": 1.5}),
        ("payment", paid(6, 1) | {"amount": "12"}),
        ("payment", paid(6, 1) | {"amount": 2**70}),
        ("payment", paid(6, 1) | {"mm_at": None}),
        ("payment", {k: v for k, v in paid(6, 1).items() if k != "card"}),
        ("payment", {k: v for k, v in paid(6, 1).items() if k != "id"}),
        ("payment", paid(6, 1) | {"card": ["a"]}),
        ("report", told(6, "p5") | {"fraud": "yes"}),
        ("report", told(6, "p5") | {"mm_revision": None}),
        ("report", {"mm_seq": 6}),
        ("report", {}),
    ],
)
def test_a_row_that_does_not_fit_moves_nothing(
    tmp_path: Path, stream: str, row: dict[str, Any]
) -> None:
    """An error in our form, and the same state as before, bit for bit."""
    live = started()
    before = state_bytes(live, tmp_path / "before")
    with pytest.raises(EngineError) as caught:
        live.fold(stream, row)
    assert caught.value.code in ("engine.live.order", "engine.live.row")
    assert state_bytes(live, tmp_path / "after") == before


def test_a_decision_counts_for_the_next_one() -> None:
    """`decide` inserts its row; `fold` of a request does the same and answers nothing."""
    live = started()
    assert live.decide(paid(6, 1, 50)).tolist()[:1] == [1]
    live.fold("payment", paid(7, 1, 25))
    features = dict(zip(live.names, live.decide(paid(8, 1)), strict=True))
    assert features["n"] == 3
    assert features["total"] == 1.75


def test_a_stream_that_the_plan_does_not_read_moves_only_the_position() -> None:
    """Its rows are part of the log, and of nothing else."""
    live = started()
    live.fold("visit", {"mm_seq": 9})
    assert live.seq == 9
    with pytest.raises(EngineError, match="comes before"):
        live.decide(paid(8, 1))


def test_decisions_equal_a_replay_that_goes_further(tmp_path: Path) -> None:
    """Resume after a replay, decide the rest: the bytes of the replay over everything."""
    rows = [paid(seq, seq // 3, seq * 7 % 40, card="abc"[seq % 3]) for seq in range(1, 300)]
    whole = replay(PLAN, {"payment": payments(rows)})
    part = replay(PLAN, {"payment": payments(rows[:100])}, keep_state=True)
    assert part.live is not None
    decided = np.array([part.live.decide(row) for row in rows[100:]])
    assert decided.tobytes() == whole.features[100:].tobytes()


def test_an_event_whose_id_came_before_is_not_what_labels_mean() -> None:
    """The first event of an id keeps its labels, replayed and live alike."""
    rows = [paid(1, 0), paid(2, 0, card="b", id="p1"), paid(4, 1), paid(5, 1, card="b")]
    live = Live.start(PLAN, {"payment": payments(rows[:2])})
    live.fold("report", told(3, "p1"))
    risk = list(live.names).index("risk")
    assert [live.decide(row)[risk] for row in rows[2:]] == [1.0, 0.0]
