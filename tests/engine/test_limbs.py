"""What 64 bits cannot hold is rounded as Python rounds it."""

from __future__ import annotations

import math

import numba
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mintmark.engine import limbs, moments
from mintmark.engine.aggregates import std
from mintmark.engine.aggregates import sum as total
from mintmark.engine.sentinel import LIMIT, NULL

sums = numba.njit(lambda high, low: limbs.float_of_sum(high, low))
wide = numba.njit(lambda a, b, c, d: limbs.float_of_limbs(a, b, c, d))
values = st.one_of(
    st.integers(-LIMIT, LIMIT),
    st.integers(-(2**33), 2**33),
    st.sampled_from([LIMIT, -LIMIT, 2**31, 2**31 - 1, 2**53 + 1, 10**16, 0, 1]),
)


@numba.njit
def measured(view):
    """Sum and standard deviation of a view, by the parts that the kernel takes of it."""
    n, high, low = moments.first_moment(view, np.int64(NULL))
    q0, q1, q2, q3 = moments.second_moment(view, np.int64(NULL))
    return total.read(high, low, 1.0), std.read(n, high, low, q0, q1, q2, q3, 1.0)


@settings(deadline=None, max_examples=300)
@given(high=st.integers(-(2**62), 2**62), low=st.integers(0, 2**62))
def test_a_sum_is_rounded_once(high: int, low: int) -> None:
    """high * 2**32 + low becomes the float that Python makes of the exact integer."""
    assert sums(high, low) == float(high * 2**32 + low)


@settings(deadline=None, max_examples=300)
@given(number=st.one_of(st.integers(0, 2**256 - 1), st.integers(0, 2**130)), ties=st.booleans())
def test_four_limbs_are_rounded_to_nearest_even(number: int, ties: bool) -> None:
    """Any integer below 2**256, exact halves between two floats among them."""
    if ties and number > 2**60:
        step = 1 << (number.bit_length() - 53)
        number = (number // step) * step + step // 2
    words = [np.uint64((number >> (64 * place)) & (2**64 - 1)) for place in range(4)]
    assert wide(*words) == float(number)


@settings(deadline=None, max_examples=300)
@given(told=st.lists(values, max_size=40))
def test_the_parts_are_exact_at_the_edge_of_int64(told: list[int]) -> None:
    """Sum and standard deviation equal the formulas over Python's integers."""
    added, spread = measured(np.array(told, dtype=np.int64))
    n = len(told)
    assert added == float(sum(told))
    if n < 2:
        assert math.isnan(spread)
    else:
        exact = n * sum(v * v for v in told) - sum(told) ** 2
        assert spread == math.sqrt(float(exact) / (float(n) * float(n - 1)))
