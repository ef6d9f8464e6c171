"""The kernel is compiled once, found again, and nobody pays for it before it is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mintmark.engine import kernel
from mintmark.engine.aggregates import CODES, KINDS


def test_importing_the_engine_loads_no_compiler() -> None:
    """`import mintmark.engine` loads neither Numba nor pyarrow; live and replay load no Numba."""
    code = (
        "import sys, mintmark.engine;"
        "assert not {'numba', 'pyarrow'} & sys.modules.keys();"
        "import mintmark.engine.history, mintmark.engine.live;"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_loaded_kernel_costs_nothing() -> None:
    """Loading again takes no time and gives the same functions."""
    kernel.load()
    first = kernel.ready()
    assert kernel.load() < 0.01
    assert kernel.ready() is first


def test_an_edit_of_any_compiled_source_names_another_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest moves with every file that is compiled, also one that others call."""
    room = Path(kernel.__file__).parent
    (tmp_path / "aggregates").mkdir()
    sources = [f"{name}.py" for name in kernel.SOURCES]
    sources += [f"aggregates/{file.name}" for file in (room / "aggregates").glob("*.py")]
    for name in sources:
        (tmp_path / name).write_bytes((room / name).read_bytes())
    before = kernel.kernel_digest()
    monkeypatch.setattr(kernel, "ROOM", tmp_path)
    assert kernel.kernel_digest() == before
    for name in sources:
        (tmp_path / name).write_text((room / name).read_text() + "\n")
        assert kernel.kernel_digest() != before, name
        (tmp_path / name).write_bytes((room / name).read_bytes())


def test_without_a_place_to_write_nothing_is_cached(tmp_path: Path) -> None:
    """A folder that cannot be made is no reason to fail, nor to trust another cache."""
    (tmp_path / "file").touch()
    assert kernel.cache_folder(tmp_path / "file") is None
    folder = kernel.cache_folder(tmp_path / "caches")
    assert folder is not None
    assert list(folder.iterdir()) == []


def test_every_compiled_file_is_a_source_of_the_digest() -> None:
    """A file of the room that uses Numba is one whose edit makes a new kernel."""
    room = Path(kernel.__file__).parent
    compiled = {
        file.stem
        for file in room.glob("*.py")
        if "@quick" in file.read_text() or "@njit" in file.read_text()
    }
    assert compiled <= set(kernel.SOURCES)


def test_every_aggregate_is_a_file_that_declares_itself() -> None:
    """The folder and the table of kinds name the same aggregates; each declares its algebra."""
    folder = Path(kernel.__file__).parent / "aggregates"
    files = {file.stem: file.read_text() for file in folder.glob("*.py")}
    assert set(KINDS) == set(files) - {"__init__"}
    assert sorted(CODES.values()) == list(range(len(KINDS)))
    for kind in KINDS:
        for word in ("Algebra:", "xact", "Formula:", "Source:"):
            assert word in files[kind], (kind, word)
