"""Natural logarithms as codes in one direction: exact, by comparing with multiples of ln 2."""

from fractions import Fraction
from functools import cache
from math import floor

from consilience_hw.spec.log_format import Q16_16

__all__ = ["code_above", "code_below"]

_BITS = 400
_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code


@cache
def _ln_2() -> Fraction:
    """Return ln 2 = sum of ``1 / (k 2**k)``, too small by less than 2**-_BITS."""
    return sum((Fraction(1, k << k) for k in range(1, _BITS)), Fraction(0))


def _ulps_below(nats: Fraction) -> int:
    """Return the greatest whole number of ulp not above a natural logarithm.

    Raises ArithmeticError if the precision could not decide it.
    """
    if not nats:
        return 0
    ends = _ln_2(), _ln_2() + Fraction(1, 1 << _BITS)
    found = {floor(nats * Q16_16.fractions / end) for end in ends}
    if len(found) != 1:
        raise ArithmeticError(f"{nats} is too near to a code")
    return found.pop()


def code_below(nats: Fraction | None) -> int:
    """Return the greatest code not above a natural logarithm; None is -infinity."""
    if nats is None:
        return _ZERO
    whole = _ulps_below(nats)
    return min(whole, _MAX) if whole > _ZERO else _ZERO


def code_above(nats: Fraction | None) -> int:
    """Return the least code not below a natural logarithm; ValueError if there is none."""
    if nats is None:
        return _ZERO
    whole = -_ulps_below(-nats)
    if whole > _MAX:
        raise ValueError("no code is above it")
    return max(whole, Q16_16.min_code)
