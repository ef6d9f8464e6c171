"""Memory that grows in place where the system lends address space, and by copying elsewhere."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import mintmark as mm
from engine.made import amount, paid, payments, plan_of
from mintmark.engine import arena, state
from mintmark.engine.live import Live


@pytest.mark.skipif(sys.platform != "linux", reason="other systems lend no address space")
def test_reserved_words_are_zeros_that_cost_nothing_until_used() -> None:
    """As many as the machine has memory; a word that is written stays written."""
    words = arena.reserved(arena.memory_bytes() // 8, 16)
    assert len(words) == arena.memory_bytes() // 8
    words[len(words) // 2] = 7
    assert (words[0], words[len(words) // 2], words[-1]) == (0, 7, 0)


def test_where_nothing_can_be_reserved_there_is_the_least() -> None:
    """A plain array of zeros."""
    assert arena.reserved(8, 16).tolist() == [0] * 16
    assert len(arena.reserved(0, 0)) == 1


def test_growing_keeps_what_stood_there() -> None:
    """Rows of any shape; what is new is 0."""
    rows = np.arange(6, dtype=np.int64).reshape(3, 2)
    larger = arena.grown(rows, 5)
    assert larger.shape == (5, 2)
    assert (larger[:3] == rows).all()
    assert not larger[3:].any()


def test_a_state_that_grows_by_copying_answers_the_same_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Heap, directory and tables run short again and again, under one key and under many."""
    plan = plan_of(
        n=mm.count().by("card").over("lifetime"),
        kinds=amount.distinct().by("card").over("lifetime"),
        median=amount.quantile(0.5).by("card").over("60s"),
        usual=amount.mode().by("card").over("300s"),
    )
    rows = [
        paid(seq, seq - 3 * (seq % 5 == 0), seq * 37 % 1_013, card=f"c{seq % 70 * (seq % 3 == 0)}")
        for seq in range(4_000)
    ]
    plain = Live.start(plan, {"payment": payments([])})
    expected = [plain.decide(row).tobytes() for row in rows]
    monkeypatch.setattr(state, "reserved", lambda words, least: np.zeros(least, dtype=np.int64))
    small = Live.start(plan, {"payment": payments([])})
    assert [small.decide(row).tobytes() for row in rows] == expected
