"""The oracle's mathematics: the written formulas that give the same bits on every machine.

Only + - * / and the square root, each rounded once in the order written, with rint, floor and exact
scaling by powers of two; never the library's own functions. None is null. The compiled engine has
its own copy of these formulas.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b

LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
LOG2_E = 1.44269504088896340736
ROOT_HALF = 0.70710678118654752440
TWO_BY_PI, HALF_PI = 0.63661977236758134308, 1.57079632679489661923
HALF_PI_PARTS = (1.57079632673412561417, 6.07710050630396597660e-11, 2.02226624879595063154e-21)
WORD = 2**64

# Coefficients of the series, the highest power first.
LOG_SERIES = [1.0 / (2 * k + 1) for k in range(11, -1, -1)]
EXP_SERIES = [1.0 / math.factorial(i) for i in range(13, -1, -1)]
SIN_SERIES = [(-1.0) ** ((n - 1) // 2) / math.factorial(n) for n in range(17, 1, -2)]
COS_SERIES = [(-1.0) ** (n // 2) / math.factorial(n) for n in range(16, 1, -2)]
ATAN_SERIES = [(-1.0) ** k / (2 * k + 1) for k in range(12, -1, -1)]


def _horner(coefficients: Sequence[float], x: float) -> float:
    p = coefficients[0]
    for coefficient in coefficients[1:]:
        p = p * x + coefficient
    return p


def log(x: float) -> float | None:
    """The natural logarithm; null for x <= 0."""
    if x <= 0.0:
        return None
    m, e = math.frexp(x)
    if m < ROOT_HALF:
        m, e = m * 2.0, e - 1
    s = (m - 1.0) / (m + 1.0)
    r = 2.0 * s * _horner(LOG_SERIES, s * s)
    return e * LN2_HIGH + (r + e * LN2_LOW)


def exp(x: float) -> float | None:
    """e to the power x; null where that is beyond float64."""
    if x > 709.0:
        return None
    if x < -745.0:
        return 0.0
    k = round(x * LOG2_E)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    p = _horner(EXP_SERIES, r)
    if k < -1022:
        return p * math.ldexp(1.0, k + 64) * 2.0**-64
    return p * math.ldexp(1.0, k)


def power(x: float, k: float) -> float | None:
    """x to the power k: by squaring where k is whole and up to 64, else through log and exp."""
    if k == math.floor(k) and abs(k) <= 64:
        result, base, e = 1.0, x, int(abs(k))
        while e:
            if e & 1:
                result = result * base
            e >>= 1
            if e:
                base = base * base
        if k >= 0:
            return result
        return None if result == 0.0 else 1.0 / result
    if x < 0.0 or (x == 0.0 and k < 0):
        return None
    logarithm = log(x)
    return 0.0 if logarithm is None else exp(k * logarithm)


def sin(x: float) -> float | None:
    """The sine of radians; null beyond a million."""
    return None if abs(x) > 1e6 else _quarter(x, turn=0)


def cos(x: float) -> float | None:
    """The cosine of radians; null beyond a million."""
    return None if abs(x) > 1e6 else _quarter(x, turn=1)


def _quarter(x: float, *, turn: int) -> float:
    """The sine of x and `turn` quarters of a circle."""
    k = round(x * TWO_BY_PI)
    r = x
    for part in HALF_PI_PARTS:
        r = r - k * part
    z = r * r
    quarter = (k + turn) % 4
    if quarter % 2 == 0:
        value = r + r * (z * _horner(SIN_SERIES, z))
    else:
        value = 1.0 + z * _horner(COS_SERIES, z)
    return -value if quarter >= 2 else value


def atan(x: float) -> float:
    """The arc tangent in radians."""
    a = abs(x)
    inverted = a > 1.0
    if inverted:
        a = 1.0 / a
    for _ in range(2):
        a = a / (1.0 + math.sqrt(1.0 + a * a))
    t = 4.0 * (a * _horner(ATAN_SERIES, a * a))
    if inverted:
        t = HALF_PI - t
    return -t if x < 0.0 else t


def mod(x: float, y: float) -> float | None:
    """What is left of x after whole multiples of y, with the sign of y; null for y = 0."""
    if y == 0.0:
        return None
    quotient = x / y
    return x - y * math.floor(quotient) if math.isfinite(quotient) else None


def hash64(value: int | str) -> int:
    """A number below 2**64 that looks drawn: splitmix64 of integers, BLAKE2b of texts."""
    if isinstance(value, str):
        return int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "little")
    z = (value + 0x9E3779B97F4A7C15) % WORD
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
    return z ^ (z >> 31)
