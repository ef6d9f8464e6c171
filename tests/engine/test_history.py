"""Replay says what is wrong with what it is handed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import mintmark as mm
from engine.made import amount, fraud, paid, payment, payments, plan_of, reports, told
from laws.drawn import drawn_log, drawn_plan, tables_of
from mintmark.engine.history import replay, replay_pieces
from mintmark.engine.live import Live
from mintmark.ground import EngineError
from mintmark.plan import compile_plan

PLAN = plan_of(n=mm.count().by("card").over("5s"))


def test_rows_out_of_order_are_refused() -> None:
    """Rows that overlap or go back are not a log."""
    for rows in ([paid(2, 0), paid(1, 1)], [paid(1, 0), paid(1, 1)]):
        with pytest.raises(EngineError) as caught:
            replay(PLAN, {"payment": payments(rows)})
        assert caught.value.code == "engine.batch.order"


def test_a_missing_column_and_a_missing_stream_are_named() -> None:
    """Each with its name."""
    table = payments([paid(1, 0)])
    with pytest.raises(EngineError, match='"card"'):
        replay(PLAN, {"payment": table.drop_columns(["card"])})
    with pytest.raises(EngineError, match='"payment"'):
        replay(PLAN, {})


@pytest.mark.parametrize(
    ("tables", "want"),
    [
        (None, "{"), ([payments([])], "{"), (payments([]), "{"),
        ({"payment": None}, "a pyarrow.Table"), ({"payment": [paid(0, 0)]}, "a pyarrow.Table"),
        ({"payment": "payments.parquet"}, "ParquetRows"),
        ({"payment": pl.DataFrame([paid(0, 0)])}, "a pyarrow.Table"),
    ],
)  # fmt: skip
def test_what_is_no_mapping_of_streams_to_rows_is_told(tables: Any, want: str) -> None:
    """A replay, a piece of one, a start and what follows a state take the same."""
    live = Live.start(PLAN, {"payment": payments([])})
    takes: list[Callable[[], Any]] = [
        lambda: replay(PLAN, tables), lambda: next(replay_pieces(PLAN, tables)),
        lambda: Live.start(PLAN, tables), lambda: live.fold_all(tables),
    ]  # fmt: skip
    for take in takes:
        with pytest.raises(EngineError) as told:
            take()
        assert told.value.code == "engine.batch.tables"
        assert want in str(told.value.want)


def test_a_history_of_nothing_says_how_it_is_handed_over() -> None:
    with pytest.raises(EngineError, match="for a history of none") as told:
        Live.start(PLAN, {})
    assert told.value.code == "engine.batch.stream"


@pytest.mark.parametrize("plan", [None, mm.Features(payment, n=mm.count().by("card").over("1d"))])
def test_what_is_no_plan_is_told(plan: Any) -> None:
    with pytest.raises(EngineError, match="compile_plan") as told:
        replay(plan, {"payment": payments([])})
    assert told.value.code == "engine.plan.none"


def test_a_pair_of_which_one_is_null_is_no_key_however_many_there_are() -> None:
    """Pairs of so many keys that they are not numbered by a table: a null among them is none."""
    random, card = Random(4), mm.Entity("card", type="integer")
    paying = mm.Event(
        "payment", id="id", at="at", keys={"card": card, "payee": mm.Optional(card)}, fields={},
    )  # fmt: skip
    count = mm.count().by("card", "payee").over("lifetime")
    plan = compile_plan(mm.Features(paying, n=count))
    rows = [
        paid(seq, seq, card=random.randrange(900))
        | {"payee": None if random.random() < 0.2 else random.randrange(900)}
        for seq in range(1_500)
    ]
    table = pa.Table.from_pylist(rows)
    answers = replay(plan, {"payment": table}).features[:, 0]
    assert np.isnan(answers[[row["payee"] is None for row in rows]]).all()
    live = Live.start(plan, {"payment": table.slice(0, 0)})
    assert np.array_equal(answers, [live.decide(row)[0] for row in rows], equal_nan=True)


@pytest.mark.parametrize("revision", [2**62 + 1, -(2**62) - 1, 2**64])
def test_a_revision_that_no_log_could_hold_is_refused(revision: int) -> None:
    """By history and live alike, before anything has moved."""
    plan = plan_of(risk=payment.outcome(fraud, settles_after="0s").mean().by("card").over("5s"))
    live = Live.start(plan, {"payment": payments([paid(0, 0)])})
    label = told(1, "p0") | {"mm_revision": revision}
    with pytest.raises(EngineError) as caught:
        live.fold("report", label)
    assert caught.value.code == "engine.live.row"
    live.fold("report", told(1, "p0"))
    if abs(revision) < 2**63:
        with pytest.raises(EngineError) as caught:
            replay(plan, {"payment": payments([paid(0, 0)]), "report": reports([label])})
        assert caught.value.code == "engine.batch.column"


def test_no_rows_give_no_features() -> None:
    """An empty history has the shape of its plan."""
    replayed = replay(PLAN, {"payment": payments([])}, keep_state=True)
    assert replayed.features.shape == (0, 1)
    assert replayed.live is not None
    assert replayed.live.decide(paid(1, 0)).tolist() == [0]


def test_tables_in_many_pieces_and_dictionaries_are_read_alike() -> None:
    """How Arrow holds a column has no part in a value."""
    rows = [paid(seq, seq, card="ab"[seq % 2]) for seq in range(1, 20)]
    whole = payments(rows)
    pieces = pa.concat_tables([whole.slice(i, 3) for i in range(0, len(rows), 3)])
    encoded = whole.set_column(5, "card", whole["card"].dictionary_encode())
    kinds = [pa.large_string(), pa.string_view()]
    others = [whole.set_column(5, "card", whole["card"].cast(kind)) for kind in kinds]
    expected = replay(PLAN, {"payment": whole}).features.tobytes()
    assert replay(PLAN, {"payment": pieces}).features.tobytes() == expected
    for table in (encoded, *others):
        assert replay(PLAN, {"payment": table}).features.tobytes() == expected


def test_labels_of_nobody_change_nothing() -> None:
    """Reports of unknown payments wait; without any report every outcome is `otherwise`."""
    plan = plan_of(risk=payment.outcome(fraud, settles_after="0s").mean().by("card").over("5s"))
    tables = {"payment": payments([paid(1, 0), paid(3, 1)])}
    alone = replay(plan, tables).features
    tables["report"] = reports([told(2, "nobody")])
    assert replay(plan, tables).features.tobytes() == alone.tobytes()
    assert alone[1, 0] == 0.0


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_labels_find_their_payments_however_ids_are_held(kind: pa.DataType) -> None:
    """Ids compare by their text, not by the type of their column."""
    plan = plan_of(risk=payment.outcome(fraud, settles_after="0s").mean().by("card").over("5s"))
    table = reports([told(2, "p1")])
    place = table.column_names.index("id")
    table = table.set_column(place, "id", table["id"].cast(kind))
    tables = {"payment": payments([paid(1, 0), paid(3, 1)]), "report": table}
    replayed = replay(plan, tables, keep_state=True)
    assert replayed.features[1, 0] == 1.0


@pytest.mark.parametrize("edges", ["(]", "()"])
def test_a_replay_in_pieces_forgets_only_what_no_request_sees(edges: str) -> None:
    """The latest request that the log lets in comes when a block is full, and others follow it.

    seconds   0  1  2  3  4  5 | 20 || 10r  21      lateness 10 s: the newest one before r is at 5
    """
    plan = plan_of(x=amount.last().by("card").over(last=1, edges=edges))
    times = [0, 1, 2, 3, 4, 5, 20, 10, 21, 22]
    table = payments([paid(seq, at, 100 * seq) for seq, at in enumerate(times)])
    whole = replay(plan, {"payment": table}).features
    assert whole[7, 0] == 5
    for piece in range(1, len(times) + 1):
        parts = [part.features for part in replay_pieces(plan, {"payment": table}, piece=piece)]
        assert np.concatenate(parts).tobytes() == whole.tobytes(), piece


def test_events_without_any_request_answer_nothing() -> None:
    """A history of another stream's rows alone has no features, and writes nothing anywhere."""
    for seed in range(40):
        random = Random(seed)
        plan, tables = drawn_plan(random), tables_of(drawn_log(random, rows=60))
        tables[plan.request] = tables[plan.request].slice(0, 0)
        made = replay(plan, tables)
        assert made.features.shape == (0, len(plan.names))


@pytest.mark.parametrize("piece", [0, -1])
def test_a_piece_has_some_requests(piece: int) -> None:
    with pytest.raises(EngineError, match="piece by piece") as found:
        next(replay_pieces(PLAN, {"payment": payments([paid(1, 0)])}, piece=piece))
    assert found.value.code == "engine.replay.piece"
