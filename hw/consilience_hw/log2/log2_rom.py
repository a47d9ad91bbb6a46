"""Tables of log2 of a mantissa, their integer model, and the bound of its error.

A mantissa x in [1, 2), cut to X fraction bits, is brought near 1 by two short reciprocals; what is
left is read from a third table and one product::

    p = x * r[a] / 2**9              a: the top 8 fraction bits of x; p - 1 in [0, 2**-7)
    q = p * (1 - s[b] / 2**17)       b: the top 8 bits of p - 1;      q - 1 in [0, 2**-14)
    log2(x) = LA[a] + LB[b] + LC[c] + rest * log2(e)
                                     c: the top 9 bits of q - 1;      rest in [0, 2**-23)

This is multiplicative normalisation (as in de Dinechin and Pasca's FPLog) in three steps. The sum
is not exact and need not be: `ERROR` bounds it, and the unit flags a result if a rounding border
lies within that bound (Ziv's rounding test, 1991).
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from ..spec.exp2_table import GUARD_BITS

__all__ = ["ERROR", "ERROR_LOG", "G", "Log2Rom", "X", "log2_rom"]

X = 40
"""Fraction bits of a mantissa that are kept."""
G = 44
"""Fraction bits of the sum of logarithms."""
A, R = 8, 9
"""Index bits of the first step, fraction bits of its reciprocals."""
B, B_LOW, S = 8, 15, 17
"""Index bits of the second step, weight of the last one, fraction bits of its factors."""
C, C_LOW = 9, 23
"""Index bits of the third step, weight of the last one."""
E_BITS = 24
"""Fraction bits of log2(e)."""

ERROR_LOG = 7
ERROR = (1 << ERROR_LOG) - 1
"""The sum is within ``ERROR * 2**-G`` of log2 of the mantissa before the cut to X bits: the bound
that `error_bound` derives, rounded up so that 2 * ERROR + 1 is a power of two less one."""

LOG2_E_ABOVE = Fraction(14427, 10000)
"""A little above log2(e), for bounds."""


def fixed_log2(numerator: int, denominator: int) -> int:
    """Return log2(numerator / denominator) of a ratio in [1, 2), with `GUARD_BITS` fraction bits.

    Digit by digit (Knuth, TAOCP 1.2.2): squaring doubles the logarithm, and a square of 2 or more
    gives a digit 1. Each step doubles the relative error, so twice the bits keep the result within
    one unit.
    """
    bits = 2 * GUARD_BITS + 32
    value = (numerator << bits) // denominator
    result = 0
    for _ in range(GUARD_BITS):
        value = value * value >> bits
        digit = value >> bits + 1
        value >>= digit
        result = result << 1 | digit
    return result


def rounded(value: Fraction | int, bits: int) -> int:
    """Return a value in units of ``2**-GUARD_BITS`` rounded to `bits` fraction bits."""
    return int((value + Fraction(1 << GUARD_BITS - bits, 2)) // (1 << GUARD_BITS - bits))


@dataclass(frozen=True)
class Log2Rom:
    """Table contents; logarithms have G fraction bits.

    Parameters
    ----------
    reciprocal, log_a : tuple of int
        ``ceil(2**R / (1 + a / 2**A))`` and minus its log2, indexed by a.
    shrink, log_b : tuple of int
        ``floor(2**S * k / (1 + k))`` with k = b / 2**B_LOW, and -log2(1 - shrink / 2**S),
        indexed by b.
    log_c : tuple of int
        log2(1 + c / 2**C_LOW), moved to the middle of the error range of its interval.
    log2_e : int
        log2(e), E_BITS fraction bits.
    """

    reciprocal: tuple[int, ...]
    log_a: tuple[int, ...]
    shrink: tuple[int, ...]
    log_b: tuple[int, ...]
    log_c: tuple[int, ...]
    log2_e: int

    def log2(self, x: int) -> int:
        """Return log2 of a mantissa with X fraction bits, in units of 2**-G: the unit's model."""
        a = x >> X - A & (1 << A) - 1
        p = x * self.reciprocal[a]
        z = p - (1 << X + R)
        b = z >> X + R - B_LOW
        cut = X + R - G
        q = (z >> cut) - ((p >> cut) * self.shrink[b] >> S)
        c, rest = q >> G - C_LOW, q & (1 << G - C_LOW) - 1
        return self.log_a[a] + self.log_b[b] + self.log_c[c] + (rest * self.log2_e >> E_BITS)

    @property
    def largest_q(self) -> Fraction:
        """Upper bound of q - 1 over all mantissas, the cuts to G bits included."""
        return max(
            (1 + Fraction(b + 1, 1 << B_LOW)) * (1 - Fraction(s, 1 << S)) - 1
            for b, s in enumerate(self.shrink)
        ) + Fraction(2, 1 << G)


def interval_drop(c: int) -> Fraction:
    """Return a bound of how far log2(1 + k + t) falls below log2(1 + k) + t log2(e).

    k = c / 2**C_LOW, t in [0, 2**-C_LOW): the slope is below log2(e) by at most the factor k + t.
    """
    step = Fraction(1, 1 << C_LOW)
    return LOG2_E_ABOVE * step * (c + 1) * step


def error_bound(rom: Log2Rom) -> Fraction:
    """Return the derived bound of the sum's error, in units of 2**-G.

    The terms: half of the cut of x to X bits, and half of `interval_drop` (the tables are in the
    middle of both); the two cuts in q, times log2(e); the one rounding of each of three tables; the
    cut of log2(e), times the rest; the cut of the last product.
    """
    unit = Fraction(1, 1 << G)
    last_c = int(rom.largest_q * (1 << C_LOW))
    return (
        LOG2_E_ABOVE * Fraction(1, 1 << X) / 2
        + interval_drop(last_c) / 2
        + LOG2_E_ABOVE * unit * (1 + Fraction(1, 1 << B_LOW - B))
        + 3 * unit / 2
        + Fraction(1, 1 << C_LOW) * Fraction(1, 1 << E_BITS)
        + unit
    ) / unit


@cache
def log2_rom() -> Log2Rom:
    """Return the tables, the same for every number format."""
    reciprocal = [-(-(1 << R + A) // ((1 << A) + a)) for a in range(1 << A)]
    shrink = [(b << S) // ((1 << B_LOW) + b) for b in range(1 << B)]
    # log2(e) = 1 / ln(2), with ln(2) = sum of 1 / (n 2**n).
    bits = GUARD_BITS + 16
    ln_2 = sum((1 << bits) // (n << n) for n in range(1, bits))
    log2_e = (1 << bits + E_BITS) // ln_2
    cut_middle = LOG2_E_ABOVE * Fraction(1, 1 << X) / 2
    one = 1 << GUARD_BITS
    rom = Log2Rom(
        reciprocal=tuple(reciprocal),
        log_a=tuple(rounded(fixed_log2(1 << R, r), G) for r in reciprocal),
        shrink=tuple(shrink),
        log_b=tuple(rounded(fixed_log2(1 << S, (1 << S) - s), G) for s in shrink),
        log_c=tuple(
            rounded(
                fixed_log2((1 << C_LOW) + c, 1 << C_LOW)
                + (cut_middle - interval_drop(c) / 2) * one,
                G,
            )
            for c in range(1 << C)
        ),
        log2_e=log2_e,
    )
    if error_bound(rom) > ERROR:
        raise ValueError(f"the tables are within {float(error_bound(rom))} units, not {ERROR}")
    return rom
