"""Exact parts of additive aggregates: how many values, their sum, the sum of their squares.

Every part is a plain sum of integers cut at 32 bits, so nothing carries inside the loop, nothing
overflows below 2**30 events, parts of disjoint windows add, and what was added subtracts again.
Compiled; imported only by the kernel.

    S1 = high * 2**32 + low          S2 = q0 + q1 * 2**32 + q2 * 2**64 + q3 * 2**96
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, UNKNOWN

_LOW = 0xFFFFFFFF
_SMALL = 2**31


@quick
def count_values(view, substitute):
    """How many values the view holds, an unknown outcome read as `substitute`."""
    n = 0
    for i in range(view.size):
        v = view[i]
        v = substitute if v == UNKNOWN else v
        n += 1 if v > MASKED else 0
    return n


@quick
def first_moment(view, substitute):
    """(n, high, low) of the values of the view."""
    n = 0
    high = 0
    low = 0
    for i in range(view.size):
        v = view[i]
        v = substitute if v == UNKNOWN else v
        known = v > MASKED
        w = v if known else 0
        n += 1 if known else 0
        high += w >> 32
        low += w & _LOW
    return n, high, low


@quick
def _squares_small(view, substitute):
    """(q0, q1, fits) of the squares; `fits` is false when a value needs more than 31 bits."""
    q0 = 0
    q1 = 0
    bits = 0
    for i in range(view.size):
        v = view[i]
        v = substitute if v == UNKNOWN else v
        w = v if v > MASKED else 0
        w = -w if w < 0 else w
        bits |= w
        square = w * w
        q0 += square & _LOW
        q1 += (square >> 32) & _LOW
    return q0, q1, bits < _SMALL


@quick
def _squares_wide(view, substitute):
    """(q0, q1, q2, q3) of squares of up to 124 bits, from 32-bit halves."""
    q0 = 0
    q1 = 0
    q2 = 0
    q3 = 0
    for i in range(view.size):
        v = view[i]
        v = substitute if v == UNKNOWN else v
        w = v if v > MASKED else 0
        w = -w if w < 0 else w
        high = np.uint64(w >> 32)
        low = np.uint64(w & _LOW)
        a = low * low
        b = np.uint64(2) * high * low
        c = high * high
        mask = np.uint64(_LOW)
        by = np.uint64(32)
        q0 += np.int64(a & mask)
        q1 += np.int64(a >> by) + np.int64(b & mask)
        q2 += np.int64(b >> by) + np.int64(c & mask)
        q3 += np.int64(c >> by)
    return q0, q1, q2, q3


@quick
def second_moment(view, substitute):
    """(q0, q1, q2, q3) of the squares of the values of the view."""
    q0, q1, fits = _squares_small(view, substitute)
    if fits:
        return q0, q1, 0, 0
    return _squares_wide(view, substitute)
