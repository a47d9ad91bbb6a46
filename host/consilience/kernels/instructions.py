"""What a processor does in one or two instructions, and Python in none or in more.

Each is a function of Python, for kernels that run uncompiled, and the code that stands for it where
they are compiled, on any processor.
"""

import numba
import numpy as np
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

__all__ = ["add_bytes", "bits_of", "fetch_row", "leading_zeros", "multiply_add"]

ir = cgutils.ir
_BYTES = 8


def leading_zeros(word: np.uint64) -> np.uint64:
    """Return the zeros above the leading one of a word that is not 0."""
    return np.uint64(64 - int(word).bit_length())


@intrinsic
def _leading_zeros(typing, word):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.ctlz(arguments[0], context.get_constant(numba.types.boolean, 1))

    return numba.types.uint64(numba.types.uint64), codegen


@overload(leading_zeros, inline="always")
def _compiled_leading_zeros(word):  # type: ignore[no-untyped-def]
    return lambda word: _leading_zeros(word)


def multiply_add(a: np.float64, b: float, c: float) -> np.float64:
    """Return ``a * b + c``, rounded once or twice, whichever is quicker: where both will do."""
    return a * b + c


@intrinsic
def _multiply_add(typing, a, b, c):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        product = builder.fmul(arguments[0], arguments[1], flags=("contract",))
        return builder.fadd(product, arguments[2], flags=("contract",))

    wide = numba.types.float64
    return wide(wide, wide, wide), codegen


@overload(multiply_add, inline="always")
def _compiled_multiply_add(a, b, c):  # type: ignore[no-untyped-def]
    return lambda a, b, c: _multiply_add(a, b, c)


def bits_of(number: np.float64) -> np.uint64:
    """Return the 64 bits of a number."""
    return number.view(np.uint64)


@intrinsic
def _bits_of(typing, number):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.IntType(64))

    return numba.types.uint64(numba.types.float64), codegen


@overload(bits_of, inline="always")
def _compiled_bits_of(number):  # type: ignore[no-untyped-def]
    return lambda number: _bits_of(number)


def add_bytes(totals: NDArray[np.uint32], place: np.uint64, word: np.uint64) -> None:
    """Add the bytes of a word, lowest first, to the eight totals from a place on."""
    for number in range(_BYTES):
        totals[int(place) + number] += int(word) >> 8 * number & 255


@intrinsic
def _add_bytes(typing, totals, place, word):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        wide = ir.VectorType(ir.IntType(32), _BYTES)
        where = builder.bitcast(builder.gep(array.data, [arguments[1]]), wide.as_pointer())
        parts = builder.bitcast(arguments[2], ir.VectorType(ir.IntType(8), _BYTES))
        before = builder.load(where, align=4)
        builder.store(builder.add(before, builder.zext(parts, wide)), where, align=4)
        return context.get_dummy_value()

    return numba.types.none(totals, numba.types.uint64, numba.types.uint64), codegen


@overload(add_bytes, inline="always")
def _compiled_add_bytes(totals, place, word):  # type: ignore[no-untyped-def]
    return lambda totals, place, word: _add_bytes(totals, place, word)


def fetch_row(table: NDArray[np.int64], row: int) -> None:
    """Ask for the start of a row of a table, to be in the cache, for writing, when it is needed."""


@intrinsic
def _fetch_row(typing, table, row):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        stride = cgutils.unpack_tuple(builder, view.strides)[0]
        place = builder.mul(arguments[1], stride)
        address = cgutils.pointer_add(builder, view.data, place, cgutils.voidptr_t)
        word = cgutils.int32_t
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, word, word, word])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        builder.call(prefetch, [address, word(1), word(3), word(1)])
        return context.get_dummy_value()

    return numba.types.none(table, numba.types.int64), codegen


@overload(fetch_row, inline="always")
def _compiled_fetch_row(table, row):  # type: ignore[no-untyped-def]
    return lambda table, row: _fetch_row(table, row)
