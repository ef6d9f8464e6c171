"""The straight way of a request answers, refuses and leaves what the long way does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import mintmark as mm
from mintmark.engine.history import replay
from mintmark.engine.live import Live
from mintmark.ground import EngineError
from mintmark.plan import Plan, compile_plan

SECOND = 1_000_000
ROWS = 900
NEVER = 2**70


def plan(kind: str) -> Plan:
    """Windows over two entities and their pair, whose keys are of one type."""
    card, terminal = (mm.Entity(name, type=kind) for name in ("card", "terminal"))
    payment = mm.Event(
        "payment", id="id", at="paid_at", lateness="30s",
        keys={"card": card, "terminal": mm.Optional(terminal)},
        fields={"amount": mm.Money("EUR"), "land": mm.Category()},
    )  # fmt: skip
    amount = payment["amount"]
    features = {
        "n": mm.count().by("card").over("60s"),
        "most": amount.max().by("card").over("40s"),
        "spread": amount.std().by("card").over("200s"),
        "terminals": payment["terminal"].distinct().by("card").over("100s"),
        "faded": amount.decay_sum(half_life="640s").by("card").over("lifetime"),
        "weighed": amount.decay_mean(half_life="64s").by("card").over("300s"),
        "cards": payment["card"].distinct().by("terminal").over("90s", include_current=True),
        "lag": amount.lag(2).by("card", "terminal").over("lifetime"),
    }
    if kind == "text":
        features["lands"] = payment["land"].distinct().by("terminal").over("50s")
    return compile_plan(mm.Features(payment, **features))


def drawn(kind: str) -> list[dict[str, Any]]:
    """Payments in the order of their log, some late, some of them unsound."""
    draw = np.random.Generator(np.random.Philox(5))
    rows = []
    for seq in range(ROWS):
        at = seq // 2 * SECOND - int(draw.integers(0, 20)) * SECOND * int(draw.random() < 0.1)
        row: dict[str, Any] = {
            "mm_seq": seq, "mm_at": max(at, 0), "mm_known_at": seq // 2 * SECOND, "mm_revision": 0,
            "id": f"p{seq}", "card": int(draw.integers(0, 3)),
            "terminal": int(draw.integers(0, 2 + seq // 60)),
            "amount": int(draw.integers(0, 10**6)), "land": ["BE", "NL"][seq % 2],
        }  # fmt: skip
        if draw.random() < 0.05:
            row["terminal"] = None
        if kind == "text":
            keys = {name: row[name] for name in ("card", "terminal") if row[name] is not None}
            row |= {name: f"k{number}" for name, number in keys.items()}
        rows.append(row)
    return rows


def table(kind: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Payments as columns."""
    key = pa.int64() if kind == "integer" else pa.string()
    types = {"id": pa.string(), "card": key, "terminal": key, "land": pa.string()}
    return pa.table({n: pa.array([r[n] for r in rows], types.get(n, pa.int64())) for n in rows[0]})


def unsound(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Ways in which a row can be wrong, a new key or a new text among them."""
    wrong: list[dict[str, Any]] = [
        row | {"mm_seq": row["mm_seq"] - 1}, row | {"mm_seq": None}, row | {"mm_seq": 1.0},
        row | {"mm_at": "now"}, row | {"mm_at": NEVER}, row | {"mm_known_at": None},
        row | {"amount": 0.5}, row | {"amount": NEVER}, row | {"amount": "1"},
        row | {"card": [1]}, row | {"id": []},
        row | {"card": 123_456, "amount": NEVER}, row | {"terminal": 77, "id": {}},
    ]  # fmt: skip
    return wrong + [{k: v for k, v in row.items() if k != name} for name in row]


def said(live: Live, row: dict[str, Any]) -> Any:
    """The answer of a row, or how it was refused."""
    try:
        return live.decide(row).tobytes()
    except EngineError as error:
        return str(error)


@pytest.mark.parametrize("kind", ["integer", "text"])
def test_the_straight_way_is_the_long_way(tmp_path: Path, kind: str) -> None:
    """Each answer, each error and the state at last, for sound rows and unsound ones."""
    rows, compiled = drawn(kind), plan(kind)
    past = table(kind, rows[:300])
    straight, long = (Live.start(compiled, {"payment": past}) for _ in range(2))
    long._straight = lambda row, newest: None
    gone, way = [], straight._straight
    straight._straight = lambda row, newest: gone.append(way(row, newest)) or gone[-1]
    for number, row in enumerate(rows[300:]):
        wrong = unsound(row)
        assert said(straight, wrong[number % len(wrong)]) == said(
            long, wrong[number % len(wrong)]
        ), wrong[number % len(wrong)]
        assert said(straight, row) == said(long, row), row
    assert sum(told is not None for told in gone) > len(rows) / 2, "most rows go straight"
    straight.snapshot(tmp_path / "straight")
    long.snapshot(tmp_path / "long")
    assert (tmp_path / "straight").read_bytes() == (tmp_path / "long").read_bytes()


@pytest.mark.parametrize("kind", ["integer", "text"])
def test_the_straight_way_answers_what_a_replay_does(tmp_path: Path, kind: str) -> None:
    """Live after a history, and restored in the middle, equals the replay bit for bit."""
    rows, compiled = drawn(kind), plan(kind)
    whole = replay(compiled, {"payment": table(kind, rows)})
    live = Live.start(compiled, {"payment": table(kind, rows[:200])})
    for number, row in enumerate(rows[200:], 200):
        if number == 500:
            live.snapshot(tmp_path / "state")
            live = Live.restore(tmp_path / "state", compiled)
        assert live.decide(row).tobytes() == whole.features[number].tobytes(), number


def test_numbers_of_any_kind_find_their_key() -> None:
    """True and numpy's 1 are 1, as in a dictionary; a new key is met at once."""
    rows = [drawn("integer")[0] | {"card": 5}]
    live = Live.start(plan("integer"), {"payment": table("integer", rows)})
    answers = []
    for seq, card in enumerate((7, np.int64(7), True, 1), 1):
        row = rows[0] | {"mm_seq": seq, "mm_at": seq * SECOND, "card": card, "terminal": 3}
        answers.append(live.decide(row)[live.names.index("n")])
    assert answers == [0, 1, 0, 1]
