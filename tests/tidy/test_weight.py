"""Import weight: the package, the help and the server load only what they need."""

import subprocess
import sys
import time

import pytest


def _modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(' '.join({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    """`import mintmark` loads no array, table, model, server or settings library."""
    heavy = {"numpy", "polars", "pyarrow", "numba", "lightgbm", "sklearn", "sqlalchemy"}
    heavy |= {"pydantic", "typer", "rich", "deltalake", "cryptography", "pandas"}
    assert not _modules_after("import mintmark") & heavy


def test_defining_loads_nothing_heavy() -> None:
    """Using the definition surface loads no training, table or server library."""
    heavy = {"numba", "lightgbm", "sklearn", "sqlalchemy", "deltalake", "pandas"}
    assert not _modules_after("import mintmark as mm; mm.Event; mm.Features") & heavy


def test_importing_serve_loads_no_training_library() -> None:
    """The serving process holds no training, tracking or command-line library."""
    banned = {"lightgbm", "sklearn", "scipy", "pandas", "typer", "rich", "pydantic", "alembic"}
    assert not _modules_after("import mintmark.serve.server") & banned


@pytest.mark.parametrize("statement", ["import mintmark", "import mintmark.cli"])
def test_import_stays_under_a_second(statement: str) -> None:
    """The fastest of three cold imports takes less than a second."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1.0
