"""What no log could have is refused by replay and live alike, and moves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import mintmark as mm
from engine.made import amount, fraud, paid, payment, payments, plan_of, reports, told
from mintmark.engine import Live, one_order, replay
from mintmark.engine.kept_rows import ParquetRows
from mintmark.engine.live_shards import Routes
from mintmark.engine.oracle import oracle
from mintmark.engine.shards import columns_of, shard_aggregates, shards_of
from mintmark.ground import EngineError
from mintmark.plan import compile_plan

PLAN = plan_of(n=mm.count().by("card").over("30d"), last=amount.last().by("card").over("lifetime"))
ROWS = [paid(0, 1, 100), paid(1, 2, 200), paid(2, 3, 300)]
TABLE = payments(ROWS)


def refused(table: Any) -> EngineError:
    """What replay says of a table of payments."""
    with pytest.raises(EngineError) as told:
        replay(PLAN, {"payment": table})
    return told.value


@pytest.mark.parametrize("seqs", [[-3, -2, -1], [-1, 0, 1], [0, 0, 1], [2, 1, 3]])
def test_places_in_the_log_grow_from_0_on(seqs: list[int]) -> None:
    error = refused(TABLE.set_column(0, "mm_seq", pa.array(seqs)))
    assert error.code == "engine.batch.order"


REPORTED = plan_of(
    frauds=payment.outcome(fraud, settles_after="1d").sum().by("card").over("lifetime")
)


@pytest.mark.parametrize("apart", [1, 10**6])
@pytest.mark.parametrize("shared", [0, 5, 9])
def test_two_streams_never_share_a_place_in_the_log(
    apart: int, shared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dense or far apart, in any stretch of the log: replay let one row in before the other."""
    monkeypatch.setattr(one_order, "STRETCH", 3)
    rows = [paid(place * apart, place) for place in range(10)]
    tables = {"payment": payments(rows), "report": reports([told(shared * apart, "p0")])}
    for fold in (replay, Live.start):
        with pytest.raises(EngineError, match='"payment" and a row of "report"') as error:
            fold(REPORTED, tables)
        assert (error.value.code, error.value.got) == (
            "engine.batch.order", f"{shared * apart} in both streams",
        )  # fmt: skip
    live = Live.start(REPORTED, {"payment": payments(rows[: shared + 1])})
    with pytest.raises(EngineError) as error:
        live.fold("report", told(shared * apart, "p0"))
    assert error.value.code == "engine.live.order"
    if apart > 1:
        tables["report"] = reports([told(shared * apart + 1, "p0")])
        assert len(replay(REPORTED, tables).seq) == 10


@pytest.mark.parametrize("name", ["mm_seq", "mm_at", "mm_known_at"])
@pytest.mark.parametrize("value", [None, -(2**63), 2**62 + 1])
def test_a_row_has_its_times_and_its_place(name: str, value: int | None) -> None:
    place = TABLE.column_names.index(name)
    column = pa.array([value if i == 1 else ROWS[i][name] for i in range(3)])
    error = refused(TABLE.set_column(place, name, column))
    assert error.code in ("engine.batch.column", "engine.batch.order")
    live = Live.start(PLAN, {"payment": TABLE.slice(0, 1)})
    before = live.seq, live.bytes
    with pytest.raises(EngineError) as told:
        live.decide(ROWS[1] | {name: value})
    assert told.value.code in ("engine.live.row", "engine.live.order")
    assert (live.seq, live.bytes) == before


def test_a_timestamp_counts_in_its_own_unit_or_is_refused() -> None:
    expected = replay(PLAN, {"payment": TABLE}).features
    for unit, factor in (("s", 10**6), ("ms", 10**3), ("us", 1)):
        at = pa.array([row["mm_at"] // factor for row in ROWS], pa.timestamp(unit))
        made = replay(PLAN, {"payment": TABLE.set_column(1, "mm_at", at)}).features
        assert made.tobytes() == expected.tobytes(), unit
    at = pa.array([row["mm_at"] * 1000 + 1 for row in ROWS], pa.timestamp("ns"))
    assert refused(TABLE.set_column(1, "mm_at", at)).code == "engine.batch.column"


@pytest.mark.parametrize(
    "column",
    [pa.array(["1", "2", "3"]), pa.array([1.0, 2.5, 3.0]), pa.array([2**64 - 1] * 3, pa.uint64())],
)
def test_a_column_of_another_type_is_told(column: pa.Array) -> None:
    place = TABLE.column_names.index("amount")
    error = refused(TABLE.set_column(place, "amount", column))
    assert (error.code, "amount" in error.what) == ("engine.batch.column", True)


@pytest.mark.parametrize("key", [1.5, b"a", 2**70, "\ud800", -(2**63)])
def test_a_key_that_no_snapshot_could_hold_is_refused(key: Any, tmp_path: Path) -> None:
    live = Live.start(PLAN, {"payment": TABLE})
    with pytest.raises(EngineError) as told:
        live.decide(paid(5, 5, card=key))
    assert told.value.code == "engine.live.row"
    live.snapshot(tmp_path / "state")
    back = Live.restore(tmp_path / "state", PLAN)
    assert back.decide(paid(6, 6)).tobytes() == live.decide(paid(6, 6)).tobytes()


NUMBERED = mm.Event(
    "payment", id="id", at="at", keys={"card": mm.Entity("card", type="integer")},
    fields={"amount": mm.Money("EUR")},
)  # fmt: skip
BY_NUMBER = compile_plan(mm.Features(NUMBERED, n=mm.count().by("card").over("lifetime")))


@pytest.mark.parametrize("key", [-(2**63), 2**63])
def test_a_number_that_no_key_can_be(key: int) -> None:
    """The least one stands for null; live met it as a key, and replay took it for none."""
    rows = [paid(i, i, card=5) for i in range(3)]
    table = pa.Table.from_pylist(rows)
    live = Live.start(BY_NUMBER, {"payment": table.slice(0, 1)})
    before = live.seq, live.bytes
    with pytest.raises(EngineError) as told:
        live.decide(rows[1] | {"card": key})
    assert (told.value.code, (live.seq, live.bytes)) == ("engine.live.row", before)
    kind = pa.uint64() if key > 0 else pa.int64()
    cards = pa.array([5, 5, key], kind)
    table = table.set_column(table.column_names.index("card"), "card", cards)
    with pytest.raises(EngineError, match='"card" of "payment"') as told:
        replay(BY_NUMBER, {"payment": table})
    assert told.value.code == "engine.batch.column"


def test_numbers_that_are_no_int_are_kept_as_one(tmp_path: Path) -> None:
    """A key that came as True or numpy's is an int in the state, so a snapshot holds it."""
    live = Live.start(BY_NUMBER, {"payment": pa.Table.from_pylist([paid(0, 0, card=5)])})
    for seq, card in enumerate((np.int64(7), True, 7, 1), 1):
        assert live.decide(paid(seq, seq, card=card))[0] == (seq > 2)
    live.snapshot(tmp_path / "state")
    back = Live.restore(tmp_path / "state", BY_NUMBER)
    assert back.decide(paid(9, 9, card=7))[0] == 2


def test_a_missing_key_is_told_with_its_stream() -> None:
    error = refused(TABLE.drop_columns("card"))
    assert (error.code, '"payment"' in error.what) == ("engine.batch.column", True)


shop = mm.Entity("shop", type="integer")
MIXED = mm.Event(
    "payment", id="id", at="at", keys={"card": mm.Entity("card"), "shop": mm.Optional(shop)},
    fields={"amount": mm.Money("EUR"), "country": mm.Category()},
)  # fmt: skip
CASE = mm.Event(
    "case", id="case_id", at="at", refers_to=MIXED, fields={"fraud": mm.Flag()}
)  # fmt: skip
FRAUD = mm.Label(CASE["fraud"], of=MIXED, mature_after="1d", otherwise=False)
SPOKEN = compile_plan(
    mm.Features(
        MIXED,
        n=mm.count().by("card").over("lifetime"),
        both=mm.count().by("card", "shop").over("lifetime"),
        countries=MIXED["country"].distinct().by("card").over("lifetime"),
        shops=MIXED["shop"].distinct().by("card").over("lifetime"),
        frauds=MIXED.outcome(FRAUD, settles_after="1d").sum().by("card").over("lifetime"),
    )
)
THREE = pa.Table.from_pylist([paid(i, i, shop=7, country="BE") for i in range(3)])
CASES = pa.Table.from_pylist(
    [{"mm_seq": 9, "mm_at": 9, "mm_known_at": 9, "mm_revision": 0, "case_id": "c", "id": "p0",
      "fraud": True}]
)  # fmt: skip


def put(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    """A table with another column of a name."""
    return table.set_column(table.column_names.index(name), name, column)


@pytest.mark.parametrize(
    ("name", "column", "want"),
    [
        ("card", pa.array([1, 2, 3]), "texts"),
        ("card", pa.array([b"a", b"b", b"a"]), "texts"),
        ("shop", pa.array(["7", "8", "7"]), "whole numbers"),
        ("shop", pa.array([7.0, 8.0, 7.0]), "whole numbers"),
        ("country", pa.array([1, 2, 3]), "texts"),
        ("country", pa.array([1.5, 2.0, None]), "texts"),
        ("id", pa.array([1, 2, 3]), "texts"),
    ],
)
def test_keys_ids_and_texts_are_of_the_declared_type(
    name: str, column: pa.Array, want: str
) -> None:
    """The engine took any type for a key: whole numbers and texts are never equal, so a file that
    was read with the other one had no history, and nobody was told."""
    table = put(THREE, name, column)
    with pytest.raises(EngineError, match=f'"{name}" of "payment"') as told:
        replay(SPOKEN, {"payment": table, "case": CASES})
    assert (told.value.code, told.value.want) == ("engine.batch.column", want)
    assert told.value.got == str(column.type)
    live = Live.start(SPOKEN, {"payment": THREE.slice(0, 1)})
    before = live.seq, live.bytes
    for take in (live.decide, lambda row: live.fold("payment", row)):
        with pytest.raises(EngineError, match=f'"{name}"') as told:
            take(table.to_pylist()[1])
        assert (told.value.code, told.value.at) == ("engine.live.row", f"$.{name}")
        assert (live.seq, live.bytes) == before
    with pytest.raises(EngineError, match=f'"{name}"'):
        Routes(SPOKEN, 2).check("payment", table.to_pylist()[1], 0)
    reading = next(
        s for s in shards_of(SPOKEN, 2) if name in columns_of(SPOKEN, s.group)["payment"]
    )
    with pytest.raises(EngineError, match=f'"{name}" of "payment"'):
        shard_aggregates(SPOKEN, reading, {"payment": table, "case": CASES})


@pytest.mark.parametrize(("name", "value"), [("id", 5), ("case_id", 5), ("id", None)])
def test_references_are_of_the_type_of_what_they_refer_to(name: str, value: Any) -> None:
    """None refers to nothing, and nobody speaks of a case by its id."""
    fine = name == "case_id" or value is None
    cases = pa.Table.from_pylist([CASES.to_pylist()[0] | {name: value}])
    live = Live.start(SPOKEN, {"payment": THREE})
    if fine:
        assert len(replay(SPOKEN, {"payment": THREE, "case": cases}).seq) == 3
        return live.fold("case", cases.to_pylist()[0])
    with pytest.raises(EngineError, match='"id" of "case"'):
        replay(SPOKEN, {"payment": THREE, "case": cases})
    with pytest.raises(EngineError, match='"id"'):
        live.fold("case", cases.to_pylist()[0])
    return None


@pytest.mark.parametrize("shop", [7.0, np.float64(7)])
def test_a_number_that_only_equals_a_key_is_none(shop: Any) -> None:
    """The straight way finds keys in a table, in which 7.0 is 7."""
    live = Live.start(SPOKEN, {"payment": THREE.slice(0, 2)})
    for name in ("shop", "country"):
        with pytest.raises(EngineError, match=f'"{name}"') as told:
            live.decide(THREE.to_pylist()[2] | {name: shop})
        assert told.value.got in ("float", "float64")
    assert live.seq == 1


def test_rows_that_others_speak_of_have_an_id() -> None:
    table = put(THREE, "id", pa.array(["p0", None, "p2"]))
    with pytest.raises(EngineError, match='a row of "payment" has no "id"') as told:
        replay(SPOKEN, {"payment": table, "case": CASES})
    assert told.value.at == "$[1].id"
    live = Live.start(SPOKEN, {"payment": THREE.slice(0, 1)})
    with pytest.raises(EngineError, match='its "id"'):
        live.decide(table.to_pylist()[1])


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("card", pa.array(["a", "a", "a"]).dictionary_encode()),
        ("card", pa.array(["a", "a", "a"], pa.large_string())),
        ("card", pa.array(["a", "a", "a"], pa.string_view())),
        ("shop", pa.array([7, 7, 7], pa.uint8())),
        ("shop", pa.array([7, 7, 7]).dictionary_encode()),
    ],
)
def test_other_columns_of_the_declared_type_are_taken(name: str, column: pa.Array) -> None:
    tables = {"payment": put(THREE, name, column), "case": CASES}
    expected = replay(SPOKEN, {"payment": THREE, "case": CASES}, keep_state=True)
    made = replay(SPOKEN, tables, keep_state=True)
    assert made.features.tobytes() == expected.features.tobytes()
    assert made.live is not None
    assert expected.live is not None
    row = paid(11, 11, shop=7, country="BE")
    assert made.live.decide(row).tobytes() == expected.live.decide(row).tobytes()


@pytest.mark.parametrize("kind", [pa.null(), pa.float64(), pa.string(), pa.int64()])
def test_a_column_in_which_all_is_null_has_any_type(kind: pa.DataType) -> None:
    for name in ("shop", "country"):
        table = put(THREE, name, pa.nulls(3, kind))
        made = replay(SPOKEN, {"payment": table, "case": CASES}).features
        live = Live.start(SPOKEN, {"payment": table.slice(0, 0)})
        answers = [live.decide(row).tobytes() for row in table.to_pylist()]
        assert [row.tobytes() for row in made] == answers


SPENT = mm.Event(
    "payment", id="id", at="at", keys={"card": mm.Entity("card")},
    fields={"amount": mm.Money("EUR"), "online": mm.Flag(), "owed": mm.Money("EUR", negative=True)},
)  # fmt: skip
RANGES = compile_plan(
    mm.Features(
        SPENT,
        amount=SPENT["amount"], online=SPENT["online"], owed=SPENT["owed"],
        spent=SPENT["amount"].sum().by("card").over("lifetime"),
        often=SPENT["online"].sum().by("card").over("lifetime"),
        debt=SPENT["owed"].sum().by("card").over("lifetime"),
    )
)  # fmt: skip


def test_what_a_field_does_not_allow_is_null_on_every_way() -> None:
    """A log refuses a flag of 7 and an amount below zero; who goes round it gets nulls for them.

    `Money.negative` and `Flag` promise it, and the compiled range of a field costs the same with
    a least number of its own as it did with one greatest.
    """
    told = [(-5, 7, -5), (100, 1, -5), (10**13 + 1, -1, 10**13), (200, 0, 7)]
    rows = [
        paid(i, i, a, online=f, owed=o) for i, (a, f, o) in enumerate(told)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows)
    made = replay(RANGES, {"payment": table}).features
    live = Live.start(RANGES, {"payment": table.slice(0, 0)})
    answers = np.array([live.decide(row) for row in rows])
    assert made.tobytes() == answers.tobytes()
    assert made.tobytes() == np.array(oracle(RANGES, {"payment": table})).tobytes()
    columns, null = dict(zip(live.names, made.T, strict=True)), np.nan
    np.testing.assert_array_equal(columns["amount"], [null, 1, null, 2])
    np.testing.assert_array_equal(columns["online"], [null, 1, null, 0])
    np.testing.assert_array_equal(columns["owed"], [-0.05, -0.05, 1e11, 0.07])
    assert (columns["spent"][3], columns["often"][3], columns["debt"][3]) == (1, 1, 1e11 - 0.1)


@pytest.mark.parametrize("label_seq", [1, 7])
def test_a_label_speaks_of_the_first_of_two_rows_of_an_id(label_seq: int) -> None:
    """No log has two where nothing is corrected; each counts, for no id is looked at."""
    plan = plan_of(
        n=mm.count().by("card").over("lifetime"),
        frauds=payment.outcome(fraud, settles_after="1d").sum().by("card").over("lifetime"),
    )
    rows = [paid(2, 2, id="p"), paid(3, 3, id="p"), paid(4, 4, id="q"), paid(9, 9, id="p")]
    rows.append(paid(10, 10, id="r"))
    tables = {"payment": payments(rows), "report": reports([told(label_seq, "p")])}
    made = replay(plan, tables).features
    assert made.tobytes() == np.array(oracle(plan, tables)).tobytes()
    assert made[-1].tolist() == [1, 4]
    live = Live.start(plan, {"payment": payments([])})
    if label_seq == 1:
        live.fold("report", told(1, "p"))
    answers = [live.decide(row) for row in rows[:3]]
    if label_seq == 7:
        live.fold("report", told(7, "p"))
    answers += [live.decide(row) for row in rows[3:]]
    assert made.tobytes() == np.array(answers).tobytes()


def test_files_are_a_list_of_at_least_one() -> None:
    for paths in ([], "a.parquet", Path("a.parquet")):
        with pytest.raises(EngineError, match="at least one"):
            ParquetRows(paths)  # type: ignore[arg-type]
