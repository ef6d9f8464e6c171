"""A snapshot of an earlier day goes on with the values that it would have had, or is refused."""

from __future__ import annotations

import lzma
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mintmark.define.catalogue import aggregate_kind, names
from mintmark.engine import Live, replay
from mintmark.ground import EngineError
from mintmark.plan import Plan, kind_digests
from mintmark.plan.node import Window
from mintmark.testing.small_logs import COLUMNS, aggregates_of, plan_of, tables_of
from mintmark.testing.unit_values import fixed_log
from testing.params import PARAMS

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "state.xz"
WINDOWS = (Window(), Window(span_us=500), Window(last=70))
ROWS, KEPT = 800, 600
REFUSED = tuple(f"engine.snapshot.{why}" for why in ("missing", "foreign", "version", "plan"))


def plan_of_all() -> Plan:
    """Every kind over three windows, each with the digest of what it declares."""
    aggregates = []
    for name in names():
        kind = aggregate_kind(name)
        column = next(i for i, one in enumerate(COLUMNS) if one.kind in kind.takes)
        params = PARAMS.get(name, ((),))[-1:]
        aggregates += list(aggregates_of(replace(kind, rows=False), [column], WINDOWS, params))
    return replace(plan_of("event", aggregates), kinds=kind_digests(names()))


def test_words_that_were_kept_mean_what_they_did(tmp_path: Path) -> None:
    """Restored, the golden state answers as the whole log does; MINTMARK_GOLDEN=write writes one
    where that of before is refused."""
    plan, log = plan_of_all(), fixed_log(ROWS, largest=10**13)
    truth = replay(plan, tables_of(log)).features
    path = tmp_path / "state"
    if GOLDEN.exists():
        path.write_bytes(lzma.decompress(GOLDEN.read_bytes()))
    live = restored(path, plan)
    if live is None:
        if os.environ.get("MINTMARK_GOLDEN") != "write":
            pytest.fail("the golden state is refused: say MINTMARK_GOLDEN=write")
        Live.start(plan, tables_of(log[:KEPT])).snapshot(path)
        GOLDEN.write_bytes(lzma.compress(path.read_bytes(), preset=9))
        live = Live.restore(path, plan)
    done = sum(stream == "event" for stream, _ in log[:KEPT])
    rest = [row for stream, row in log[KEPT:] if stream == "event"]
    answers = np.array([live.decide(row) for row in rest])
    moved = ~np.all(answers.view(np.int64) == truth[done:].view(np.int64), axis=0)
    kinds = sorted({plan.aggregates[place].kind for place in np.flatnonzero(moved)})
    assert not kinds, (
        f"{', '.join(kinds)} cannot go on from words that were kept before: raise VERSION in the "
        "file of the state, or FORMAT in engine.sentinel"
    )


def restored(path: Path, plan: Plan) -> Live | None:
    """Return the state of a snapshot, None for one of another version or plan."""
    try:
        return Live.restore(path, plan)
    except EngineError as error:
        if error.code not in REFUSED:
            raise
        return None
