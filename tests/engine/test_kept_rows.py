"""Rows in files are those in memory, and a history of them has the same bits, piece by piece."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mintmark as mm
from engine.made import amount, fraud, paid, payment, payments, plan_of, reports, told
from mintmark.engine.feature_table import feature_table, write_features
from mintmark.engine.history import replay, replay_pieces
from mintmark.engine.kept_rows import HeldRows, ParquetRows
from mintmark.engine.live import Live
from mintmark.ground import EngineError

TABLE = payments(
    [paid(i, i, 100 + i, card="ab"[i % 2] if i % 7 else None) for i in range(0, 60, 2)]
)
REPORTS = reports([told(2 * i + 1, f"p{2 * (i // 2)}", i % 3 == 0) for i in range(28)])
PLAN = plan_of(
    n=mm.count().by("card").over("20s"),
    mean=amount.mean().by("card").over("lifetime"),
    risk=payment.outcome(fraud, settles_after="3s").mean().by("card").over("30s", offset="1s"),
    late=amount - amount.last().by("card").over("lifetime", include_current=False),
)  # fmt: skip


def files(folder: Path, table: pa.Table, rows: int, group: int) -> list[Path]:
    """The table in files of `rows` rows, in row groups of `group`."""
    paths = []
    for number, first in enumerate(range(0, len(table), rows)):
        paths.append(folder / f"{number}.parquet")
        pq.write_table(table.slice(first, rows), paths[-1], row_group_size=group)
    return paths


@pytest.mark.parametrize(("rows", "group"), [(100, 7), (7, 3), (30, 30)])
def test_rows_of_files_are_those_of_the_table(tmp_path: Path, rows: int, group: int) -> None:
    kept, held = ParquetRows(files(tmp_path, TABLE, rows, group)), HeldRows(TABLE)
    assert (list(kept.names), len(kept)) == (list(held.names), len(held))
    names = ["amount", "card"]
    assert kept.column("card").combine_chunks() == held.column("card").combine_chunks()
    for first in range(0, len(TABLE) + 1, 5):
        for last in range(first, len(TABLE) + 1, 4):
            assert kept.part(first, last, names).equals(held.part(first, last, names))
    places = np.array([3, 0, 29, 3], dtype=np.int64)
    assert kept.take(places, names).equals(held.take(places, names))


@pytest.mark.parametrize("piece", [1, 4, 11, 100])
def test_a_history_in_files_has_the_bits_of_one_in_memory(tmp_path: Path, piece: int) -> None:
    tables = {"payment": TABLE, "report": REPORTS}
    whole = replay(PLAN, tables).features
    rows = {"payment": ParquetRows(files(tmp_path, TABLE, 7, 3)), "report": REPORTS}
    parts = [part.features for part in replay_pieces(PLAN, rows, piece=piece)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_what_follows_a_state_may_be_kept_in_files(tmp_path: Path) -> None:
    """`fold_all` takes what `start` does: files, timestamps, and gives the bits of one start."""
    tables = {"payment": TABLE, "report": REPORTS}
    at = TABLE["mm_at"].cast(pa.timestamp("us")).cast(pa.timestamp("ms"))
    rest = TABLE.set_column(1, "mm_at", at).slice(11)
    kept = ParquetRows(files(tmp_path, rest, 7, 3))
    one = Live.start(PLAN, tables)
    other = Live.start(PLAN, {"payment": TABLE.slice(0, 11), "report": REPORTS.slice(0, 10)})
    other.fold_all({"payment": kept, "report": REPORTS.slice(10)})
    for seq, card in enumerate("abab", 100):
        row = paid(seq, seq, card=card)
        assert other.decide(row).tobytes() == one.decide(row).tobytes()


def test_rows_without_a_place_are_told_before_any_is_folded() -> None:
    live = Live.start(PLAN, {"payment": TABLE.slice(0, 5)})
    places = pa.array([None, *range(21, 45)], pa.int64())
    before = live.seq
    for table in (TABLE.drop_columns("mm_seq"), TABLE.slice(5).set_column(0, "mm_seq", places)):
        with pytest.raises(EngineError, match="mm_seq") as told_:
            live.fold_all({"payment": table})
        assert (told_.value.code, live.seq) == ("engine.batch.column", before)


def test_other_columns_and_other_files_are_told(tmp_path: Path) -> None:
    first, second = files(tmp_path, TABLE, 15, 15)
    pq.write_table(TABLE.drop_columns("amount"), second)
    with pytest.raises(EngineError, match="other columns") as told_:
        ParquetRows([first, second])
    assert told_.value.code == "engine.rows.file"
    second.write_text("no Parquet")
    with pytest.raises(EngineError, match="cannot be read as a Parquet file"):
        ParquetRows([first, second])
    with pytest.raises(EngineError, match="cannot be read as a Parquet file"):
        ParquetRows([tmp_path / "missing.parquet"])


def test_features_in_a_file_are_null_where_they_are_nan(tmp_path: Path) -> None:
    features = np.array([[1.5, np.nan], [np.nan, 2.0], [-0.25, 3.0]])
    for told_ in (features, np.asfortranarray(features)):
        write_features(
            tmp_path / "made.parquet", feature_table(np.array([5, 6, 9]), ("x", "y"), told_)
        )
        assert pq.read_table(tmp_path / "made.parquet").to_pydict() == {
            "mm_seq": [5, 6, 9], "x": [1.5, None, -0.25], "y": [None, 2.0, 3.0],
        }  # fmt: skip


def test_what_looks_at_the_newest_alone_keeps_no_more() -> None:
    """The last amount of a lifetime, and a sum that fades: a state that does not grow for ever."""
    short = {"include_current": False}
    plan = plan_of(
        last=amount.last().by("card").over("lifetime", **short),
        since=payment.at.since_last().by("card").over("lifetime", **short),
        fading=amount.decay_sum(half_life="32s").by("card").over("lifetime"),
        everything=mm.count().by("card").over("20s"),
    )
    grown = plan_of(kinds=amount.distinct().by("card").over("lifetime"))
    rows = [paid(i, i, None if 900 < i < 1000 else i) for i in range(20_000)]
    nothing = {"payment": payments([])}
    live, kept = Live.start(plan, nothing), Live.start(grown, nothing)
    whole = replay(plan, {"payment": payments(rows)}).features
    for number, row in enumerate(rows):
        assert live.decide(row).tobytes() == whole[number].tobytes()
        kept.decide(row)
    assert live.bytes < kept.bytes / 2
