"""The files of a replay: their order, how they are cut, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mintmark.flow.source_files import batches, cuts, every_nth, row_groups, rows_between
from mintmark.ground import FlowError


def _write(path: Path, first: int, count: int, **options: object) -> Path:
    seq = pa.array(range(first, first + 3 * count, 3), pa.int64())
    pq.write_table(pa.table({"mm_seq": seq, "value": seq}), path, **options)
    return path


def test_cuts_hold_every_row_once(tmp_path: Path) -> None:
    """Small files stand together, a long row group alone, and the order is that of the log."""
    files = [
        _write(tmp_path / "b", 300, 50, row_group_size=20),
        _write(tmp_path / "a", 0, 100),
        _write(tmp_path / "c", 900, 5),
        _write(tmp_path / "nothing", 0, 0),
    ]
    groups = row_groups("payment", files)
    assert [g.rows for g in groups] == [100, 20, 20, 10, 5]
    found = cuts(groups, 40)
    assert [sum(len(places) for _, places in cut) for cut in found] == [1, 2, 2]
    seq = [x for cut in found for t in batches(cut, ["mm_seq"], 7) for x in t["mm_seq"].to_pylist()]
    assert seq == [*range(0, 300, 3), *range(300, 450, 3), *range(900, 915, 3)]
    assert every_nth(groups, 60) == [seq[0], seq[60], seq[120]]
    for first in range(0, 155, 25):
        parts = rows_between(groups, first, first + 25)
        rows = [
            pq.ParquetFile(path).read_row_group(place).slice(low, high - low)["mm_seq"].to_pylist()
            for path, place, low, high in parts
        ]
        assert [x for part in rows for x in part] == seq[first : first + 25]


def test_files_without_statistics_are_read_for_them(tmp_path: Path) -> None:
    """A writer may have left them out."""
    path = _write(tmp_path / "a", 5, 10, write_statistics=False)
    (group,) = row_groups("payment", path)
    assert (group.first, group.last) == (5, 32)


def test_a_bad_file_is_told_by_its_name(tmp_path: Path) -> None:
    """No Parquet, cut short, gone, of other columns, or out of order."""
    good = _write(tmp_path / "a", 0, 10)
    short = tmp_path / "short"
    short.write_bytes(good.read_bytes()[:-9])
    other = tmp_path / "other"
    pq.write_table(pa.table({"x": [1]}), other)
    twice = tmp_path / "twice"
    pq.write_table(pq.read_table(good).take([5, 6, 0, 1]), twice, row_group_size=2)
    for path, code in (
        (short, "flow.replay.unreadable"),
        (tmp_path / "gone", "flow.replay.unreadable"),
        (other, "flow.replay.column"),
        (twice, "flow.replay.order"),
    ):
        with pytest.raises(FlowError) as error:
            row_groups("payment", path)
        assert error.value.code == code
        assert path.name in error.value.at
