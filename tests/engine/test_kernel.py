"""The kernel is compiled once, found again, and nobody pays for it before it is asked for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mintmark.define import catalogue
from mintmark.engine import kernel


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
    sources = [f"{name}.py" for name in kernel.SOURCES]
    for folder in ("aggregates", "states"):
        (tmp_path / folder).mkdir()
        sources += [f"{folder}/{file.name}" for file in (room / folder).glob("*.py")]
    for name in sources:
        (tmp_path / name).write_bytes((room / name).read_bytes())
    digest = kernel.kernel_digest.__wrapped__
    before = digest()
    monkeypatch.setattr(kernel, "ROOM", tmp_path)
    assert digest() == before
    for name in sources:
        (tmp_path / name).write_text((room / name).read_text() + "\n")
        assert digest() != before, name
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


def test_every_compiled_source_imports_only_sources() -> None:
    """What compiled code calls is compiled with it, so the digest must know that file too."""
    room = Path(kernel.__file__).parent
    files = [room / f"{name}.py" for name in kernel.SOURCES if name not in ("units", "source")]
    files += [*(room / "states").glob("*.py"), *(room / "aggregates").glob("*.py")]
    known = {*kernel.SOURCES, "states"}
    for file in files:
        for line in file.read_text().splitlines():
            found = re.match(r"from mintmark\.engine\.(\w+)[.\w]* import|"
                             r"from mintmark\.engine import (\w+)", line)  # fmt: skip
            assert found is None or (found[1] or found[2]) in known, (file.name, line)


def test_every_aggregate_is_a_file_that_declares_itself() -> None:
    """Each says its algebra, how exact it is, its formula and where that is from."""
    folder = Path(kernel.__file__).parent / "aggregates"
    files = {file.stem: file.read_text() for file in folder.glob("[!_]*.py")}
    assert set(catalogue.names()) == set(files)
    for kind, text in files.items():
        for word in ("Algebra:", "Formula:", "Source:"):
            assert word in text, (kind, word)
        assert kernel.ready().state(kernel.ready().reading(kind).state).words


def test_only_what_a_plan_asks_for_is_loaded() -> None:
    """Lowering a plan makes its units ready, and no others: nothing compiles under a request."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import mintmark as mm\n"
        "from engine.made import amount, plan_of\n"
        "from mintmark.engine.kernel import ready\n"
        "from mintmark.engine.program import lower\n"
        "lower(plan_of(x=amount.sum().by('card').over('5s')))\n"
        "print(*sorted(ready().units._addresses))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parents[1])],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [name.rsplit("_", 1)[0] if "read" in name else name for name in done.stdout.split()]
    assert names == ["read_sum", "state_powers1", "state_powers1_many"]
