"""The integer mantissas M[f] of 2**(f / 2**fraction_bits), rounded once.

Formula: ``M[f] = floor(2**(P + f / 2**F) + 1/2)``. No tie exists: for f > 0 the power is
irrational. The powers are products of repeated integer square roots of 2, carried with
`GUARD_BITS` guard bits; no floating point and no library function is involved.
"""

import hashlib
from functools import cache
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from .log_format import LogFormat

__all__ = ["GUARD_BITS", "exp2_powers", "mantissa_table", "table_digest"]

GUARD_BITS = 128
"""Fraction bits of the powers before they are rounded to mantissas. A test checks that no power is
nearer to a rounding border than its error."""


@cache
def exp2_powers(fraction_bits: int, guard_bits: int = GUARD_BITS) -> tuple[int, ...]:
    """Return ``2**(f / 2**fraction_bits)`` for every f, in units of ``2**-guard_bits``.

    Each entry is an integer, truncated: too low by less than 256 units. (A root is too low by less
    than 2 units, and each of at most 17 products of values below 2 adds less than 6.)
    """
    one = 1 << guard_bits
    powers = [one]
    root = 2 << guard_bits
    roots = []
    for _ in range(fraction_bits):
        root = isqrt(root << guard_bits)
        roots.append(root)
    for root in reversed(roots):  # the smallest root is bit 0 of f
        powers += [power * root >> guard_bits for power in powers]
    return tuple(powers)


@cache
def mantissa_table(fmt: LogFormat) -> NDArray[np.uint32]:
    """Return M, shape ``(2**fraction_bits,)``, each in ``[2**P, 2**(P+1)]``; read-only."""
    shift = GUARD_BITS - fmt.mantissa_bits
    half = 1 << (shift - 1)
    powers = exp2_powers(fmt.fraction_bits)
    table = np.array([(power + half) >> shift for power in powers], dtype=np.uint32)
    table.flags.writeable = False
    return table


def table_digest(fmt: LogFormat) -> str:
    """Return the SHA-256 of M as little-endian u32, in hex; pinned by a test."""
    return hashlib.sha256(mantissa_table(fmt).astype("<u4").tobytes()).hexdigest()
