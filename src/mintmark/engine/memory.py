"""Arrays over memory that somebody else keeps: what compiled units exchange instead of arguments.

A unit of the kernel takes one word, the address of a context; everything else is found from there.
One argument costs a call 0.16 us, twenty cost 4 (decision 0006).  An address is good for as long as
whoever wrote it down keeps the array: the callers in `engine.state` and `engine.live` do.
Compiled; imported only by the kernel.
"""

# Numba infers the types of what follows; the calls into it are typed in `engine.kernel`.
# mypy: ignore-errors

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


def _viewer(dtype: Any, size: int) -> Any:
    """Return the intrinsic that makes a one-dimensional array of an address and a length."""
    kind = types.Array(dtype, 1, "C")

    @intrinsic
    def view(typing: Any, address: Any, length: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = make_array(kind)(context, builder)
            pointer = context.get_data_type(dtype).as_pointer()
            one = context.get_constant(types.intp, size)
            populate_array(
                array, data=builder.inttoptr(arguments[0], pointer), shape=[arguments[1]],
                strides=[one], itemsize=one, meminfo=None,
            )  # fmt: skip
            return array._getvalue()

        return kind(types.int64, types.int64), emit

    return view


def _tabler(dtype: Any) -> Any:
    """Return the intrinsic that makes a two-dimensional array of an address and a shape."""
    kind = types.Array(dtype, 2, "C")

    @intrinsic
    def view(typing: Any, address: Any, rows: Any, columns: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = make_array(kind)(context, builder)
            pointer = context.get_data_type(dtype).as_pointer()
            one = context.get_constant(types.intp, 8)
            populate_array(
                array, data=builder.inttoptr(arguments[0], pointer),
                shape=[arguments[1], arguments[2]], strides=[builder.mul(arguments[2], one), one],
                itemsize=one, meminfo=None,
            )  # fmt: skip
            return array._getvalue()

        return kind(types.int64, types.int64, types.int64), emit

    return view


words = _viewer(types.int64, 8)
numbers = _viewer(types.float64, 8)
octets = _viewer(types.uint8, 1)
word_table = _tabler(types.int64)
number_table = _tabler(types.float64)


@intrinsic
def call(typing: Any, address: Any, context_address: Any) -> Any:
    """Call the unit at an address with the address of its context."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        unit = builder.inttoptr(arguments[0], ir.FunctionType(word, [word]).as_pointer())
        return builder.call(unit, [arguments[1]])

    return types.int64(types.int64, types.int64), emit


@intrinsic
def bits_of(typing: Any, number: Any) -> Any:
    """The bits of a float64 as an int64."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), emit


@intrinsic
def number_of(typing: Any, bits: Any) -> Any:
    """The float64 that has the bits of an int64."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), emit


@intrinsic
def fetch(typing: Any, address: Any) -> Any:
    """Ask for the line of memory at an address, without waiting for it."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())
        short = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, short, short, short])
        name = "llvm.prefetch.p0"
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        # To be read, with the highest locality, as data.
        builder.call(function, [pointer, short(0), short(3), short(1)])
        return context.get_constant(types.int64, 0)

    return types.int64(types.int64), emit
