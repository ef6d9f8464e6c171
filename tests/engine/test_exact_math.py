"""The compiled functions give the bits of the written formulas, wherever they run."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from mintmark.engine import exact_math, oracle_math

Floats = NDArray[np.float64]
CURVES = ("log", "exp", "sin", "cos", "atan")
POWERS = (0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 7.0, 64.0, -64.0, 65.0, 0.5, -0.5, 2.5, 1e300, -1e300)
EDGES = [
    0.0, 5e-324, 2.0**-1074 * 3, 2.0**-1022, math.nextafter(2.0**-1022, 0.0), 0.5, 1.0, 2.0,
    math.sqrt(0.5), math.nextafter(math.sqrt(0.5), 0.0), math.sqrt(2.0), math.pi / 4, math.pi / 2,
    math.pi, 1e6, math.nextafter(1e6, 2e6), 707.5, 708.4, 709.0, math.nextafter(709.0, 800.0),
    744.44, 745.0, math.nextafter(745.0, 800.0), 1e300, 1.7976931348623157e308,
]  # fmt: skip


def looped(function: Any) -> Callable[..., None]:
    """A compiled loop of a function, as a row program runs it."""

    @numba.njit
    def loop(x: Floats, out: Floats) -> None:
        for k in range(x.shape[0]):
            out[k] = function(x[k])

    compiled: Callable[..., None] = loop
    return compiled


def arguments(count: int) -> Floats:
    """Edges of both signs with their neighbours, then numbers of every size that matters."""
    rng = np.random.default_rng(17)
    edges = np.array(EDGES + [-x for x in EDGES])
    drawn = [
        rng.uniform(-800.0, 800.0, count // 4),
        rng.uniform(-1e6, 1e6, count // 4),
        rng.uniform(-2.0, 2.0, count // 4),
        rng.integers(0, 2**63 - 2**53, count // 4).view(np.float64),
    ]
    drawn = [part[np.isfinite(part)] for part in drawn]
    with np.errstate(over="ignore"):
        near = [np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf)]
    whole = np.concatenate([edges, *near, *drawn])
    return whole[np.isfinite(whole)]


def same_bits(got: Floats, want: list[float | None]) -> bool:
    """Whether all results are equal by bits; None is NaN, and so is what is not finite."""
    wanted = np.array([math.nan if w is None or not math.isfinite(w) else w for w in want])
    null = np.isnan(wanted)
    told = np.array_equal(got[~null].view(np.int64), wanted[~null].view(np.int64))
    return bool(np.isnan(got[null]).all()) and told


@pytest.mark.parametrize("name", CURVES)
def test_a_function_has_the_bits_of_its_formula(name: str) -> None:
    """In a vectorised loop, for edges and a million numbers of every size."""
    x = arguments(1_000_000)
    got = np.empty_like(x)
    looped(getattr(exact_math, name))(x, got)
    assert same_bits(got, [getattr(oracle_math, name)(value) for value in x.tolist()])


def test_a_power_has_the_bits_of_its_formula() -> None:
    """Whole exponents by squaring, others through log and exp; what is not finite is null."""
    x = arguments(4_000)
    got = np.empty_like(x)
    power = numba.njit(lambda base, k, out: _powers(base, k, out))
    for k in POWERS:
        power(x, k, got)
        assert same_bits(got, [oracle_math.power(value, k) for value in x.tolist()]), k


@numba.njit
def _powers(x: Floats, k: float, out: Floats) -> None:
    for i in range(x.shape[0]):
        out[i] = exact_math.power(x[i], k)


@pytest.mark.parametrize("name", CURVES)
def test_a_function_is_near_the_true_one(name: str) -> None:
    """Within 4 units in the last place, but near a zero of sine and cosine and below 2**-1020."""
    x = arguments(20_000)
    x = x[(x > 0.0) & (x < 700.0)] if name == "log" else x[np.abs(x) < 700.0]
    got = np.empty_like(x)
    looped(getattr(exact_math, name))(x, got)
    true = np.array([getattr(math, name)(value) for value in x.tolist()])
    allowed = np.maximum(np.abs(true), 2.0**-6 if name in ("sin", "cos") else 0.0)
    assert np.all(np.abs(got - true) <= 8 * 2.0**-53 * allowed + 2.0**-1070)


@pytest.mark.parametrize("name", [*CURVES, "whole_power"])
def test_no_product_is_fused_with_a_sum(name: str) -> None:
    """Neither the IR nor the machine code of a vectorised loop has a fused multiply-add."""
    function = getattr(exact_math, name)
    if name == "whole_power":
        function = numba.njit(lambda x: exact_math.whole_power(x, 3) + x)
    loop: Any = looped(function)
    loop(np.ones(4), np.empty(4))
    for text in (*loop.inspect_llvm().values(), *loop.inspect_asm().values()):
        assert not re.search(r"llvm\.fma|fmuladd|fast |\bv?fn?m(add|sub|la|ls)\w*\b", text)


def test_whole_numbers_are_mixed_as_splitmix64_does() -> None:
    """Any int64, the smallest and the greatest among them."""
    mix = numba.njit(lambda v: exact_math.hash64(v))
    rng = np.random.default_rng(3)
    drawn = rng.integers(-(2**63), 2**63 - 1, 1000).tolist()
    for value in [0, 1, -1, 2**63 - 1, -(2**63), *drawn]:
        assert int(mix(np.int64(value))) == oracle_math.hash64(value)
