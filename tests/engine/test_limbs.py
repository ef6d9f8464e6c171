"""What 64 bits cannot hold is summed exactly and rounded as Python rounds it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mintmark.engine import limbs
from mintmark.engine.aggregates import kurt, skew, slope, std
from mintmark.engine.aggregates import sum as total
from mintmark.engine.sentinel import LIMIT
from mintmark.engine.states import line, powers1, powers2, powers4

MONEY = 10**13
"""The greatest value whose fourth powers are asked for."""


@numba.njit
def sums(high, low):
    return limbs.float_of_sum(high, low)


@numba.njit
def rounded(negative, a, b, c, d):
    return limbs.float_of((negative, a, b, c, d))


@numba.njit
def spread_of(values):
    """Sum and standard deviation, by the words that the kernel keeps."""
    n, high, low, q0, q1, q2, q3 = 0, 0, 0, 0, 0, 0, 0
    for value in values:
        n, high, low, q0, q1, q2, q3 = powers2.add(n, high, low, q0, q1, q2, q3, value)
    return total.read(high, low, 1.0), std.read(n, high, low, q0, q1, q2, q3, 1.0)


@numba.njit
def moments_of(values, gone):
    """Skewness and kurtosis of values, after others came first and left again."""
    n, high, low, q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3 = (
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    )  # fmt: skip
    for value in np.concatenate((gone, values)):
        n, high, low, q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3 = powers4.add(
            n, high, low, q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3, value
        )
    for value in gone:
        n, high, low, q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3 = powers4.drop(
            n, high, low, q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3, value
        )
    tilt = skew.read(n, high, low, q0, q1, q2, q3, c0, c1, c2, c3)
    return tilt, kurt.read(n, high, low, q0, q1, q2, q3, c0, c1, c2, c3, d0, d1, d2, d3)


@numba.njit
def slope_of(times, values):
    """The slope of a line through points, in units a second."""
    n, high, low, x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3 = (
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    )  # fmt: skip
    for i in range(values.size):
        n, high, low, x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3 = line.add(
            n, high, low, x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3, values[i], times[i]
        )
    return slope.read(n, high, low, x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3, 1.0)


@numba.njit
def third(n, s1, s2, s3):
    """f(M3) of power sums, each as limbs."""
    told = limbs.third_moment(
        n, s1[0], s1[1], s2[0], s2[1], s2[2], s2[3], s3[0], s3[1], s3[2], s3[3]
    )
    return limbs.float_of(told)


@numba.njit
def cross(n, a, b, c):
    """f(n * A - B * C)."""
    told = limbs.cross_moment(
        n, a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3], c[0], c[1], c[2], c[3]
    )
    return limbs.float_of(told)


def whole(limit: int) -> st.SearchStrategy[int]:
    """Values up to a limit, its ends and small ones among them."""
    ends = [limit, -limit, 2**31, 2**31 - 1, 0, 1, -1, 3]
    return st.one_of(st.integers(-limit, limit), st.sampled_from(ends), st.integers(-9, 9))


def array(values: Sequence[int]) -> np.ndarray:
    """Values as the kernel has them."""
    return np.array(values, dtype=np.int64)


def words(number: int) -> np.ndarray:
    """A wide integer as four limbs."""
    limbs_ = [(number >> (64 * place)) & (2**64 - 1) for place in range(4)]
    return np.array(limbs_, dtype=np.uint64).view(np.int64)


def nan_or(value: float | None) -> float:
    """A null as the kernel has it."""
    return math.nan if value is None else value


def same(x: float, y: float) -> bool:
    """Equal bits, or both null."""
    return np.float64(x).tobytes() == np.float64(y).tobytes() or (math.isnan(x) and math.isnan(y))


@settings(deadline=None, max_examples=300)
@given(high=st.integers(-(2**62), 2**62), low=st.integers(-(2**62), 2**62))
def test_a_sum_is_rounded_once(high: int, low: int) -> None:
    """high * 2**32 + low becomes the float that Python makes of the exact integer."""
    assert sums(high, low) == float(high * 2**32 + low)


@settings(deadline=None, max_examples=300)
@given(
    number=st.one_of(st.integers(0, 2**256 - 1), st.integers(0, 2**130)),
    ties=st.booleans(),
    negative=st.booleans(),
)
def test_four_limbs_are_rounded_to_nearest_even(number: int, ties: bool, negative: bool) -> None:
    """Any integer below 2**256, exact halves between two floats among them, of either sign."""
    if ties and number > 2**60:
        step = 1 << (number.bit_length() - 53)
        number = (number // step) * step + step // 2
    told = rounded(int(negative), *words(number))
    assert told == (-float(number) if negative else float(number))


@settings(deadline=None, max_examples=300)
@given(told=st.lists(whole(LIMIT), max_size=40))
def test_sum_and_spread_are_exact_at_the_edge_of_int64(told: list[int]) -> None:
    """Sum and standard deviation equal the formulas over Python's integers."""
    added, spread = spread_of(array(told))
    n = len(told)
    assert added == float(sum(told))
    if n < 2:
        assert math.isnan(spread)
    else:
        exact = n * sum(v * v for v in told) - sum(told) ** 2
        assert spread == math.sqrt(float(exact) / (float(n) * float(n - 1)))


@settings(deadline=None, max_examples=300)
@given(told=st.lists(whole(MONEY), max_size=40), gone=st.lists(whole(MONEY), max_size=8))
def test_third_and_fourth_moments_are_exact(told: list[int], gone: list[int]) -> None:
    """Skewness and kurtosis equal Python's integers; what came and left leaves no trace."""
    tilt, tails = moments_of(array(told), array(gone))
    n = len(told)
    s1, s2, s3, s4 = (sum(v**k for v in told) for k in (1, 2, 3, 4))
    m2 = float(n * s2 - s1**2)
    m3 = float(n**2 * s3 - 3 * n * s1 * s2 + 2 * s1**3)
    m4 = float(n**3 * s4 - 4 * n**2 * s1 * s3 + 6 * n * s1**2 * s2 - 3 * s1**4)
    assert same(tilt, nan_or(None if n < 3 or m2 == 0 else m3 / (m2 * math.sqrt(m2))))
    assert same(tails, nan_or(None if n < 4 or m2 == 0 else m4 / (m2 * m2) - 3.0))


@settings(deadline=None, max_examples=200)
@given(value=whole(MONEY), n=st.integers(1, 2**30))
def test_third_moments_of_a_billion_values_fit(value: int, n: int) -> None:
    """Of 2**30 values, all but one at the edge of money, nothing is cut off."""
    told = [(value, n - 1), (-MONEY, 1)]
    s1, s2, s3 = (sum(v**k * times for v, times in told) for k in (1, 2, 3))
    high = array([s1 >> 32, s1 & 0xFFFFFFFF])
    exact = n**2 * s3 - 3 * n * s1 * s2 + 2 * s1**3
    assert third(n, high, words(s2), words(s3)) == float(exact)


@settings(deadline=None, max_examples=300)
@given(
    points=st.lists(st.tuples(st.integers(0, 4 * 10**15), whole(LIMIT)), min_size=0, max_size=30)
)
def test_a_slope_is_exact(points: list[tuple[int, int]]) -> None:
    """Cross moments of times and values equal Python's integers."""
    times, values = [t for t, _ in points], [v for _, v in points]
    n, sx, s1 = len(points), sum(times), sum(values)
    num = float(n * sum(t * v for t, v in points) - sx * s1)
    den = float(n * sum(t * t for t in times) - sx**2)
    expected = nan_or(None if den == 0 else num / den / 1.0 * 1e6)
    assert same(slope_of(array(times), array(values)), expected)


@settings(deadline=None, max_examples=300)
@given(
    n=st.integers(0, 2**30),
    a=st.integers(-(2**200), 2**200),
    b=st.integers(-(2**110), 2**110),
    c=st.integers(-(2**110), 2**110),
)
def test_cross_moments_keep_their_sign(n: int, a: int, b: int, c: int) -> None:
    """n * A - B * C, rounded once."""
    assert cross(n, words(a), words(b), words(c)) == float(n * a - b * c)


@pytest.mark.parametrize("state", [powers1, powers2, powers4, line])
def test_what_comes_and_goes_leaves_every_word_as_it_was(state: object) -> None:
    """A group is a group: drop undoes add, word by word."""
    count = len(state.WORDS)  # type: ignore[attr-defined]
    extra = (7 * 10**14,) if state is line else ()
    words_ = [0] * count
    values = [MONEY, -MONEY, 3, 0, -1, 2**40, -(2**42) - 1]
    for value in values:
        words_ = list(state.add(*words_, value, *extra))  # type: ignore[attr-defined]
    for value in values[::-1]:
        words_ = list(state.drop(*words_, value, *extra))  # type: ignore[attr-defined]
    assert words_ == [0] * count
