"""Every kind of aggregate on one line, worked by hand or by `statistics` and `fractions`."""

from __future__ import annotations

import math
import statistics
from decimal import Decimal, getcontext
from fractions import Fraction
from typing import Any

import pytest

from engine.timeline import SECOND, answers, last, paid
from mintmark.engine.oracle_formulas import FORMULAS, Sample, formula, weight
from mintmark.engine.oracle_math import hash64
from mintmark.plan.node import Window

LINE = "3.1..4.1.5..r"
VALUES, TIMES, ASKED = [3, 1, 4, 1, 5], [0, 2, 5, 7, 9], 12
AVERAGE = Fraction(sum(VALUES), 5)
HALF_LIFE = (4 * SECOND, SECOND // 8)


def central(power: int) -> Fraction:
    """The exact central moment of the values, by n."""
    return sum((v - AVERAGE) ** power for v in VALUES) / Fraction(5)


def faded(values: list[int]) -> float:
    """The sum of values that halve every four seconds."""
    pairs = zip(values, TIMES, strict=True)
    return sum(v * 2.0 ** (-(ASKED - t) / 4) for v, t in pairs)


EXACT: list[tuple[str, tuple[int, ...], float]] = [
    ("count", (), 5), ("sum", (), 14), ("mean", (), 2.8), ("min", (), 1), ("max", (), 5),
    ("range", (), 4), ("first", (), 3), ("last", (), 5), ("newest", (), 5),
    ("nth", (1,), 3), ("nth", (3,), 4), ("lag", (1,), 5), ("lag", (4,), 1), ("lag", (5,), 3),
    ("since_first", (), 12), ("since_last", (), 3), ("since_max", (), 3),
    ("since_min", (), 5),  # of the two 1s the newer one, at second 7
    ("distinct", (), 4), ("unique_share", (), 0.8),
    ("mode", (1,), 1), ("mode", (2,), 3), ("mode", (4,), 5),  # ties: the smaller value first
    ("top_share", (), 0.4), ("changes", (), 4),
    ("quantile", (500_000,), 3), ("quantile", (0,), 1), ("quantile", (1_000_000,), 5),
    ("quantile", (400_000,), 1), ("quantile", (400_001,), 3), ("quantile", (990_000,), 5),
    ("top", (1,), 5), ("top", (2,), 4), ("top", (5,), 1), ("bottom", (2,), 1), ("bottom", (3,), 3),
    ("gap_mean", (), 2.25), ("gap_std", (), 0.5), ("gap_min", (), 2), ("gap_max", (), 3),
    ("longest_streak", (), 5), ("current_streak", (), 5),
]  # fmt: skip
CLOSE: list[tuple[str, tuple[int, ...], float]] = [
    ("var", (), statistics.variance(VALUES)), ("std", (), statistics.stdev(VALUES)),
    ("cv", (), statistics.stdev(VALUES) / statistics.mean(VALUES)),
    ("skew", (), float(central(3)) / float(central(2)) ** 1.5),
    ("kurt", (), float(central(4) / central(2) ** 2) - 3),
    ("slope", (), statistics.linear_regression(TIMES, VALUES).slope),
]  # fmt: skip
ROUGH: list[tuple[str, tuple[int, ...], float]] = [
    ("entropy", (), -0.4 * math.log(0.4) - 3 * 0.2 * math.log(0.2)),
    ("decay_count", HALF_LIFE, faded([1] * 5)), ("decay_sum", HALF_LIFE, faded(VALUES)),
    ("decay_mean", HALF_LIFE, faded(VALUES) / faded([1] * 5)),
    ("approx_distinct", (), 4.0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "params", "worked"), EXACT)
def test_a_value_that_is_worked_by_hand(kind: str, params: tuple[int, ...], worked: float) -> None:
    """3.1..4.1.5..r: the number itself."""
    assert last(LINE, kind, params=params) == worked


def test_a_rate_is_per_unit_of_its_span() -> None:
    """3.1(..4.1.5..r: three payments in ten seconds."""
    window = Window(span_us=10 * SECOND)
    assert last(LINE, "rate", params=(SECOND, 10 * SECOND), window=window) == 3 * (1 / 10)
    assert last(LINE, "rate", params=(60 * SECOND, 10 * SECOND), window=window) == 18


@pytest.mark.parametrize(("kind", "params", "worked"), CLOSE)
def test_a_value_of_the_statistics_module(
    kind: str, params: tuple[int, ...], worked: float
) -> None:
    """3.1..4.1.5..r: within rounding of what Python's own modules give."""
    assert last(LINE, kind, params=params) == pytest.approx(worked, rel=1e-15)


@pytest.mark.parametrize(("kind", "params", "worked"), ROUGH)
def test_a_value_of_tables(kind: str, params: tuple[int, ...], worked: float) -> None:
    """3.1..4.1.5..r: entropy to a millionth, decay to the rounding of its table, HyperLogLog."""
    close = {"entropy": 2e-6, "approx_distinct": 1e-3}.get(kind, 1e-9)
    assert last(LINE, kind, params=params) == pytest.approx(worked, rel=close)


def test_money_is_read_in_its_unit() -> None:
    """Stored in cents, answered in euros; ratios have no unit."""
    how: dict[str, Any] = {"column": "amount"}
    assert last(LINE, "sum", **how) == 14
    assert last(LINE, "var", **how) == pytest.approx(3.2, rel=1e-15)
    assert last(LINE, "top", params=(1,), **how) == 5
    assert last(LINE, "slope", **how) == pytest.approx(last(LINE, "slope"), rel=1e-15)
    for kind in ("cv", "skew", "kurt"):
        assert last(LINE, kind, **how) == pytest.approx(last(LINE, kind), rel=1e-15)


EMPTY = dict.fromkeys(FORMULAS) | dict.fromkeys(
    ("count", "sum", "rate", "distinct", "longest_streak", "current_streak", "changes",
     "decay_count", "decay_sum", "approx_distinct", "seen"), 0.0,
) | {"is_new": 1.0}  # fmt: skip
PARAMS = {
    "nth": (1,), "lag": (1,), "mode": (1,), "top": (1,), "bottom": (1,), "quantile": (500_000,),
    "rate": (1, 1), "decay_count": (64, 2), "decay_sum": (64, 2), "decay_mean": (64, 2),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORMULAS)
@pytest.mark.parametrize("line", ["r", "n.r"])
def test_nothing_is_null_or_zero(kind: str, line: str) -> None:
    """An empty window, and one with nulls alone."""
    assert last(line, kind, params=PARAMS.get(kind, ())) == EMPTY[kind]


@pytest.mark.parametrize(
    ("kind", "short", "enough"),
    [
        ("var", "1.r", "1.2.r"), ("std", "1.r", "1.2.r"), ("cv", "1.r", "1.2.r"),
        ("skew", "1.2.r", "1.2.4.r"), ("kurt", "1.2.4.r", "1.2.4.8.r"), ("slope", "1.r", "1.2.r"),
        ("gap_mean", "1.r", "1.2.r"), ("gap_min", "1.r", "1.2.r"), ("gap_std", "1.2.r", "1.2.3.r"),
        ("cv", "0.0.r", "0.1.r"), ("skew", "2.2.2.r", "2.2.3.r"),
        ("kurt", "1.1.1.1.r", "1.1.1.2.r"),
    ],
)  # fmt: skip
def test_too_few_values_are_null(kind: str, short: str, enough: str) -> None:
    """One value fewer than a formula needs, or a denominator of nothing."""
    assert last(short, kind) is None
    assert last(enough, kind) is not None


@pytest.mark.parametrize("kind", ["nth", "lag", "mode", "top", "bottom"])
def test_a_place_beyond_the_end_is_null(kind: str) -> None:
    """3.3.3.r has three values, of which one is different."""
    assert last("3.3.3.r", kind, params=(1,)) == 3
    assert last("3.3.3.r", kind, params=(3,)) == (None if kind == "mode" else 3)
    assert last("3.3.3.r", kind, params=(4,)) is None


def test_nulls_are_skipped_but_by_newest() -> None:
    """3.n.4.n.r: the last value is 4, the newest event has none."""
    assert last("3.n.4.n.r", "last") == 4
    assert last("3.n.4.n.r", "lag", params=(2,)) == 3
    assert last("3.n.4.n.r", "newest") is None
    assert last("3.n.4.r", "newest") == 4
    assert last("3.n.4.n.r", "since_last") == 4, "of the values"
    assert last("3.n.4.n.r", "since_last", column=None) == 2, "of the events"
    assert last("3.n.4.n.r", "gap_max") == 4
    assert last("3.n.4.n.r", "gap_max", column=None) == 2
    assert last("3.n.3.r", "changes") == 0


def test_what_is_compared_with_the_requests_own_value() -> None:
    """Two 1s came before; a request without a value has no answer."""
    for points, new, seen in ((1, 0, 2), (2, 1, 0), (None, None, None)):
        assert last(LINE, "is_new", request={"points": points}) == new
        assert last(LINE, "seen", request={"points": points}) == seen
    window = Window(span_us=4 * SECOND)
    assert last(LINE, "is_new", request={"points": 1}, window=window) == 1, "not lately"


def test_streaks_of_flags_skip_nulls() -> None:
    """1.1.n.1.0.1.1.r: three in a row over the null, then two at the newest end."""
    rows = [paid(i, i, 0, online=on) for i, on in enumerate((1, 1, None, 1, 0, 1, 1, 0, 1))]
    for row in rows:
        row["online"] = None if row["online"] is None else bool(row["online"])
    assert answers(rows, "longest_streak", column="online") == [0, 1, 2, 2, 3, 3, 3, 3, 3]
    assert answers(rows, "current_streak", column="online") == [0, 1, 2, 2, 3, 0, 1, 2, 0]


def test_texts_are_values_too() -> None:
    """BE é 日本 é BE: places in (BE, FR, NL, é, 日本); ties of mode go by bytes."""
    rows = [paid(i, i, country=text) for i, text in enumerate(("BE", "é", "日本", "é", "BE", "x"))]
    how: dict[str, Any] = {"column": "country"}
    assert answers(rows, "first", **how)[-1] == 0
    assert answers(rows, "last", **how) == [None, 0, 3, 4, 3, 0]
    assert answers(rows, "nth", params=(3,), **how)[-1] == 4
    assert answers(rows, "mode", params=(1,), **how) == [None, 0, 0, 0, 3, 0]
    assert answers(rows, "mode", params=(2,), **how)[-1] == 3
    assert answers(rows, "distinct", **how)[-1] == 3
    assert answers(rows, "seen", **how) == [0, 0, 0, 1, 1, 0]
    assert answers(rows, "changes", **how)[-1] == 4
    assert answers(rows, "approx_distinct", **how)[-1] == pytest.approx(3, rel=1e-3)


def test_exact_sums_do_not_lose_what_floats_would() -> None:
    """2**62, 1 and -2**62: the sum is 1, and the spread of neighbours near 2**62 is theirs."""
    rows = [paid(i, i, points=v) for i, v in enumerate((2**62, 1, -(2**62), 0))]
    assert answers(rows, "sum")[-1] == 1
    rows = [paid(i, i, points=2**62 - v) for i, v in enumerate((1, 2, 3, 4))]
    assert answers(rows, "var")[-1] == 1
    assert answers(rows, "slope")[-1] == pytest.approx(-1e6)


def test_weights_are_rounded_powers() -> None:
    """2**64 now, half after 32 ticks, nothing after 32 half-lives, rounded once in between."""
    assert weight(0) == 2**64
    assert weight(32) == 2**63
    assert weight(31 * 32) == 2**33
    assert weight(32 * 32) == 0
    getcontext().prec = 80
    for ticks in range(0, 1024, 37):
        exact = Decimal(2) ** (64 - Decimal(ticks) / 32)
        halvings = ticks // 32
        assert abs(Decimal(weight(ticks)) - exact) <= Decimal(2) ** (31 - halvings)


def test_decay_counts_ticks_from_the_end_of_the_window() -> None:
    """A payment at tick 3 seen at tick 8: 5 ticks; with an offset of 2 ticks, 3."""
    rows = [paid(1, 7, 1), paid(2, 16, 1)]
    how: dict[str, Any] = {"params": (64, 2), "column": None}
    assert answers(rows, "decay_count", **how)[1] == weight(5) / 2**64
    offset = Window(offset_us=4)
    assert answers(rows, "decay_count", window=offset, **how)[1] == weight(3) / 2**64


def test_entropy_of_one_value_is_nothing() -> None:
    """And of n equally frequent ones the logarithm of n."""
    assert last("2.2.2.r", "entropy") == 0
    assert last("1.2.3.4.r", "entropy") == pytest.approx(math.log(4), rel=1e-6)


def test_many_different_values_are_counted_nearly() -> None:
    """HyperLogLog of 4096 registers errs by 1.6 % of many values."""
    for n in (100, 3000, 20_000):
        sample = Sample(list(range(n)), [0] * n, 1.0, 0, 0, (), None, None)
        assert formula("approx_distinct", sample) == pytest.approx(n, rel=0.05)


def test_hashes_are_those_of_their_sources() -> None:
    """splitmix64 seeded with 0 gives 0xE220A8397B1DCDAF first (Vigna's reference code)."""
    assert hash64(0) == 0xE220A8397B1DCDAF
    assert hash64(-1) == hash64(2**64 - 1)
    assert 0 <= hash64("日本") < 2**64
    assert hash64("a") != hash64("b")
