"""The two terms of a conformal increment: of the rank j, and of the number N of ranks.

The bet kappa turns rank j of N, each as likely as any other, into ``j**kappa - (j - 1)**kappa``
times ``N**(1 - kappa)``, whose mean over j is exactly 1. Both logarithms are cut, never rounded up.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from consilience.errors import BadInput
from consilience.monitor.promises import exact_number
from consilience.numbers.exact_logarithms import decided_floor_log2, floor_log2, power_bounds
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MAX_COMPONENTS

__all__ = ["checked_kappa", "checked_kappas", "count_term", "halvings", "rank_term"]

_BITS = Q16_16.fraction_bits
_SERIES = 4096
"""The largest rank whose difference of powers is worked out; beyond, the slope at j, below it."""
_MOST_HALVINGS = 16


def checked_kappa(kappa: int | str | Fraction | float) -> Fraction:
    """Return a bet as a fraction; BadInput unless it is a / 2**b in (0, 1), b at most 16."""
    value = exact_number(kappa, "kappa")
    if not 0 < value < 1 or value.denominator > 1 << _MOST_HALVINGS or halvings(value) < 0:
        raise BadInput(
            f"kappa {kappa}: a / 2**b between 0 and 1, b at most 16, as 1/4 (near 0: bets on rare "
            "high ranks)"
        )
    return value


def checked_kappas(kappas: Sequence[int | str | Fraction | float]) -> tuple[Fraction, ...]:
    """Return the bets of components; BadInput unless they are 1 to 16 different ones."""
    bets = tuple(checked_kappa(one) for one in kappas)
    if not 1 <= len(bets) <= MAX_COMPONENTS or len(set(bets)) < len(bets):
        raise BadInput(f"kappas: 1 to {MAX_COMPONENTS} different bets")
    return bets


@lru_cache(maxsize=1 << 16)
def rank_term(rank: int, kappa: Fraction) -> int:
    """Return ``floor(65536 log2(j**kappa - (j - 1)**kappa))``.

    For j above 4096 the floor of ``65536 (log2 kappa - (1 - kappa) log2 j)``, which is below it.
    """
    if rank == 1:
        return 0
    b, a = halvings(kappa), kappa.numerator
    if rank > _SERIES:
        # To the power 2**halvings both are whole numbers.
        scale = kappa.denominator
        below = scale**scale * rank ** (scale - a)
        return floor_log2(a**scale, below, _BITS - b)

    def bounds(precision: int) -> tuple[int, int]:
        low, high = power_bounds(rank, a, b, precision)
        least, most = power_bounds(rank - 1, a, b, precision)
        return low - most, high - least

    return decided_floor_log2(bounds, _BITS)


@lru_cache(maxsize=1 << 16)
def count_term(count: int, kappa: Fraction) -> int:
    """Return ``floor(65536 (1 - kappa) log2 N)``."""
    power = kappa.denominator - kappa.numerator
    return floor_log2(count**power, 1, _BITS - halvings(kappa))


def halvings(kappa: Fraction) -> int:
    """Return b of a / 2**b; -1 if there is none."""
    b = kappa.denominator.bit_length() - 1
    return b if kappa.denominator == 1 << b else -1
