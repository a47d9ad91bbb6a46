"""Which of two sums of powers of two is larger, decided exactly: ties are found, never rounded.

``sum of w * 2**(c / 65536)`` with integers w is zero only if, for each fraction of the exponents,
the weights times their whole powers of two cancel: the numbers ``2**(f / 65536)`` are linearly
independent over the rationals, since ``x**65536 - 2`` has no rational factor (Eisenstein). So
equality is decided in integers, and what is not equal by enough digits.
"""

from collections import defaultdict
from collections.abc import Sequence

from consilience.numbers.exact_logarithms import power_bounds
from consilience_hw.spec.log_format import Q16_16

__all__ = ["sign_of_sum"]

_LEAST_PRECISION = 64


def sign_of_sum(weights: Sequence[int], codes: Sequence[int]) -> int:
    """Return the sign, -1, 0 or 1, of ``sum of weights[i] * 2**(codes[i] / 65536)``.

    Parameters
    ----------
    weights : sequence of int
        Of any size and sign.
    codes : sequence of int
        Q16.16; the log of zero counts nothing.
    """
    counted = [
        (weight, code)
        for weight, code in zip(weights, codes, strict=True)
        if weight and code != Q16_16.log_of_zero
    ]
    if not counted:
        return 0
    lowest = min(code for _, code in counted)
    by_fraction: defaultdict[int, int] = defaultdict(int)
    for weight, code in counted:
        whole, fraction = divmod(code - lowest, Q16_16.fractions)
        by_fraction[fraction] += weight << whole
    left = {fraction: weight for fraction, weight in by_fraction.items() if weight}
    precision = _LEAST_PRECISION
    while left:
        low = high = 0
        for fraction, weight in left.items():
            bounds = power_bounds(2, fraction, Q16_16.fraction_bits, precision)
            below, above = bounds if weight > 0 else bounds[::-1]
            low += weight * below
            high += weight * above
        if low > 0 or high < 0:
            return 1 if low > 0 else -1
        precision *= 2
    return 0
