"""The catalogue of aggregates: files read as data, a stranger's too, and what a bad one is told."""

import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import mintmark as mm
from mintmark.define import catalogue
from mintmark.ground import DefineError, PlanError
from mintmark.plan import check_kinds, compile_plan

FILE = """
\"\"\"product: an aggregate of a stranger.\"\"\"
raise RuntimeError("a definition imports no aggregate")
TAKES = ("number",)
GIVES = "number"
ROWS = False
PARAMS: tuple[str, ...] = ("half_us", "k")
OWN = False
RANGE = 10**13
"""
payment = mm.Event(
    "payment", id="id", at="at", keys={"card": mm.Entity("card")}, fields={"n": mm.Integer(10**9)}
)


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a package with an aggregate "product" in the module `theirs.inner.product`."""
    package = tmp_path / "theirs"
    (package / "inner").mkdir(parents=True)
    for folder in (package, package / "inner"):
        (folder / "__init__.py").write_text("")
    file = package / "inner" / "product.py"
    file.write_text(FILE)
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("product", "theirs.inner.product", catalogue.GROUP)
    monkeypatch.setattr(catalogue, "entry_points", lambda group: (point,))
    renew()
    yield file
    renew()


def renew() -> None:
    """Forget every file that was read."""
    for cached in (catalogue._files, catalogue._read):
        cached.cache_clear()


@pytest.fixture
def renewed() -> Iterator[None]:
    """Read all files anew, before and after."""
    renew()
    yield
    renew()


def test_every_aggregate_of_ours_declares_itself() -> None:
    """Forty kinds and more, each with constants that say what it takes."""
    names = catalogue.names()
    assert len(names) >= 40
    for name in names:
        kind = catalogue.aggregate_kind(name)
        assert kind.takes
    digests = [catalogue.aggregate_kind(name).digest for name in names]
    assert len(set(digests)) == len(names)


def test_a_digest_is_of_what_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renewed: None
) -> None:
    """Another text of a formula changes none; a version, or what a formula takes or gives, does."""
    folder, states = tmp_path / "aggregates", tmp_path / "states"
    shutil.copytree(catalogue.FOLDER, folder)
    shutil.copytree(catalogue.STATES, states)
    names = ("top", "quantile", "sum", "mean", "std")
    before = {name: catalogue.aggregate_kind(name) for name in names}
    monkeypatch.setattr(catalogue, "FOLDER", folder)
    monkeypatch.setattr(catalogue, "STATES", states)

    def changed(file: Path, old: str, new: str) -> tuple[set[str], set[str]]:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        renew()
        now = {name: catalogue.aggregate_kind(name) for name in names}
        file.write_text(text)
        return tuple(
            {name for name in names if getattr(now[name], part) != getattr(before[name], part)}
            for part in ("digest", "layout")
        )  # type: ignore[return-value]

    nothing: tuple[set[str], set[str]] = set(), set()
    version, own = "\nVERSION = 2\n", "OWN = False"
    assert changed(folder / "sum.py", '"""sum: ', '"""another sentence: ') == nothing
    assert changed(folder / "sum.py", "/ unit", "* unit") == nothing
    assert changed(states / "ranks.py", "n + 1 <= size", "n + 2 <= size") == nothing
    assert changed(folder / "sum.py", own, own + "\nVERSION = 1\n") == nothing
    assert changed(folder / "sum.py", own, own + version) == ({"sum"}, set())
    assert changed(folder / "sum.py", '("number", "flag")', '("number",)')[0] == {"sum"}
    # A state of those that read it, that import it, or that extend it.
    form = 'FORM = "group"'
    of_state = changed(states / "rank_from_top.py", form, form + version)
    assert of_state == ({"top"}, {"top"})
    assert changed(states / "ranks.py", form, form + version)[0] == {"top", "quantile"}
    assert changed(states / "powers1.py", form, form + version)[0] == {"sum", "mean", "std"}
    # Other words give the same values, but nobody goes on from those of a snapshot.
    words = changed(states / "ranks.py", 'WORDS = ("n",)', 'WORDS = ("n", "m")')
    assert words == (set(), {"top", "quantile"})


def test_every_aggregate_of_ours_has_a_method() -> None:
    """What can be asked by name can be asked by a method with a sentence."""
    value: Any = payment["n"]
    for name in catalogue.names():
        assert getattr(value, name).__doc__.startswith("Return ")


def test_a_strangers_aggregate(stranger: Path) -> None:
    """An entry point is enough: it is defined, planned and digested, and never imported."""
    asked = payment["n"].aggregate("product", half_us="1d", k=2).by("card").over("7d")
    plan = compile_plan(mm.Features(payment, a=asked))
    assert plan.aggregates[0].params == (86_400_000_000, 2)
    assert plan.kinds == {"product": catalogue.aggregate_kind("product").digest}
    assert "product(n, half 1d, 2) by card over 7d" in plan.text()
    assert not [name for name in sys.modules if name.startswith("theirs")]
    before = plan.digest
    stranger.write_text(FILE + "K = 2  # whatever its formula reads\n")
    renew()
    assert compile_plan(mm.Features(payment, a=asked)).digest == before
    stranger.write_text(FILE + "VERSION = 2\n")
    renew()
    assert compile_plan(mm.Features(payment, a=asked)).digest != before
    with pytest.raises(PlanError) as caught:
        check_kinds(plan.kinds)
    assert caught.value.code == "plan.kind.changed"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("OWN = False", ""),
        ('GIVES = "number"', 'GIVES = "text"'),
        ('TAKES = ("number",)', 'TAKES = ("numbers",)'),
        ('TAKES = ("number",)', "TAKES = tuple(NUMBERS)"),
        ("ROWS = False", "ROWS = = False"),
        ("ROWS = False", "ROWS = False\nVERSION = 0"),
        ("ROWS = False", "ROWS = False\nVERSION = '2'"),
    ],
)
def test_a_file_that_declares_nothing_fit(stranger: Path, old: str, new: str) -> None:
    """A file without its constants, or with what is no literal, is told by its name."""
    stranger.write_text(FILE.replace(old, new))
    with pytest.raises(DefineError) as caught:
        payment["n"].aggregate("product", half_us="1d", k=2)
    assert caught.value.code == "define.aggregate.file"
    assert caught.value.at == "product.py"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "define.aggregate.params"),
        ({"half_us": "1d"}, "define.aggregate.params"),
        ({"half_us": "1d", "k": 1, "z": 1}, "define.aggregate.params"),
        ({"half_us": "1d", "k": 1.5}, "define.number.outside"),
        ({"half_us": "soon", "k": 1}, "ground.time.span"),
    ],
)
def test_parameters_are_those_declared(stranger: Path, params: dict[str, Any], code: str) -> None:
    """Each parameter is given once and is a whole number."""
    with pytest.raises(DefineError) as caught:
        payment["n"].aggregate("product", **params)
    assert caught.value.code == code
    assert caught.value.at.startswith("tests/define/test_catalogue.py:")


def test_an_unknown_aggregate_and_what_was_meant() -> None:
    """The nearest name is told."""
    with pytest.raises(DefineError) as caught:
        payment["n"].aggregate("medium")
    assert caught.value.code == "define.aggregate.unknown"
    with pytest.raises(DefineError) as caught:
        payment["n"].aggregate("kurtt")
    assert caught.value.hint == 'did you mean "kurt"?'


def test_every_aggregate_stands_on_its_page() -> None:
    """The guide has a row for each kind, with what it is taken of."""
    page = (Path(__file__).parents[2] / "docs" / "aggregates.md").read_text()
    rows = [line.split("|")[1:] for line in page.splitlines() if line.startswith("| `")]
    kinds = {name: row for row in rows for name in re.findall(r"`(\w+)\(", row[0]) if len(row) > 3}
    for name in catalogue.names():
        kind, told = catalogue.aggregate_kind(name), kinds[name][2]
        assert ("events" in told) == kind.rows
        assert ("any" in told) == (len(kind.takes) == 4)
        assert ("10^13" in told) == (kind.largest == 10**13)
