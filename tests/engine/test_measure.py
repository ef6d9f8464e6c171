"""The memory of a state: what is in use and what is held free, to the byte."""

from __future__ import annotations

from pathlib import Path

import mintmark as mm
from engine.made import amount, paid, plan_of
from mintmark.engine import Live
from mintmark.engine.batch import empty_table
from mintmark.engine.program import lower
from mintmark.plan import Plan

LONG = 100
PLAN = plan_of(
    mean=amount.mean().by("card").over("30d"), kinds=amount.distinct().by("card").over("30d")
)


def started(plan: Plan) -> Live:
    """Live state without a row."""
    return Live.start(plan, {"payment": empty_table(lower(plan).streams["payment"])})


def test_a_state_of_a_few_events() -> None:
    """Blocks of four events of three words, and a line of the directory for each key."""
    live = started(PLAN)
    assert live.memory().form()["used_bytes"] == 64, "the row of no key"
    for seq, card in enumerate("abab"):
        live.decide(paid(seq, seq, card=card))
    (group,) = live.memory().groups
    assert (group.name, group.keys, group.events) == ("payment by card", 2, 4)
    assert group.used_bytes == 3 * 64 + 2 * 4 * 3 * 8
    assert (group.free_bytes, group.largest_events) == (0, 2)


def test_what_a_key_grew_out_of_is_held_free(tmp_path: Path) -> None:
    """A long key has a block of 128 events and its running parts; all that is held adds up."""
    live = started(PLAN)
    for seq in range(LONG):
        live.decide(paid(seq, seq, 100 * seq))
    live.decide(paid(LONG, LONG, card="b"))
    (group,) = live.memory().groups
    assert (group.keys, group.events, group.largest_events) == (2, LONG + 1, LONG)
    assert group.largest_bytes > 64 + 128 * 3 * 8
    assert group.used_bytes + group.free_bytes + 8 == live.bytes
    assert group.free_bytes >= (8 + 16 + 32 + 64) * 3 * 8
    live.snapshot(tmp_path / "state")
    assert Live.restore(tmp_path / "state", PLAN).memory() == live.memory()


def test_a_key_in_pages() -> None:
    """Pages are counted as they are taken: what is forgotten is held free, and used again."""
    plan = plan_of(n=mm.count().by("card").over(last=10))
    live = started(plan)
    for seq in range(5000):
        live.decide(paid(seq, seq))
    (group,) = live.memory().groups
    assert group.events < 2500
    assert group.used_bytes < 3 * 1024 * 2 * 8 + 5000
    assert group.used_bytes + group.free_bytes + 8 == live.bytes
    assert "held free" in "\n".join(live.memory().lines())
