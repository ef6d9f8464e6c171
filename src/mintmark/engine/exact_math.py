"""Logarithm, exponential, power, sine, cosine and arc tangent that give one result everywhere.

A library's `log` differs in its last bit from one machine to the next, and a feature may not.
These are formulas of IEEE additions, multiplications, divisions and square roots, each rounded once
and in the order written; LLVM fuses none of them without fast-math.  They err by a few units in the
last place, which no feature notices.  Null is NaN.  `hash64` mixes whole numbers.
Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from mintmark.engine.quick import quick

_LOG2_HIGH, _LOG2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
_LOG2E = 1.44269504088896340736
_ROOT_HALF = 0.70710678118654752440
_HALF_PI = 1.57079632679489661923
_HALF_PI_HIGH = 1.57079632673412561417
_HALF_PI_MIDDLE, _HALF_PI_LOW = 6.07710050630396597660e-11, 2.02226624879595063154e-21
_TWO_BY_PI = 0.63661977236758134308
_FARTHEST_ANGLE = 1e6
_SUBNORMAL_UP, _SUBNORMAL_BITS = 2.0**54, 54
_SMALLEST_NORMAL = 2.0**-1022
_DOWN = 2.0**-64
_MANTISSA, _HALF_BITS = (1 << 52) - 1, 1022 << 52
_WHOLE_POWERS = 64

# Horner coefficients, the highest first: of log(m) in s**2, of exp, of the sine and the cosine
# without their first term, of the arc tangent.
_LOG = tuple(1.0 / (2 * k + 1) for k in range(11, -1, -1))
_EXP = tuple(1.0 / math.factorial(i) for i in range(13, -1, -1))
_SIN = tuple((-1.0) ** ((n - 1) // 2) / math.factorial(n) for n in range(17, 1, -2))
_COS = tuple((-1.0) ** (n // 2) / math.factorial(n) for n in range(16, 1, -2))
_ATAN = tuple((-1.0) ** k / (2 * k + 1) for k in range(12, -1, -1))


@intrinsic
def bits_of(typing: Any, x: Any) -> Any:
    """The 64 bits of a float64 as an int64."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), emit


@intrinsic
def float_of(typing: Any, bits: Any) -> Any:
    """The float64 that has the 64 bits of an int64."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), emit


@quick
def log(x):
    """The natural logarithm; null unless 0 < x < infinity."""
    inside = (x > 0.0) & (x < np.inf)
    small = x < _SMALLEST_NORMAL
    bits = bits_of(x * _SUBNORMAL_UP if small else x)
    m = float_of((bits & _MANTISSA) | _HALF_BITS)
    e = np.float64((bits >> 52) - (1022 + _SUBNORMAL_BITS if small else 1022))
    low = m < _ROOT_HALF
    m = m * 2.0 if low else m
    e = e - 1.0 if low else e
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = _LOG[0]
    for c in _LOG[1:]:
        p = p * z + c
    r = 2.0 * s * p
    return e * _LOG2_HIGH + (r + e * _LOG2_LOW) if inside else np.nan


@quick
def exp(x):
    """The exponential; null above 709, 0 below -745."""
    held = x if abs(x) <= 745.0 else 0.0
    k = np.rint(held * _LOG2E)
    r = (held - k * _LOG2_HIGH) - k * _LOG2_LOW
    p = _EXP[0]
    for c in _EXP[1:]:
        p = p * r + c
    # 2**k is not a normal number below -1022: up by 2**64 first, one rounding on the way down.
    deep = k < -1022.0
    power = np.int64(k) + (64 if deep else 0)
    value = p * float_of((power + 1023) << 52)
    value = value * _DOWN if deep else value
    value = 0.0 if x < -745.0 else value
    return value if x <= 709.0 else np.nan


@quick
def whole_power(x, k):
    """x**k of a whole k by repeated squaring, from the lowest bit of |k|."""
    result = 1.0
    base = x
    e = abs(k)
    while e:
        if e & 1:
            result = result * base
        e >>= 1
        if e:
            base = base * base
    if k < 0:
        result = 1.0 / result
    return np.nan if math.isnan(x) else result


@quick
def raised(x, k, value):
    """x**k of a broken k from value = exp(k * log(x)), which is null for x = 0."""
    return 0.0 if (x == 0.0) & (k > 0.0) else value


@quick
def is_whole(k):
    """Whether `power` is taken by repeated squaring."""
    return np.rint(k) == k and abs(k) <= _WHOLE_POWERS


@quick
def power(x, k):
    """x**k of a constant k; null where it is not a finite number."""
    if is_whole(k):
        value = whole_power(x, np.int64(k))
    else:
        value = raised(x, k, exp(k * log(x)))
    return value if abs(value) < np.inf else np.nan


@quick
def _quarter(x, turns):
    """The sine of x + turns * pi / 2, of |x| at most a million."""
    held = x if abs(x) <= _FARTHEST_ANGLE else 0.0
    k = np.rint(held * _TWO_BY_PI)
    r = ((held - k * _HALF_PI_HIGH) - k * _HALF_PI_MIDDLE) - k * _HALF_PI_LOW
    z = r * r
    p = _SIN[0]
    for c in _SIN[1:]:
        p = p * z + c
    sine = r + r * (z * p)
    p = _COS[0]
    for c in _COS[1:]:
        p = p * z + c
    cosine = 1.0 + z * p
    q = np.int64(k) + turns
    value = cosine if q & 1 else sine
    value = -value if q & 2 else value
    return value if abs(x) <= _FARTHEST_ANGLE else np.nan


@quick
def sin(x):
    """The sine of an angle in radians; null beyond a million."""
    return _quarter(x, 0)


@quick
def cos(x):
    """The cosine of an angle in radians; null beyond a million."""
    return _quarter(x, 1)


@quick
def atan(x):
    """The arc tangent, in radians: two halvings of the angle, then its series."""
    a = abs(x)
    large = a > 1.0
    a = 1.0 / a if large else a
    a = a / (1.0 + math.sqrt(1.0 + a * a))
    a = a / (1.0 + math.sqrt(1.0 + a * a))
    z = a * a
    p = _ATAN[0]
    for c in _ATAN[1:]:
        p = p * z + c
    t = 4.0 * (a * p)
    t = _HALF_PI - t if large else t
    return -t if x < 0.0 else t


@quick
def hash64(v):
    """64 well mixed bits of a whole number, as uint64 (splitmix64)."""
    z = np.uint64(v) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
