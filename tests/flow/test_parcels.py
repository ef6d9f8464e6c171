"""Files between tasks: each slot by itself, whole or not there, and told when a disk changed it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from flow.made import short_of_room
from mintmark.flow import parcels
from mintmark.ground import FlowError, GroundError


def _table(*values: int) -> pa.Table:
    return pa.table({"value": pa.array(values, pa.int64())})


def test_a_slot_is_read_by_itself(tmp_path: Path) -> None:
    """Several runs, slots that some of them lack, tables of other columns beside."""
    path, texts = tmp_path / "a", pa.table({"text": ["x", None, "é"]})
    parcels.write(path, 3, [[(0, _table(1, 2)), (2, texts)], [], [(0, _table(3))]])
    assert [t["value"].to_pylist() for t in parcels.read(path, 0)] == [[1, 2], [3]]
    assert parcels.read(path, 1) == []
    assert parcels.read(path, 2) == [texts]
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_a_disk_changed_is_told(tmp_path: Path) -> None:
    """One flipped bit of a table, a file cut short, one that is empty, one that is gone."""
    path = tmp_path / "a"
    parcels.write(path, 1, [[(0, _table(*range(100)))]])
    whole = path.read_bytes()
    flipped = bytes([*whole[:40], whole[40] ^ 1, *whole[41:]])
    for octets in (flipped, whole[:-1], whole[:-30], whole[60:], b"", None):
        path.unlink()
        if octets is not None:
            path.write_bytes(octets)
        with pytest.raises(FlowError) as error:
            parcels.read(path, 0)
        assert error.value.code == "flow.parcels.broken"
        path.touch()


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    """The error says so, and no file stays behind, not even a spare one."""
    with short_of_room(1_000), pytest.raises(GroundError) as error:
        parcels.write(tmp_path / "a", 1, [[(0, _table(*range(10_000)))]])
    assert error.value.code == "ground.disk.full"
    assert list(tmp_path.iterdir()) == []
