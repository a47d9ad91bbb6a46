"""Mantissas and cut terms without a table, for loops over many codes.

A gather from the table of 256 KB takes longer than eight multiplications in vectors. Floats here
change no bit: a mantissa is the integer nearest to a polynomial whose value is further from every
border between two integers than all its roundings together, for each of the 65536 fractions.
"""

import numpy as np

from consilience.kernels.compiling import inlined
from consilience.kernels.instructions import bits_of, multiply_add
from consilience.numbers.arrays import Codes
from consilience_hw.spec.log_format import Q16_16

__all__ = ["MANTISSA", "MARGIN", "POLYNOMIAL", "cut_sums", "cut_term", "mantissa_bits"]

POLYNOMIAL = (
    float.fromhex("0x1.0000000000000p+24"),
    float.fromhex("0x1.62e42febc267dp+7"),
    float.fromhex("0x1.ebfbe15d3e680p-11"),
    float.fromhex("0x1.c6b05ea8f0749p-29"),
    float.fromhex("0x1.3b2dce34b1d4fp-47"),
    float.fromhex("0x1.5d4be4d2afa00p-66"),
    float.fromhex("0x1.45cbea25f399bp-85"),
    float.fromhex("0x1.d8e21a7f94d41p-105"),
    float.fromhex("0x1.f830fdb9b33ebp-124"),
)
"""``2**(24 + f / 65536)`` by powers of the fraction f. Fitted by linear programming: of all of this
degree the one that keeps furthest from the borders. A test tries every fraction, exactly."""
MARGIN = 2.0**-16
"""No value is nearer to a border between two integers; roundings move it by less than 2**-24."""

_WHOLE = 2.0**52
"""Numbers from here to its double have no fraction bits: adding it rounds to an integer, which then
stands in the lowest bits."""
_C0 = POLYNOMIAL[0] + _WHOLE
_C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8 = POLYNOMIAL[1:]

_F = Q16_16.fraction_bits
_FRACTION = Q16_16.fractions - 1
_ZERO = Q16_16.log_of_zero
MANTISSA = np.uint64((2 << Q16_16.mantissa_bits) - 1)
"""The bits of a mantissa."""
_RAISED = np.uint64(63 - Q16_16.mantissa_bits)
_WORD = np.uint64(32)


@inlined
def mantissa_bits(code: np.int32) -> np.uint64:
    """Return a word whose bits `MANTISSA` are M[f] of a code; above them stands what is left."""
    f = np.float64(code & np.int32(_FRACTION))
    value = multiply_add(f, _C8, _C7)
    value = multiply_add(value, f, _C6)
    value = multiply_add(value, f, _C5)
    value = multiply_add(value, f, _C4)
    value = multiply_add(value, f, _C3)
    value = multiply_add(value, f, _C2)
    value = multiply_add(value, f, _C1)
    return bits_of(multiply_add(value, f, _C0))


@inlined
def cut_term(code: np.int32, highest: np.int32) -> np.uint64:
    """Return the term of a code, cut under a top whose highest position is given.

    Without a branch, so that loops are compiled to vector instructions. A term of that position has
    its leading one in bit 63, all others lower by their position; of a higher one nothing is left.
    """
    # Above 63 also where the position is above the highest.
    below = np.uint32(highest - np.int32(code >> np.int32(_F)))
    inside = (below < np.uint32(64)) & (code != np.int32(_ZERO))
    raised = mantissa_bits(code) << _RAISED  # and what is above the mantissa is gone
    return raised >> np.uint64(below) if inside else np.uint64(0)


@inlined
def cut_sums(codes: Codes, top: np.int64) -> tuple[np.int32, np.uint64, np.uint64]:
    """Return the largest code, and the sum of the terms cut under `top`.

    Of the sum: that of the terms' upper halves, and all modulo 2**64. Where the largest code is
    above the top the sum is not to be used.
    """
    highest = np.int32(8 * top + 7)
    largest = np.int32(_ZERO)
    upper = np.uint64(0)
    modulo = np.uint64(0)
    for place in range(len(codes)):  # by index: otherwise it is not compiled to vectors
        code = codes[place]
        largest = max(largest, code)
        term = cut_term(code, highest)
        upper += term >> _WORD
        modulo += term
    return largest, upper, modulo
