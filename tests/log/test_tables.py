"""Tables: versions that follow each other, and everything beyond the named one removed."""

from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from mintmark.log.tables import CHECKPOINT_EVERY, Table, in_order


def rows(*seqs: int) -> pa.Table:
    """Rows of a table of places."""
    return pa.table({"mm_seq": pa.array(seqs, pa.int64()), "text": [str(seq) for seq in seqs]})


def seqs(table: Table, version: int) -> list[int]:
    """The places in one version."""
    found: list[int] = in_order(table.read(version), by="mm_seq")["mm_seq"].to_pylist()
    return found


def test_each_write_is_one_version(tmp_path: Path) -> None:
    """An append adds to the version before it, a replacement leaves that one readable."""
    table = Table(tmp_path / "table")
    assert table.write(rows(1, 2), onto=None) == 0
    assert table.write(rows(3), onto=0) == 1
    assert table.write(rows(7, 8), onto=1, replace=True) == 2
    assert [seqs(table, version) for version in range(3)] == [[1, 2], [1, 2, 3], [7, 8]]


def test_what_was_never_named_is_removed(tmp_path: Path) -> None:
    """A write onto an earlier version takes away those after it, files and all."""
    table = Table(tmp_path / "table")
    for onto, seq in ((None, 1), (0, 2), (1, 3)):
        table.write(rows(seq), onto=onto)
    (tmp_path / "table" / "part-of-nothing.parquet").write_bytes(b"half")
    assert table.write(rows(9), onto=0) == 1
    assert seqs(table, 1) == [1, 9]
    assert len(list((tmp_path / "table").glob("*.parquet"))) == 2
    table.roll_back(None)
    assert not (tmp_path / "table").exists()


def test_others_can_read_it(tmp_path: Path) -> None:
    """It is a plain Delta table: a reader that knows nothing of us reads it."""
    table = Table(tmp_path / "table")
    table.write(rows(1, 2), onto=None)
    assert DeltaTable(str(tmp_path / "table")).to_pyarrow_table().num_rows == 2


def test_many_versions_are_condensed(tmp_path: Path) -> None:
    """A checkpoint is made every so many versions; early versions stay readable and removable."""
    table = Table(tmp_path / "table")
    for seq in range(CHECKPOINT_EVERY + 3):
        version = table.write(rows(seq), onto=seq - 1 if seq else None)
        table.checkpoint(version)
    assert list((tmp_path / "table" / "_delta_log").glob("*.checkpoint.parquet"))
    assert seqs(table, version) == list(range(CHECKPOINT_EVERY + 3))
    assert seqs(table, 3) == [0, 1, 2, 3]
    assert table.write(rows(99), onto=version - 1) == version
    assert seqs(table, version)[-2:] == [CHECKPOINT_EVERY + 1, 99]
