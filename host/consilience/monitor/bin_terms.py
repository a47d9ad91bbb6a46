"""What a bin of scores pays, as a code: the slope of ``u**kappa`` between two limits."""

from fractions import Fraction

from consilience.monitor.binomial_limits import SCALE
from consilience.monitor.rank_terms import halvings
from consilience.numbers.exact_logarithms import decided_floor_log2, power_bounds
from consilience_hw.spec.log_format import Q16_16

__all__ = ["bin_terms"]

_SCALE_BITS = SCALE.bit_length() - 1


def bin_terms(limits: tuple[int, ...], kappa: Fraction) -> list[int]:
    """Return ``floor(65536 log2 e_j)`` of every bin, e_j the slope from U_(j+1) to U_j.

    ``e_j = (U_j**kappa - U_(j+1)**kappa) / (U_j - U_(j+1))``; where both are equal, e_(j+1).

    Parameters
    ----------
    limits : tuple of int
        U_1 .. U_m in units of 2**-32, never rising, the last above 0; U_(m+1) is 0.
    """
    terms: list[int] = []
    below = 0
    for limit in reversed(limits):
        terms.append(terms[-1] if limit == below else _slope(limit, below, kappa))
        below = limit
    return terms[::-1]


def _slope(above: int, below: int, kappa: Fraction) -> int:
    """Return the code of one slope.

    Powers of two that both limits share are taken out first: their part of the logarithm is a
    whole code. What is left is a power of two only if both powers are whole numbers, whose bounds
    are exact; so it is decided (roots of which no two are in a rational proportion are independent
    over the rational numbers).
    """
    shared = ((above | below) & -(above | below)).bit_length() - 1
    high_end, low_end = above >> shared, below >> shared
    a, b = kappa.numerator, halvings(kappa)

    def bounds(precision: int) -> tuple[int, int]:
        low, high = power_bounds(high_end, a, b, precision)
        least, most = power_bounds(low_end, a, b, precision)
        width = high_end - low_end
        return (low - most) // width, -((least - high) // width)

    whole = (_SCALE_BITS - shared) * (kappa.denominator - a) << Q16_16.fraction_bits - b
    return whole + decided_floor_log2(bounds)
