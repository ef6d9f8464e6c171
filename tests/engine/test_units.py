"""Units: what a file of an aggregate or a state says is all that it takes, a stranger's too."""

from __future__ import annotations

import importlib
import linecache
import math
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest

from engine.made import amount, paid, payments, plan_of
from mintmark.define import catalogue
from mintmark.engine import kernel, units
from mintmark.engine.history import replay
from mintmark.engine.live import Live
from mintmark.engine.program import lower
from mintmark.engine.source import state_source
from mintmark.ground import EngineError

MIDDLE = '''
"""A stranger's aggregate over a state of ours."""
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
MULTIPLES = '''
"""A stranger's aggregate over a state of its own: the share of values that k divides."""
import numpy as np
from mintmark.engine.quick import quick

TAKES = ("number",)
GIVES = "number"
ROWS = False
PARAMS = ("k",)
OWN = False
STATE = "theirs.dividing"


@quick
def read(n, divided):
    if n == 0:
        return np.nan
    return np.float64(divided) / np.float64(n)
'''
DIVIDING = '''
"""How many values there are, and how many of them `a` divides."""
from mintmark.engine.quick import quick

WORDS = ("n", "divided")
FORM = "group"


@quick
def add(n, divided, value, a):
    return n + 1, divided + (1 if value % a == 0 else 0)


@quick
def drop(n, divided, value, a):
    return n - 1, divided - (1 if value % a == 0 else 0)
'''


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a package with two aggregates; no file of ours is touched."""
    package = tmp_path / "theirs"
    package.mkdir()
    for name, text in (("__init__", ""), ("middle", MIDDLE), ("multiples", MULTIPLES),
                       ("dividing", DIVIDING)):  # fmt: skip
        (package / f"{name}.py").write_text(text)
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{catalogue.GROUP}]\nmiddle = theirs.middle\nmultiples = theirs.multiples\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    forget()
    yield package
    forget()


def forget() -> None:
    """Look for aggregates anew."""
    for name in [name for name in sys.modules if name.split(".")[0] == "theirs"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    for cached in (catalogue._files, catalogue._read, kernel._reading, kernel._state):
        cached.cache_clear()


def test_a_strangers_aggregates_work_from_end_to_end(stranger: Path, tmp_path: Path) -> None:
    """Defined, planned, replayed, live and restored; one over our state, one over its own."""
    plan = plan_of(
        middle=amount.aggregate("middle").by("card").over("200s"),
        evens=amount.aggregate("multiples", k=2).by("card").over("200s"),
        sixes=amount.aggregate("multiples", k=6).by("card").over("lifetime"),
    )
    assert {"middle", "multiples"} <= set(catalogue.names())
    random, rows = Random(1), []
    for seq in range(400):
        late = random.choice((0, 0, 0, 3, 9))
        rows.append(paid(seq, seq - late, random.choice((None, *range(-50, 50)))))
    features = replay(plan, {"payment": payments(rows)}).features
    for seq, row in enumerate(rows):
        seen = [(r["mm_at"], r["amount"]) for r in rows[:seq] if r["mm_at"] <= row["mm_at"]]
        whole = [v for _, v in seen if v is not None]
        near = [v for at, v in seen if v is not None and at > row["mm_at"] - 200 * 10**6]
        middle = (min(near) + max(near)) / 2.0 / 100.0 if near else math.nan
        evens = sum(v % 2 == 0 for v in near) / len(near) if near else math.nan
        sixes = sum(v % 6 == 0 for v in whole) / len(whole) if whole else math.nan
        assert np.array_equal(features[seq], [evens, middle, sixes], equal_nan=True), seq
    live = Live.start(plan, {"payment": payments(rows[:200])})
    live.snapshot(tmp_path / "state")
    restored = Live.restore(tmp_path / "state", plan)
    for state in (live, restored):
        decided = np.array([state.decide(row) for row in rows[200:]])
        assert decided.tobytes() == features[200:].tobytes()


def test_a_strangers_file_names_another_kernel(stranger: Path) -> None:
    """An edit of it makes a new kernel, and new units; nothing compiled before is taken for it."""
    digest = kernel.kernel_digest.__wrapped__
    before = digest()
    (stranger / "middle.py").write_text(MIDDLE + "\n")
    assert digest() != before
    module = importlib.import_module("theirs.dividing")
    stamp = units._stamp(module)
    (stranger / "dividing.py").write_text(DIVIDING.replace("== 0", "== 1") + "\n")
    importlib.reload(module)
    importlib.invalidate_caches()
    linecache.checkcache()
    assert units._stamp(module) != stamp


def test_a_unit_is_made_anew_when_what_its_file_imports_is_another(stranger: Path) -> None:
    """A function of another file of the stranger's package, by its whole name or by dots."""
    for imported in ("theirs.tools", ".tools"):
        (stranger / "tools.py").write_text("K = 1\n")
        (stranger / "dividing.py").write_text(f"from {imported} import K\n{DIVIDING}")
        forget()
        stamp = units._stamp(importlib.import_module("theirs.dividing"))
        (stranger / "tools.py").write_text("K = 1 + 1\n")
        assert units._stamp(importlib.import_module("theirs.dividing")) != stamp, imported


def test_a_reader_of_words_that_its_state_lacks_is_refused(
    stranger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The aggregate and the words are named."""
    (stranger / "wrong.py").write_text(MIDDLE.replace("least, greatest, unit", "least, most, unit")
                                       .replace("(greatest)", "(most)"))  # fmt: skip
    point = EntryPoint("wrong", "theirs.wrong", catalogue.GROUP)
    for module in (catalogue, kernel):
        monkeypatch.setattr(module, "entry_points", lambda group: (point,))
    forget()
    with pytest.raises(EngineError) as caught:
        lower(plan_of(x=amount.aggregate("wrong").by("card").over("5s")))
    assert caught.value.code == "engine.aggregate.words"
    assert "most" in str(caught.value.got)


def test_an_aggregate_that_is_gone_is_told(stranger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan of a package that is not installed any more."""
    plan = plan_of(x=amount.aggregate("middle").by("card").over("5s"))
    monkeypatch.setattr(kernel, "entry_points", lambda group: ())
    forget()
    with pytest.raises(EngineError) as caught:
        lower(plan)
    assert caught.value.code == "engine.plan.unknown_aggregate"


@pytest.mark.parametrize("name", sorted(p.stem for p in (kernel.ROOM / "states").glob("[!_]*.py")))
def test_every_state_declares_a_unit(name: str) -> None:
    """Its words fit, its functions ask for nothing unknown, its source is Python."""
    state = units.state_of(name)
    assert 0 < len(state.words) <= units.L.WORDS_MAX
    chain = units.chain_of(name)
    for richer, poorer in pairwise(chain):
        kept = units.state_of(poorer).words
        assert units.state_of(richer).words[: len(kept)] == kept, "those of a poorer come first"
    module = units._state_module(name)
    compile(state_source(module), name, "exec")
    if getattr(module, "SUMS", False):
        compile(state_source(module, many=True), name, "exec")


def test_states_that_extend_each_other_are_one() -> None:
    """The richest of a chain; none for two of different chains."""
    assert units.one_state(["powers1", "powers4", "powers2"]) == "powers4"
    assert units.one_state(["powers1"]) == "powers1"
    assert units.one_state(["powers1", "least"]) is None
    assert units.one_state(["line", "powers2"]) is None
