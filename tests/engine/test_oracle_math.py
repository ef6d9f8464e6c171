"""The oracle's mathematics against the machine's own, and its edges."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest

from mintmark.engine import oracle_math


def ulps(got: float | None, want: float) -> float:
    """How many units in the last place two numbers are apart."""
    assert got is not None
    return abs(got - want) / math.ulp(want)


def magnitudes(count: int, low: float, high: float) -> list[float]:
    """Numbers whose logarithms are spread evenly."""
    random = Random(7)
    return [2.0 ** random.uniform(low, high) for _ in range(count)]


def test_log_is_right_to_two_units() -> None:
    """From the smallest float64 to the greatest, and close to one."""
    near_one = [1.0 + m for m in magnitudes(500, -52, -1)] + [
        1 - m for m in magnitudes(500, -52, -1)
    ]
    for x in [*magnitudes(5000, -1074, 1023.9), *near_one, 5e-324, 2.0**-1022, 1.7e308]:
        if x != 1.0:
            assert ulps(oracle_math.log(x), math.log(x)) <= 2, x
    assert oracle_math.log(1.0) == 0.0
    assert oracle_math.log(0.0) is None
    assert oracle_math.log(-1.0) is None


def test_exp_is_right_to_two_units() -> None:
    """From the smallest float64 that it gives to the greatest."""
    random = Random(7)
    for x in [*(random.uniform(-745, 709) for _ in range(5000)), *magnitudes(500, -60, 0), 709.0]:
        assert ulps(oracle_math.exp(x), math.exp(x)) <= 2, x
    assert oracle_math.exp(0.0) == 1.0
    assert oracle_math.exp(709.1) is None
    assert oracle_math.exp(-746.0) == 0.0


@pytest.mark.parametrize(
    ("ours", "theirs"), [(oracle_math.sin, math.sin), (oracle_math.cos, math.cos)]
)
def test_sine_and_cosine_are_right(
    ours: Callable[[float], float | None], theirs: Callable[[float], float]
) -> None:
    """To 1e-15 up to a million radians, near the quarters too; null beyond."""
    random = Random(7)
    angles = [random.uniform(-1e6, 1e6) for _ in range(5000)]
    angles += [k * math.pi / 4 for k in range(-50, 50)] + magnitudes(200, -60, 3)
    for x in [*angles, 1e6, -1e6]:
        assert ours(x) == pytest.approx(theirs(x), abs=1e-15), x
    assert ours(1_000_000.1) is None


def test_arc_tangent_is_right() -> None:
    """To 1e-15 for any number, and odd."""
    for x in [*magnitudes(5000, -60, 60), *magnitudes(100, 900, 1023), 0.0, 1.0]:
        assert oracle_math.atan(x) == pytest.approx(math.atan(x), abs=1e-15)
        assert oracle_math.atan(-x) == -oracle_math.atan(x)


def test_power_of_whole_numbers_is_a_product() -> None:
    """By squaring, so small ones are exact; the rest through exp and log."""
    assert [oracle_math.power(3.0, k) for k in (0, 1, 2, 5, -1)] == [1, 3, 9, 243, 1 / 3]
    assert oracle_math.power(-2.0, 3) == -8
    assert oracle_math.power(0.0, 0) == 1
    assert oracle_math.power(0.0, -1) is None
    assert oracle_math.power(0.0, 0.5) == 0
    assert oracle_math.power(0.0, -0.5) is None
    assert oracle_math.power(-2.0, 0.5) is None
    assert oracle_math.power(2.0, 0.5) == pytest.approx(math.sqrt(2), rel=1e-15)
    assert oracle_math.power(2.0, 65) == pytest.approx(2.0**65, rel=1e-13)
    assert oracle_math.power(1e300, 2.5) is None
    assert oracle_math.power(1e300, 64) == math.inf, "which a row makes null"
    assert oracle_math.power(1e300, -64) == 0.0


def test_mod_has_the_sign_of_the_divisor() -> None:
    """x - y * floor(x / y)."""
    assert oracle_math.mod(7.0, 3.0) == 1
    assert oracle_math.mod(-7.0, 3.0) == 2
    assert oracle_math.mod(7.0, -3.0) == -2
    assert oracle_math.mod(7.0, 0.0) is None
    assert oracle_math.mod(1e308, 1e-10) is None, "the quotient is not finite"
