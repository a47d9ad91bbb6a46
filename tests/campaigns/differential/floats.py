"""What the floats of the contract must be, by fractions: each operation rounded once, to even.

`to_codes` is rint((x * C) * 65536) in binary64, `from_codes` (c * 2**-16) * LN_2; C and LN_2 are
the binary64 numbers of design and documentation. A product of binary64 numbers is the fraction's,
rounded by Python's division of integers.
"""

import math
from fractions import Fraction

import mpmath
import numpy as np

__all__ = ["Refused", "code_of", "float_of", "log_times", "rounded"]

_C = Fraction(float.fromhex("0x1.71547652b82fep+0"))
_LN_2 = Fraction(float.fromhex("0x1.62e42fefa39efp-1"))
_LARGEST = (1 << 31) - 1


class Refused(Exception):
    """The call must raise; the name of the class says what."""


def code_of(nats: float, per_unit: Fraction = _C) -> tuple[int, bool]:
    """Return the code of a natural logarithm, and whether it saturated."""
    if nats == -math.inf:
        return -_LARGEST - 1, False
    if math.isnan(nats) or nats == math.inf:
        raise Refused("BadInput")
    product = rounded(Fraction(nats) * per_unit)
    if math.isinf(product):
        code = _LARGEST + 1 if product > 0 else -_LARGEST - 1
    else:
        code = round(Fraction(product) * 65536)
    return max(-_LARGEST, min(_LARGEST, code)), abs(code) > _LARGEST


def float_of(code: int) -> float:
    """Return the natural logarithm of a code."""
    if code == -_LARGEST - 1:
        return -math.inf
    return rounded(Fraction(code, 65536) * _LN_2)


def rounded(value: Fraction) -> float:
    """Return the binary64 number next to a fraction."""
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def log_times(nats: float, factor: Fraction | float) -> float:
    """Return log(b * exp(x)) as x + log(b), each rounded once; b >= 0."""
    if factor == 0:
        return -math.inf
    with mpmath.workprec(120):
        exact = Fraction(factor) if math.isfinite(factor) else None
        if exact is None:
            log = math.inf if factor > 0 else math.nan
        else:
            log = float(mpmath.log(mpmath.mpf(exact.numerator) / exact.denominator))
    if not math.isfinite(nats) or not math.isfinite(log):
        return nats + log
    return rounded(Fraction(nats) + Fraction(log))


def in_binary64(values: np.ndarray) -> list[float]:
    """Return real numbers of any dtype as binary64; what is finite stays so."""
    largest = float(np.finfo(np.float64).max)
    found = []
    for value in values.reshape(-1):
        near = float(value)
        if math.isinf(near) and np.isfinite(value):
            near = math.copysign(largest, near)
        found.append(near)
    return found
