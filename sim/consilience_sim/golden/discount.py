"""The weight of an age, in plain integers."""

from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.mantissas import mantissas

__all__ = ["age_decay", "age_weight"]

_WEIGHTLESS = 64
"""Half-lives after which any weight is 0."""


def age_decay(age: int, grace: int, half_life: int) -> int:
    """Return q, the bits an age takes in units of 2**-16: the contract, word for word.

    ``floor((age - grace) * 2**16 / half_life)`` beyond the grace, 0 up to it; all in ms.
    """
    return (age - grace) * 2**16 // half_life if age > grace else 0


def age_weight(age: int, grace: int, half_life: int, max_age: int) -> int:
    """Return the weight 0 .. 65536 of an age in ms: the contract, word for word.

    ``round_half_up(2**16 * M[f] * 2**(e - P))``, e and f being position and fraction of -q.
    """
    if age >= max_age:
        return 0
    position, fraction = divmod(-age_decay(age, grace, half_life), Q16_16.fractions)
    if position < -_WEIGHTLESS:
        return 0
    # A fraction of two integers, of which the lower is a power of two.
    upper = int(mantissas(Q16_16)[fraction]) * 2**16
    lower = int(2 ** (Q16_16.mantissa_bits - position))
    return (2 * upper + lower) // (2 * lower)
