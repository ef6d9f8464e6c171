"""Corrections and reversals by hand: the steps of one id, and what every path makes of them.

Lines are those of `engine.timeline`; the values expected are worked on paper, and the oracle's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.timeline import SECOND, TYPES, Row, paid, plan_of, said
from mintmark.engine.history import replay, replay_pieces
from mintmark.engine.live import Live
from mintmark.engine.oracle import oracle
from mintmark.engine.sentinel import NULL
from mintmark.engine.subject import ALL, In, Out, Subject, Subjects, Tell, Version
from mintmark.plan import Aggregate, Column, Node, Plan
from mintmark.plan.node import Window

Log = list[tuple[str, Row]]


def version(revision: int, seq: int, *amounts: int, at: int = 0) -> Version:
    """A row of an id."""
    return Version(revision, seq, at, f"row {seq}", amounts)


def test_a_row_that_comes_once_goes_in_and_stays() -> None:
    """One step: in, and answered."""
    assert [*Subject().arrive(version(0, 1, 500))] == [In(version(0, 1, 500), (500,), own=True)]


def test_a_higher_revision_takes_the_place_of_the_lower() -> None:
    """Out with the old, in with the new."""
    subject = Subject()
    old, new = version(0, 1, 500), version(2, 5, 700)
    list(subject.arrive(old))
    assert [*subject.arrive(new)] == [Out(old), In(new, (700,), own=True)]
    assert subject.best == new


def test_a_lower_revision_is_answered_and_leaves_again() -> None:
    """Its own request sees the windows without the id; then the best one stands as before."""
    subject = Subject()
    best, late = version(2, 1, 500), version(1, 5, 700)
    list(subject.arrive(best))
    assert [*subject.arrive(late)] == [
        Out(best), In(late, (700,), own=True), Out(late), In(best, (500,), own=False),
    ]  # fmt: skip
    assert subject.best == best


def test_of_equal_revisions_the_later_row_counts() -> None:
    """As the log's own rule says."""
    subject = Subject()
    list(subject.arrive(version(1, 1, 500)))
    list(subject.arrive(version(1, 2, 600)))
    assert subject.best == version(1, 2, 600)


def test_reversals_take_parts_until_nothing_is_left() -> None:
    """500 less 200, less 300: gone; the second is corrected to 100: 200 stand again."""
    subjects, row = Subjects(), version(0, 1, 500)
    list(subjects.of("p").arrive(row))
    assert [*subjects.reverse("r1", 0, "p", (0, 200))] == [Out(row), In(row, (300,), own=False)]
    assert [*subjects.reverse("r2", 0, "p", (0, -300))] == [Out(row)]
    assert [*subjects.reverse("r2", 1, "p", (0, 100))] == [In(row, (200,), own=False)]
    assert [*subjects.reverse("r2", 0, "p", (0, 300))] == [], "a lower revision has no effect"
    assert [*subjects.reverse("r2", 2, "q", (0, 100))] == [Out(row), In(row, (300,), own=False)]
    assert [*subjects.reverse("r2", 3, None, (0, 100))] == []


def test_a_reversal_of_all_or_of_an_unknown_amount() -> None:
    """ALL removes; an amount that is null stays null and stays in."""
    subject, row = Subject(), version(0, 1, NULL)
    list(subject.arrive(row))
    assert [*subject.reverse("r", (0, 10))] == []
    assert [*subject.reverse("all", (0, ALL))] == [Out(row)]
    assert [*subject.reverse("all", None)] == [In(row, (NULL,), own=False)]


def test_a_reversal_that_waits_takes_effect_right_after_the_row() -> None:
    """The row is answered as it came; then it is out, or in with what is left."""
    subject, row = Subject(), version(0, 5, -500)
    assert [*subject.reverse("r", (0, 200))] == []
    assert [*subject.arrive(row)] == [
        In(row, (-500,), own=True), Out(row), In(row, (-300,), own=False),
    ]  # fmt: skip


def test_labels_follow_the_id() -> None:
    """Told again to every version that comes to stand."""
    subject, first, second = Subject(), version(0, 1), version(1, 3)
    list(subject.arrive(first))
    assert [*subject.tell(7, 0, 1)] == [Tell(first, 7, 1)]
    assert [*subject.tell(7, -1, 0)] == [], "a lower revision has no effect"
    assert [*subject.arrive(second)] == [
        Out(first), In(second, (), own=True), Tell(second, 7, 1),
    ]  # fmt: skip
    assert [*subject.reverse("v", (0, ALL))] == [Out(second)]
    assert [*subject.tell(7, 1, 0)] == [], "nobody stands there to be told"
    assert [*subject.reverse("v", None)] == [In(second, (), own=False), Tell(second, 7, 0)]


def test_subjects_survive_their_form() -> None:
    """What a snapshot keeps is all that there is."""
    subjects = Subjects()
    row = Version(1, 2, 3, ([4, 5], [6]), (700,))
    list(subjects.of("p").arrive(row))
    list(subjects.of("p").tell(0, 1, 1))
    list(subjects.reverse(("void", "v"), 2, "p", (0, 100)))
    list(subjects.reverse(("void", "w"), 0, "not yet", (0, ALL)))
    again = Subjects.from_form(subjects.form())
    assert again.form() == subjects.form()
    assert again.of("p").left == (600,)
    assert [*again.of("not yet").arrive(version(0, 9, 1))][-1] == Out(version(0, 9, 1))


def summing(window: Window, kind: str = "sum", params: tuple[int, ...] = ()) -> Plan:
    """A plan over the amounts of a card, in euros."""
    column = Column("payment", "expr", 0, 2, "number")
    nodes = [Node("field", (), "amount", "number")]
    aggregates = [Aggregate(0, kind, 0, window, params), Aggregate(0, "count", None, window)]
    return plan_of(aggregates, columns=[column], nodes=nodes)


def tables_of(log: Log) -> dict[str, pa.Table]:
    """The tables of a log, with every column that a stream has."""
    whole = [*log, ("payment", paid(-1, 0)), said("refund", -1, None), said("void", -1, None),
             said("report", -1, None)]  # fmt: skip
    tables = {}
    for stream in ("payment", "refund", "void", "report"):
        rows = [row for name, row in whole if name == stream]
        tables[stream] = pa.table(
            {n: pa.array([r[n] for r in rows], TYPES.get(n, pa.int64())) for n in rows[0]}
        ).slice(0, len(rows) - 1)
    return tables


def on_every_path(plan: Plan, log: Log, path: Path) -> list[list[float]]:
    """What all paths answer, once they are found to agree."""
    tables = tables_of(log)
    truth = np.array(oracle(plan, tables))
    assert replay(plan, tables).features.tobytes() == truth.tobytes(), "replay"
    for piece in (1, 2):
        parts = [part.features for part in replay_pieces(plan, tables, piece=piece)]
        assert np.concatenate(parts).tobytes() == truth.tobytes(), f"pieces of {piece}"
    for cut in range(len(log) + 1):
        live = Live.start(plan, tables_of(log[:cut]))
        live.snapshot(path)
        answered = sum(stream == "payment" for stream, _ in log[:cut])
        for state in (live, Live.restore(path, plan)):
            told = [x for stream, row in log[cut:] if (x := _said(state, stream, row)) is not None]
            assert [x.tobytes() for x in told] == [x.tobytes() for x in truth[answered:]], cut
    rows: list[list[float]] = truth.tolist()
    return rows


def _said(live: Live, stream: str, row: Row) -> Any:
    if stream == "payment":
        return live.decide(row)
    live.fold(stream, row)
    return None


def refund(seq: int, of: str | None, euros: int | None, **more: Any) -> tuple[str, Row]:
    """A refund of a payment."""
    return said("refund", seq, of, amount=None if euros is None else 100 * euros, **more)


def pays(seq: int, euros: int | None, **more: Any) -> tuple[str, Row]:
    """A payment, a second after the one before."""
    return "payment", paid(seq, seq * SECOND, euros, **more)


CASES: dict[str, tuple[Log, Sequence[float]]] = {
    "corrected upwards": (
        [pays(1, 10), pays(2, 1), pays(3, 4, id="p1", mm_revision=1), pays(4, 0)], [0, 10, 1, 5]
    ),
    "corrected late by less": (
        [pays(1, 10, mm_revision=3), pays(2, 4, id="p1", mm_revision=1), pays(3, 0)], [0, 0, 10]
    ),
    "moved to another card and back": (
        [pays(1, 10), pays(2, 10, id="p1", mm_revision=1, card="b"), pays(3, 0),
         pays(4, 0, card="b"), pays(5, 10, id="p1", mm_revision=2), pays(6, 0),
         pays(7, 0, card="b")],
        [0, 0, 0, 10, 0, 10, 0],
    ),
    "moved to no card": (
        [pays(1, 10), pays(2, 10, id="p1", mm_revision=1, card=None), pays(3, 0)], [0, math.nan, 0]
    ),
    "refunded in parts": (
        [pays(1, 10), refund(2, "p1", 4), pays(3, 0), refund(4, "p1", 5), pays(5, 0),
         refund(6, "p1", 1), pays(7, 0)],
        [0, 6, 1, 0],
    ),
    "refunded before it was paid": ([refund(1, "p2", 4), pays(2, 10), pays(3, 0)], [0, 6]),
    "refunded, then corrected to less than that": (
        [pays(1, 10), refund(2, "p1", 4), pays(3, 3, id="p1", mm_revision=1), pays(4, 1),
         pays(5, 9, id="p1", mm_revision=2), pays(6, 0)],
        [0, 0, 0, 1, 6],
    ),
    "a refund that turns out to be of another": (
        [pays(1, 10), pays(2, 20), refund(3, "p1", 4, id="r"), pays(4, 0),
         refund(5, "p2", 4, id="r", mm_revision=1), pays(6, 0),
         refund(7, None, 4, id="r", mm_revision=2), pays(8, 0)],
        [0, 10, 26, 26, 30],
    ),
    "voided, and the void corrected away": (
        [pays(1, 10), said("void", 2, "p1", id="v"), pays(3, 0),
         said("void", 4, None, id="v", mm_revision=1), pays(5, 0)],
        [0, 0, 10],
    ),
    "a negative amount": ([pays(1, -10), refund(2, "p1", 4), pays(3, 0)], [0, -6]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_sum_by_hand(tmp_path: Path, name: str) -> None:
    """What is left of the payments of a card, at each request, on every path, cut anywhere."""
    log, expected = CASES[name]
    answers = on_every_path(summing(Window()), log, tmp_path / "state")
    assert np.array_equal([row[0] for row in answers], expected, equal_nan=True)


def test_a_window_by_count_finds_older_events_again(tmp_path: Path) -> None:
    """1, 2, 3, ... 30 with the last three voided: 25 + 26 + 27 are the newest three.

    What stood behind the newest three may not be forgotten while any of them can leave.
    """
    log = [pays(seq, seq) for seq in range(1, 31)]
    log += [said("void", 40 + back, f"p{30 - back}") for back in range(3)]
    log += [pays(50, 0)]
    plan = summing(Window(last=3))
    live = Live.start(plan, tables_of([]))
    told = [x for stream, row in log if (x := _said(live, stream, row)) is not None]
    assert told[-1].tolist() == [25 + 26 + 27, 3]
    assert on_every_path(plan, log, tmp_path / "state")[-1] == [78, 3]


@pytest.mark.parametrize("kind", ["min", "distinct", "quantile", "std", "changes", "last", "slope"])
def test_corrections_on_a_long_key(kind: str, tmp_path: Path) -> None:
    """A key long enough to keep its pace: every fifth of 150 payments is corrected or refunded."""
    log: Log = []
    for seq in range(1, 151):
        log.append(pays(seq, seq * 37 % 23))
        if seq % 5 == 0:
            log[-1] = pays(seq, seq % 7, id=f"p{seq - 4}", mm_revision=1)
        if seq % 11 == 0:
            log[-1] = refund(seq, f"p{max(seq - 20, 1)}", seq % 9)
    params = (500_000,) if kind == "quantile" else ()
    plan = summing(Window(span_us=100 * SECOND), kind, params)
    tables = tables_of(log)
    truth = np.array(oracle(plan, tables))
    assert replay(plan, tables).features.tobytes() == truth.tobytes()
    live = Live.start(plan, tables_of([]))
    told = [x for stream, row in log if (x := _said(live, stream, row)) is not None]
    assert np.array(told).tobytes() == truth.tobytes()
