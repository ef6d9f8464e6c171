"""What no log could have is refused by replay and live alike, and moves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import mintmark as mm
from engine.made import amount, paid, payments, plan_of
from mintmark.engine import Live, replay
from mintmark.engine.kept_rows import ParquetRows
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


def test_files_are_a_list_of_at_least_one() -> None:
    for paths in ([], "a.parquet", Path("a.parquet")):
        with pytest.raises(EngineError, match="at least one"):
            ParquetRows(paths)  # type: ignore[arg-type]
