"""Files are whole or not there."""

import errno
import os
import stat
from pathlib import Path

import pytest

from mintmark.ground import GroundError, disk_watch, free_name, write_atomic


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """The new bytes take the old ones' place and nothing else is left in the folder."""
    path = tmp_path / "a.json"
    write_atomic(path, b"old")
    write_atomic(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    """Where the bytes cannot be written the old file stays and no part of the new one does."""
    path = tmp_path / "a.json"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "text")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_the_worlds_failure(number: int, tmp_path: Path) -> None:
    """A disk without room is told in our form, with the path, as a failure of the world."""
    with pytest.raises(GroundError) as caught, disk_watch(tmp_path):
        raise OSError(number, "no room")
    assert caught.value.code == "ground.disk.full"
    assert caught.value.kind == "world"
    assert str(tmp_path) in caught.value.at


def test_other_failures_go_through(tmp_path: Path) -> None:
    """Only a full disk is renamed."""
    with pytest.raises(PermissionError), disk_watch(tmp_path):
        raise PermissionError("no")


def test_a_real_full_device_is_told() -> None:
    """The kernel's own full device gives our error."""
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with (
        pytest.raises(GroundError) as caught,
        disk_watch("/dev/full"),
        open("/dev/full", "wb") as f,
    ):
        f.write(b"x" * 100_000)
    assert caught.value.code == "ground.disk.full"


def test_a_free_name_is_found(tmp_path: Path) -> None:
    """The first name that is not taken, numbered from two."""
    path = tmp_path / "run.json"
    assert free_name(path) == path
    path.touch()
    (tmp_path / "run-2.json").touch()
    assert free_name(path) == tmp_path / "run-3.json"
