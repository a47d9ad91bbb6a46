"""The table of `SerialLog2`, its integer model, and the bound of its error.

A mantissa x in [1, 2) is multiplied by ``1 + 2**-k`` for k = 1, 2, .. K, each time if the product
stays below 2; it ends just below 2, and::

    log2(x) = 1 - (sum over the k that were used of log2(1 + 2**-k)) - log2(2 / what it ended at)

This is multiplicative normalisation by shifts and additions (Briggs, 1624; as in Muller, Elementary
Functions). The last term is left out: it is below 2**(1 - K).
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from .log2_rom import ERROR, LOG2_E_ABOVE, G, fixed_log2, rounded

__all__ = ["STEPS", "SerialLog2Rom", "serial_log2_rom"]

STEPS = G
"""K, the number of factors."""


@dataclass(frozen=True)
class SerialLog2Rom:
    """Table contents.

    Parameters
    ----------
    steps : tuple of int
        log2(1 + 2**-k) with G fraction bits, for k = 1 .. K.
    """

    steps: tuple[int, ...]

    def log2(self, x: int) -> int:
        """Return log2 of a mantissa with G fraction bits, in units of 2**-G: the unit's model."""
        logarithm = 1 << G
        for k, step in enumerate(self.steps, start=1):
            product = x + (x >> k)
            if product < 2 << G:
                x = product
                logarithm -= step
        return logarithm


def error_bound() -> Fraction:
    """Return the derived bound of the error, in units of 2**-G.

    The terms: each of K products, 1 or more, is cut by less than a unit, which is log2(e) units at
    most; every word of the table is rounded once; the mantissa was cut by less than a unit; the
    last term is log2(2 / end) < 2**-K * log2(e) * 2. The cuts make the result too high, the others
    may have either sign: the bound adds them all.
    """
    return STEPS * LOG2_E_ABOVE + Fraction(STEPS, 2) + LOG2_E_ABOVE + 2 * LOG2_E_ABOVE


@cache
def serial_log2_rom() -> SerialLog2Rom:
    """Return the table, the same for every number format."""
    if error_bound() > ERROR:
        raise ValueError(f"the table is within {float(error_bound())} units, not {ERROR}")
    one = 1 << STEPS
    steps = (fixed_log2(one + (one >> k), one) for k in range(1, STEPS + 1))
    return SerialLog2Rom(tuple(rounded(step, G) for step in steps))
