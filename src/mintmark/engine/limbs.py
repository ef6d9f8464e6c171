"""Exact wide integers for the kernel: what 64 bits cannot hold, rounded once to float64.

A wide integer is four 64-bit limbs, least first, in two's complement; sums of powers and of
products are kept so.  LLVM has integers of any width but no portable way to turn them into a float,
so a wide result is handed back as the limbs of its magnitude and rounded here: to nearest, ties to
even, as Python's `float(int)`.  Compiled; imported only by the kernel.
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

_WORD = ir.IntType(64)
_POW2 = np.array([2.0**k for k in range(512)])


def _joined(builder: Any, limbs: Any, width: int) -> Any:
    """The limbs as one signed integer of `width` bits."""
    wide = ir.IntType(64 * len(limbs))
    whole = wide(0)
    for place, limb in enumerate(limbs):
        part = builder.shl(builder.zext(limb, wide), wide(64 * place))
        whole = builder.or_(whole, part)
    return whole if width == 64 * len(limbs) else builder.sext(whole, ir.IntType(width))


def _limbs(builder: Any, whole: Any, count: int) -> list[Any]:
    wide = whole.type
    return [builder.trunc(builder.lshr(whole, wide(64 * place)), _WORD) for place in range(count)]


def _sum_of(builder: Any, high: Any, low: Any, width: int) -> Any:
    """high * 2**32 + low as one signed integer."""
    wide = ir.IntType(width)
    return builder.add(builder.shl(builder.sext(high, wide), wide(32)), builder.sext(low, wide))


def _magnitude(context: Any, builder: Any, kind: Any, whole: Any, count: int) -> Any:
    """(1 if negative, limbs of the magnitude)."""
    wide = whole.type
    negative = builder.icmp_signed("<", whole, wide(0))
    magnitude = builder.select(negative, builder.neg(whole), whole)
    return context.make_tuple(
        builder, kind, [builder.zext(negative, _WORD), *_limbs(builder, magnitude, count)]
    )


@intrinsic
def add_product(typing: Any, l0: Any, l1: Any, l2: Any, l3: Any, x: Any, y: Any, sign: Any) -> Any:
    """The wide integer plus sign * x * y, `sign` being 1 or -1."""
    word = types.int64

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        half, wide = ir.IntType(128), ir.IntType(256)
        *limbs, x_, y_, sign_ = arguments
        product = builder.mul(builder.sext(x_, half), builder.sext(y_, half))
        product = builder.mul(product, builder.sext(sign_, half))
        total = builder.add(_joined(builder, limbs, 256), builder.sext(product, wide))
        return context.make_tuple(builder, signature.return_type, _limbs(builder, total, 4))

    return types.UniTuple(word, 4)(*[word] * 7), emit


@intrinsic
def add_power(
    typing: Any, l0: Any, l1: Any, l2: Any, l3: Any, x: Any, sign: Any, fourth: Any
) -> Any:
    """The wide integer plus sign * x**3, or x**4 where `fourth` is not 0."""
    word = types.int64

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(256)
        *limbs, x_, sign_, fourth_ = arguments
        one = builder.sext(x_, wide)
        square = builder.mul(one, one)
        last = builder.select(builder.icmp_signed("!=", fourth_, _WORD(0)), square, one)
        product = builder.mul(builder.mul(square, last), builder.sext(sign_, wide))
        total = builder.add(_joined(builder, limbs, 256), product)
        return context.make_tuple(builder, signature.return_type, _limbs(builder, total, 4))

    return types.UniTuple(word, 4)(*[word] * 7), emit


@intrinsic
def second_moment(
    typing: Any, n: Any, high: Any, low: Any, q0: Any, q1: Any, q2: Any, q3: Any
) -> Any:
    """(0, limbs) of n * S2 - S1**2, which is never negative."""
    word = types.int64

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(256)
        n_, high_, low_, *squares = arguments
        first = _sum_of(builder, high_, low_, 256)
        product = builder.mul(builder.sext(n_, wide), _joined(builder, squares, 256))
        result = builder.sub(product, builder.mul(first, first))
        return _magnitude(context, builder, signature.return_type, result, 4)

    return types.UniTuple(word, 5)(*[word] * 7), emit


@intrinsic
def third_moment(
    typing: Any, n: Any, high: Any, low: Any, q0: Any, q1: Any, q2: Any, q3: Any,
    c0: Any, c1: Any, c2: Any, c3: Any,
) -> Any:  # fmt: skip
    """(negative, limbs) of n**2 * S3 - 3 * n * S1 * S2 + 2 * S1**3."""
    word = types.int64

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(320)
        n_ = builder.sext(arguments[0], wide)
        s1 = _sum_of(builder, arguments[1], arguments[2], 320)
        s2 = _joined(builder, arguments[3:7], 320)
        s3 = _joined(builder, arguments[7:11], 320)
        a = builder.mul(builder.mul(n_, n_), s3)
        b = builder.mul(builder.mul(builder.mul(n_, s1), s2), wide(3))
        c = builder.mul(builder.mul(builder.mul(s1, s1), s1), wide(2))
        result = builder.add(builder.sub(a, b), c)
        return _magnitude(context, builder, signature.return_type, result, 5)

    return types.UniTuple(word, 6)(*[word] * 11), emit


@intrinsic
def fourth_moment(
    typing: Any, n: Any, high: Any, low: Any, q0: Any, q1: Any, q2: Any, q3: Any,
    c0: Any, c1: Any, c2: Any, c3: Any, d0: Any, d1: Any, d2: Any, d3: Any,
) -> Any:  # fmt: skip
    """(0, limbs) of n**3 S4 - 4 n**2 S1 S3 + 6 n S1**2 S2 - 3 S1**4, which is never negative."""
    word = types.int64

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(448)

        def product(*factors: Any) -> Any:
            whole = factors[0]
            for factor in factors[1:]:
                whole = builder.mul(whole, factor)
            return whole

        n_ = builder.sext(arguments[0], wide)
        s1 = _sum_of(builder, arguments[1], arguments[2], 448)
        s2, s3, s4 = (_joined(builder, arguments[k : k + 4], 448) for k in (3, 7, 11))
        result = product(n_, n_, n_, s4)
        result = builder.sub(result, product(wide(4), n_, n_, s1, s3))
        result = builder.add(result, product(wide(6), n_, s1, s1, s2))
        result = builder.sub(result, product(wide(3), s1, s1, s1, s1))
        return _magnitude(context, builder, signature.return_type, result, 7)

    return types.UniTuple(word, 8)(*[word] * 15), emit


@intrinsic
def cross_moment(
    typing: Any, n: Any, a0: Any, a1: Any, a2: Any, a3: Any, b0: Any, b1: Any, b2: Any, b3: Any,
    c0: Any, c1: Any, c2: Any, c3: Any,
) -> Any:  # fmt: skip
    """(negative, limbs) of n * A - B * C for three wide integers."""
    word = types.int64

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(256)
        a, b, c = (_joined(builder, arguments[k : k + 4], 256) for k in (1, 5, 9))
        result = builder.sub(builder.mul(builder.sext(arguments[0], wide), a), builder.mul(b, c))
        return _magnitude(context, builder, signature.return_type, result, 4)

    return types.UniTuple(word, 5)(*[word] * 13), emit


@intrinsic
def wide_magnitude(typing: Any, l0: Any, l1: Any, l2: Any, l3: Any) -> Any:
    """(negative, limbs) of a wide integer."""
    word = types.int64

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = _joined(builder, arguments, 256)
        return _magnitude(context, builder, signature.return_type, whole, 4)

    return types.UniTuple(word, 5)(*[word] * 4), emit


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
def float_of(told):
    """The float64 nearest to (negative, limb 0, limb 1, ...), ties to even."""
    top = len(told) - 1
    while top > 1 and told[top] == 0:
        top -= 1
    if top == 1:
        magnitude = np.float64(np.uint64(told[1]))
    else:
        highest = np.uint64(told[top])
        below = np.uint64(told[top - 1])
        shift = 64 - _bit_length(highest)
        if shift:
            highest = (highest << np.uint64(shift)) | (below >> np.uint64(64 - shift))
            below = below << np.uint64(shift)
        sticky = below != np.uint64(0)
        for place in range(1, top - 1):
            sticky |= told[place] != 0
        # 64 bits hold 11 more than float64 keeps, so one sticky bit decides every tie.
        if sticky:
            highest |= np.uint64(1)
        magnitude = np.float64(highest) * _POW2[64 * (top - 1) - shift]
    return -magnitude if told[0] else magnitude


@quick
def float_of_sum(high, low):
    """The float64 nearest to high * 2**32 + low."""
    if -(1 << 29) < high < (1 << 29) and -(1 << 61) < low < (1 << 61):
        return np.float64((high << 32) + low)
    bottom = np.uint64(high) << np.uint64(32)
    total = bottom + np.uint64(low)
    top = (high >> 32) + (low >> 63) + (1 if total < bottom else 0)
    return float_of(wide_magnitude(np.int64(total), top, top >> 63, top >> 63))


@intrinsic
def add_shifted(typing: Any, l0: Any, l1: Any, x: Any, shift: Any, sign: Any) -> Any:
    """The integer of two limbs plus sign * x * 2**shift, `shift` within 0 to 64."""
    word = types.int64

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        *limbs, x_, shift_, sign_ = arguments
        part = builder.mul(builder.sext(x_, wide), builder.sext(sign_, wide))
        part = builder.shl(part, builder.zext(shift_, wide))
        total = builder.add(_joined(builder, limbs, 128), part)
        return context.make_tuple(builder, signature.return_type, _limbs(builder, total, 2))

    return types.UniTuple(word, 2)(*[word] * 5), emit


@intrinsic
def shifted_right(typing: Any, l0: Any, l1: Any, shift: Any) -> Any:
    """The integer of two limbs divided by 2**shift, of which it is a multiple."""
    word = types.int64

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        *limbs, shift_ = arguments
        total = builder.ashr(_joined(builder, limbs, 128), builder.zext(shift_, wide))
        return context.make_tuple(builder, signature.return_type, _limbs(builder, total, 2))

    return types.UniTuple(word, 2)(*[word] * 3), emit


def _adder_of_products(extended: str) -> Any:
    """An intrinsic that adds x * y to an integer of two limbs; y is never negative."""

    @intrinsic
    def add(typing: Any, l0: Any, l1: Any, x: Any, y: Any) -> Any:
        word = types.int64

        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            wide = ir.IntType(128)
            *limbs, x_, y_ = arguments
            # Both extended alike, so that one multiplication makes it.
            extend = getattr(builder, extended)
            product = builder.mul(extend(x_, wide), extend(y_, wide))
            total = builder.add(_joined(builder, limbs, 128), product)
            return context.make_tuple(builder, signature.return_type, _limbs(builder, total, 2))

        return types.UniTuple(word, 2)(*[word] * 4), emit

    return add


add_signed, add_unsigned = _adder_of_products("sext"), _adder_of_products("zext")
"""The integer of two limbs plus x * y: x with its sign, or as 64 bits without one."""


@intrinsic
def two_and_two(typing: Any, low0: Any, low1: Any, high0: Any, high1: Any) -> Any:
    """The four limbs of low + high * 2**64, both signed and of two limbs."""
    word = types.int64

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(256)
        low, high = (_joined(builder, arguments[k : k + 2], 256) for k in (0, 2))
        total = builder.add(low, builder.shl(high, wide(64)))
        return context.make_tuple(builder, signature.return_type, _limbs(builder, total, 4))

    return types.UniTuple(word, 4)(*[word] * 4), emit
