"""Exact wide integers for the kernel: what 64 bits cannot hold, rounded once to float64.

LLVM has integers of any width but no portable way to turn them into a float, so the wide result is
handed back as 64-bit limbs and rounded here: to nearest, ties to even, as Python's `float(int)`.
Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from mintmark.engine.quick import quick

_POW2 = np.array([2.0**k for k in range(256)])


@intrinsic
def variance_limbs(
    typing: Any, n: Any, s1_high: Any, s1_low: Any, q0: Any, q1: Any, q2: Any, q3: Any
) -> Any:
    """n * S2 - S1**2 as four 64-bit limbs, least first, computed in 256 bits.

    S1 = s1_high * 2**32 + s1_low and S2 = q0 + q1 * 2**32 + q2 * 2**64 + q3 * 2**96.
    """
    int64, uint64 = types.int64, types.uint64
    signature = types.UniTuple(uint64, 4)(int64, int64, int64, uint64, uint64, uint64, uint64)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide, word = ir.IntType(256), ir.IntType(64)
        count, high, low, *quarters = arguments
        first = builder.add(
            builder.shl(builder.sext(high, wide), wide(32)), builder.sext(low, wide)
        )
        second = wide(0)
        for place, quarter in enumerate(quarters):
            part = builder.shl(builder.zext(quarter, wide), wide(32 * place))
            second = builder.add(second, part)
        product = builder.mul(builder.sext(count, wide), second)
        result = builder.sub(product, builder.mul(first, first))
        limbs = [builder.trunc(builder.lshr(result, wide(64 * place)), word) for place in range(4)]
        return context.make_tuple(builder, signature.return_type, limbs)

    return signature, emit


@quick
def _bit_length(x):
    """Number of bits of an unsigned word, by halving."""
    n = 0
    for step in (32, 16, 8, 4, 2, 1):
        if x >> np.uint64(step):
            n += step
            x >>= np.uint64(step)
    return n + (1 if x else 0)


@quick
def _round_pair(top, below, sticky, exponent):
    """Round (top, below, sticky) * 2**exponent, `top` non-zero, to the nearest float64."""
    shift = 64 - _bit_length(top)
    if shift:
        top = (top << np.uint64(shift)) | (below >> np.uint64(64 - shift))
        below = below << np.uint64(shift)
    # 64 bits hold 11 more than float64 keeps, so one sticky bit decides every tie.
    if below or sticky:
        top |= np.uint64(1)
    return np.float64(top) * _POW2[exponent - shift]


@quick
def float_of_limbs(l0, l1, l2, l3):
    """The float64 nearest to an unsigned integer of four limbs, ties to even."""
    zero = np.uint64(0)
    if l3:
        return _round_pair(l3, l2, l1 != zero or l0 != zero, np.int64(192))
    if l2:
        return _round_pair(l2, l1, l0 != zero, np.int64(128))
    if l1:
        return _round_pair(l1, l0, l0 != l0, np.int64(64))
    return np.float64(l0)


@quick
def float_of_sum(high, low):
    """The float64 nearest to high * 2**32 + low, for `low` at least 0."""
    if -(1 << 29) < high < (1 << 29) and low < (1 << 61):
        return np.float64((high << 32) + low)
    bottom = np.uint64(high) << np.uint64(32)
    total = bottom + np.uint64(low)
    top = (high >> 32) + (1 if total < bottom else 0)
    zero = np.uint64(0)
    if top >= 0:
        return float_of_limbs(total, np.uint64(top), zero, zero)
    total = ~total + np.uint64(1)
    upper = ~np.uint64(top) + np.uint64(1 if total == zero else 0)
    return -float_of_limbs(total, upper, zero, zero)
