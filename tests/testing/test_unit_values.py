"""What an aggregate gives moves with the version that its file declares, and with nothing else."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mintmark.define import catalogue
from mintmark.engine import kernel
from mintmark.engine.aggregates import approx_distinct
from mintmark.engine.sentinel import LIMIT
from mintmark.engine.units import chain_of, reading_of
from mintmark.ground import short
from mintmark.testing import values_digest
from mintmark.testing.unit_values import SIZES, fixed_log
from testing.params import PARAMS

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "units.txt"
HEAD = """\
# Of each aggregate: what its file and those of its states declare, and what it gives over a fixed
# log, as digests. The second moves with the first alone: `mintmark.testing.values_digest`.
# Written by MINTMARK_GOLDEN=write, which moves no values under a formula that stays.
"""


@dataclass(frozen=True)
class Line:
    """One aggregate: digests of what it declares, and of what it gives; its versions, to read."""

    kind: str
    formula: str
    values: str
    versions: str = ""

    def text(self) -> str:
        """Return it as a line of the file."""
        return f"{self.kind:<16} formula {self.formula}  values {self.values}  {self.versions}"


def golden() -> dict[str, Line]:
    """Return the lines of the file."""
    texts = GOLDEN.read_text(encoding="utf-8").splitlines() if GOLDEN.exists() else []
    told = [text.split()[:5] for text in texts if not text.startswith("#")]
    return {kind: Line(kind, formula, values) for kind, _, formula, _, values in told}


def here(kind: str) -> Line:
    """Return the line of an aggregate as it is now."""
    declared = catalogue.aggregate_kind(kind)
    versions = ", ".join(f"{name} {version}" for name, version in declared.versions)
    values = values_digest(kind, params=PARAMS.get(kind, ((),)))
    return Line(kind, short(declared.digest), values[:16], versions)


def test_no_value_moves_under_a_version() -> None:
    """Each built-in kind gives what its golden line says; who changes values raises a VERSION."""
    held, now = golden(), {kind: here(kind) for kind in catalogue.names()}
    moved = [
        kind
        for kind, line in now.items()
        if kind in held and held[kind].formula == line.formula and held[kind].values != line.values
    ]
    assert not moved, (
        f"the values of {', '.join(moved)} are others than before: raise VERSION in the file of "
        "the aggregate or of its state, or undo the change"
    )
    text = HEAD + "".join(f"{line.text()}\n" for line in now.values())
    if os.environ.get("MINTMARK_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "say MINTMARK_GOLDEN=write"


def test_every_state_stands_behind_some_aggregate() -> None:
    """What the golden lines are digests of reads every file of `engine.states`."""
    read = {reading_of(kind, kernel.module_of(kind)).state for kind in catalogue.names()}
    behind = {name for state in read for name in chain_of(state)}
    files = {path.stem for path in (kernel.ROOM / "states").glob("[!_]*.py")}
    # These are parts of others, or stand for a count of events that needs no value, or are what a
    # lifetime reads once its events have left.
    assert files - behind == {"ranks", "rows", "nth_ever", "rows_ever"}


def test_the_fixed_log_is_fixed() -> None:
    """Its rows are these, whatever draws and generators become."""
    logs = [fixed_log(size, largest=LIMIT) for size in SIZES]
    seal = hashlib.sha256(json.dumps(logs).encode()).hexdigest()
    assert seal[:16] == "0f7ab4e530fba871"


def test_many_different_values_are_estimated_as_before() -> None:
    """Words of windows with more different values than the fixed log has."""
    words = ((4000, 5, 100), (3000, 0, 0), (1182, 0, 1), (1181.4, 0, 5), (1181, 1, 5), (900, 9, 0))
    told = [approx_distinct.read(int(mean * 2**21), low, zeros) for mean, low, zeros in words]
    assert [float(value).hex() for value in told] == [
        "0x1.db365858403a3p+13", "0x1.f817ab0f9d3f6p+11", "0x1.0a2b23f3bab73p+15",
        "0x1.40049fd4427b5p+13", "0x1.40205f3195801p+13", "0x1.a413b937adb4dp+13",
    ]  # fmt: skip


FILE = '''
"""A stranger's aggregate: half way between the least and the greatest."""
import numpy as np
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL

TAKES = ("number",)
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
STATE = "spread"


@quick
def read(least, greatest, unit):
    if least == NULL:
        return np.nan
    return (np.float64(least) + np.float64(greatest)) / 2.0 / unit
'''
FASTER = FILE.replace(
    "    return (np.float64(least) + np.float64(greatest)) / 2.0 / unit",
    "    both = np.float64(greatest) + np.float64(least)\n    return both * 0.5 / unit",
)
OTHER = FILE.replace("np.float64(least) + np.float64(greatest)", "np.float64(least + greatest)")
RAISED = OTHER.replace("OWN = False", "OWN = False\nVERSION = 2")


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Four writings of one aggregate, installed under the name of each; their modules by name."""
    texts = {"halfway": FILE, "faster": FASTER, "other": OTHER, "raised": RAISED}
    # Named by their texts, so that what another run compiled is never found.
    seal = hashlib.sha256("".join(texts.values()).encode()).hexdigest()[:10]
    info = tmp_path / "halves-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: halves\nVersion: 1.0\n")
    points = {name: f"{name}_{seal}" for name in texts}
    for name, text in texts.items():
        (tmp_path / f"{points[name]}.py").write_text(text)
    lines = "".join(f"{point} = {point}\n" for point in points.values())
    (info / "entry_points.txt").write_text(f"[{catalogue.GROUP}]\n{lines}")
    kernel.load()  # the kernel's own cache is named before a stranger comes
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue._files.cache_clear()
    yield points
    catalogue._files.cache_clear()


def test_a_faster_formula_is_the_same_and_another_is_told(strangers: dict[str, str]) -> None:
    """By another text the values stay; by other values their digest moves, version or not."""
    values = {name: values_digest(kind) for name, kind in strangers.items()}
    assert values["faster"] == values["halfway"]
    assert values["other"] == values["raised"] != values["halfway"]
