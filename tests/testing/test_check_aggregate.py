"""The check of one aggregate lets every built-in kind through, and catches those that are wrong."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mintmark.define import catalogue
from mintmark.engine.kernel import load
from mintmark.engine.oracle_formulas import FORMULAS, Sample
from mintmark.ground import EngineError
from mintmark.testing import check_aggregate
from mintmark.testing.smaller import smaller
from testing.params import PARAMS


def reference_of(kind: str) -> Callable[..., Any]:
    """The oracle's formula of a kind, as a reference."""

    def reference(
        values: list[Any], times: list[int], at: int, until: int,
        params: tuple[int, ...], unit: float, own: Any, newest: Any,
    ) -> Any:  # fmt: skip
        return FORMULAS[kind](Sample(values, times, unit, at, until, params, own, newest))

    return reference


@pytest.mark.parametrize("kind", sorted(FORMULAS))
def test_every_kind_of_ours_keeps_to_what_it_declares(kind: str) -> None:
    """Its algebra, and the oracle's formula bit for bit over small and long keys."""
    done = check_aggregate(kind, reference_of(kind), params=PARAMS.get(kind, ((),)), logs=2)
    assert done.values > 3_000


def test_a_reference_asks_for_what_it_wants_by_name() -> None:
    """Without the unit it is tried on columns of scale 0; an unknown name is refused."""
    assert check_aggregate("max", lambda values: float(max(values)) if values else None, logs=1)
    with pytest.raises(EngineError, match="a reference of weights") as raised:
        check_aggregate("max", lambda weights: None, logs=1)
    assert raised.value.code == "engine.check.declared"


def test_a_wrong_value_is_told_by_the_smallest_window() -> None:
    """A reference that errs where three values stand in a row names three values, and no more."""
    with pytest.raises(EngineError, match=r"times \[\d+, \d+, \d+\]") as raised:
        check_aggregate("count", lambda values: float(min(len(values), 2)))
    assert raised.value.code == "engine.check.differs"
    assert (raised.value.got, raised.value.want) == ("3.0", "2.0")
    assert raised.value.at.startswith("replay, number, lifetime: values [")


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """A package of a stranger that is installed, with one aggregate and maybe a state."""
    load()  # the kernel's own cache is named before a stranger comes

    def install(aggregate: str, state: str = "") -> str:
        # Named by its text, so that what another run compiled is never found.
        name = f"odd_{hashlib.sha256((aggregate + state).encode()).hexdigest()[:10]}"
        (tmp_path / f"{name}.py").write_text(aggregate.replace("STATE_MODULE", f"{name}_s.words"))
        (tmp_path / f"{name}_s").mkdir()
        (tmp_path / f"{name}_s" / "words.py").write_text(state)
        told = tmp_path / f"{name}-1.0.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (told / "entry_points.txt").write_text(f"[mintmark.aggregates]\n{name} = {name}\n")
        monkeypatch.syspath_prepend(tmp_path)
        catalogue._files.cache_clear()
        return name

    yield install
    # Who comes next finds ours alone.
    catalogue._files.cache_clear()


AGGREGATE = """
import numpy as np
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import NULL
TAKES = ("number", "flag")
GIVES = "number"
ROWS = False
PARAMS = ()
OWN = False
"""
MIDRANGE = (
    AGGREGATE
    + """
STATE = "spread"
@quick
def read(least, greatest, unit):
    if least == NULL:
        return np.nan
    return (np.float64(least) + np.float64(greatest)) / 2.0 / unit
"""
)


def midrange(values: list[int], unit: float) -> float | None:
    """Half way between the smallest and the greatest."""
    return (float(min(values)) + float(max(values))) / 2.0 / unit if values else None


def test_a_strangers_aggregate_is_checked_as_ours_are(stranger: Callable[..., str]) -> None:
    """A file in a package of its own, found by its entry point."""
    assert check_aggregate(stranger(MIDRANGE), midrange, logs=2).laws


def test_a_formula_that_overflows_is_caught(stranger: Callable[..., str]) -> None:
    """Whole numbers added before they are made floats: right until they are large."""
    wrong = MIDRANGE.replace(
        "np.float64(least) + np.float64(greatest)", "np.float64(least + greatest)"
    )
    with pytest.raises(EngineError) as raised:
        check_aggregate(stranger(wrong), midrange)
    assert raised.value.code == "engine.check.differs"


WORDS = """
from mintmark.engine.quick import quick
WORDS = ("n", "top")
FORM = "FORM_OF_IT"
@quick
def add(n, top, value):
    return n + 1, max(top, value)
@quick
def drop(n, top, value):
    return n - 1, top
@quick
def lost(n, top, value):
    return False
"""
PEAK = (
    AGGREGATE
    + """
STATE = "STATE_MODULE"
@quick
def read(top, unit):
    return np.float64(top) / unit
"""
)


@pytest.mark.parametrize(
    ("form", "law"), [("group", "added and dropped"), ("monoid", "not lost leaves")]
)
def test_an_algebra_that_does_not_hold_is_caught(
    stranger: Callable[..., str], form: str, law: str
) -> None:
    """A maximum is no group, and a count is no monoid without a drop."""
    name = stranger(PEAK, WORDS.replace("FORM_OF_IT", form))
    with pytest.raises(EngineError, match=law) as raised:
        check_aggregate(name, lambda values, unit: float(max(values, default=0)) / unit)
    assert raised.value.code == "engine.check.algebra"
    assert len(raised.value.at) < 160


def test_a_read_of_words_that_are_not_there_is_caught(stranger: Callable[..., str]) -> None:
    """Before anything is compiled."""
    wrong = MIDRANGE.replace("least", "lowest")
    with pytest.raises(EngineError, match="read asks for lowest"):
        check_aggregate(stranger(wrong), midrange)


def test_a_counterexample_keeps_only_what_it_needs() -> None:
    """Parts that are wrong together are found among many."""
    assert smaller(range(1_000), lambda parts: {3, 500, 997} <= set(parts)) == [3, 500, 997]
    assert smaller([1, 2, 3], lambda parts: True) == []
