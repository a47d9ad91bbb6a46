"""Upper Clopper-Pearson limits of a share that was counted, proved least in integers.

The limit of `hits` among `trials` is the least U, a multiple of 2**-32, at which so few hits have
a probability of at most ``beyond``: P(Binomial(trials, U) <= hits) <= beyond. Binary64 guesses it,
and intervals of integers prove the guess, or move it.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import exp, isqrt, lgamma, log
from typing import NamedTuple

import numpy as np

__all__ = ["SCALE", "BinomialTails", "upper_limit"]

SCALE = 1 << 32
"""1 as a limit."""
_LEAST_PRECISION = 160
_GREATEST_PRECISION = 1 << 12
_NEGLIGIBLE = 8
"""A sum of terms ends at one below 2**-(7 / 8 of the precision) of the first."""


class _Between(NamedTuple):
    """A positive number from ``low * 2**power`` to ``high * 2**power``."""

    low: int
    high: int
    power: int

    def cut(self, precision: int) -> "_Between":
        """Return an interval around it whose ends have `precision` bits."""
        extra = self.high.bit_length() - precision
        if extra <= 0:
            return self
        return _Between(self.low >> extra, -(-self.high >> extra), self.power + extra)

    def times(self, other: "_Between", precision: int) -> "_Between":
        product = _Between(self.low * other.low, self.high * other.high, self.power + other.power)
        return product.cut(precision)

    def over(self, other: "_Between", precision: int) -> "_Between":
        low = (self.low << 2 * precision) // other.high
        high = -(-(self.high << 2 * precision) // other.low)
        power = self.power - other.power - 2 * precision
        return _Between(low, high, power).cut(precision)

    def to_the(self, exponent: int, precision: int) -> "_Between":
        result = _Between(1, 1, 0)
        for bit in f"{exponent:b}":
            result = result.times(result, precision)
            if bit == "1":
                result = result.times(self, precision)
        return result


class BinomialTails:
    """Probabilities of few hits among so many trials, compared exactly with a bound.

    Parameters
    ----------
    trials : int
    hits : iterable of int
        Those that will be asked for: the factorials they need are worked out in one pass over
        1 .. trials, anew for each precision.
    """

    def __init__(self, trials: int, hits: Iterable[int]) -> None:
        self._trials = trials
        self._wanted = {trials, *hits}
        self._wanted |= {trials - one for one in self._wanted}
        self._factorials: dict[int, dict[int, _Between]] = {}

    def is_at_most(self, hits: int, share: int, beyond: Fraction) -> bool:
        """Return whether P(Binomial(trials, share / 2**32) <= hits) <= beyond.

        Raises
        ------
        ArithmeticError
            4,096 bits did not decide it: both are equal, for which `beyond` must be a whole number
            over a power of two, as such a probability is.
        """
        if hits >= self._trials or share <= 0:
            return beyond >= 1
        if share >= SCALE:
            return True
        if 2 * beyond < 1 and share * self._trials <= hits * SCALE:
            return False  # no median is above the next whole number from the mean
        precision = _LEAST_PRECISION
        while precision <= _GREATEST_PRECISION:
            tail = self._tail(hits, share, precision)
            power = min(tail.power, 0)
            bound = (beyond.numerator << -power) // beyond.denominator
            if tail.high << tail.power - power <= bound:
                return True
            if tail.low << tail.power - power > bound:
                return False
            precision *= 2
        raise ArithmeticError("a binomial probability is too near to its bound to decide")

    def _tail(self, hits: int, share: int, precision: int) -> _Between:
        """Return an interval around the probability: the term of `hits`, and those below it."""
        factorials, n = self._factorials_of(precision), self._trials
        ways = factorials[n].over(
            factorials[hits].times(factorials[n - hits], precision), precision
        )
        up, down = _Between(share, share, -32), _Between(SCALE - share, SCALE - share, -32)
        largest = ways.times(up.to_the(hits, precision), precision)
        largest = largest.times(down.to_the(n - hits, precision), precision)
        sums = _sums_of_terms(hits, n, share, precision)
        return largest.times(_Between(*sums, -precision), precision)

    def _factorials_of(self, precision: int) -> dict[int, _Between]:
        """Return the factorials of all numbers that are wanted."""
        found = self._factorials.get(precision)
        if found is None:
            found, low, high, power = {}, 1, 1, 0
            for number in range(self._trials + 1):
                if number:
                    low, high = low * number, high * number
                    extra = high.bit_length() - precision
                    if extra > 0:
                        low, high, power = low >> extra, -(-high >> extra), power + extra
                if number in self._wanted:
                    found[number] = _Between(low, high, power)
            self._factorials[precision] = found
        return found


def _sums_of_terms(hits: int, trials: int, share: int, precision: int) -> tuple[int, int]:
    """Return integers around the sum of the terms up to `hits`, in units of it, times 2**precision.

    Term i - 1 is term i times ``i (1 - u) / ((n - i + 1) u)``, which falls with i. So what is left
    out sums to less than a geometric series.
    """
    low = high = low_sum = high_sum = 1 << precision
    down = SCALE - share
    for i in range(hits, 0, -1):
        above, below = i * down, (trials - i + 1) * share
        low, high = low * above // below, -(-high * above // below)
        low_sum += low
        high_sum += high
        if high < 1 << precision // _NEGLIGIBLE and above < below:
            return low_sum, high_sum - (-high * above // (below - above))
    return low_sum, high_sum


def upper_limit(tails: BinomialTails, hits: int, trials: int, beyond: Fraction) -> int:
    """Return the upper limit of `hits` among `trials`, a multiple of 2**-32, proved least."""
    if hits >= trials:
        return SCALE
    high = _guess(hits, trials, float(beyond))
    low, step = high, 1
    if tails.is_at_most(hits, high, beyond):
        while low == high:
            low = max(high - step, 0)
            if tails.is_at_most(hits, low, beyond):
                high, step = low, 2 * step
    else:
        while high == low:
            high = min(low + step, SCALE)
            if not tails.is_at_most(hits, high, beyond):
                low, step = high, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        if tails.is_at_most(hits, middle, beyond):
            high = middle
        else:
            low = middle
    return high


def _guess(hits: int, trials: int, beyond: float) -> int:
    """Return about the upper limit, in binary64."""
    whole = lgamma(trials + 1) - lgamma(hits + 1) - lgamma(trials - hits + 1)
    i = np.arange(hits, hits - min(hits, 12 * isqrt(trials) + 64), -1)
    ratios = i / (trials - i + 1.0)
    low, high = hits * SCALE // trials, SCALE
    while high - low > 1:
        middle = (low + high) // 2
        share = middle / SCALE
        term = exp(max(whole + hits * log(share) + (trials - hits) * log(1 - share), -700.0))
        # Terms fall, as the share is above hits / trials.
        if term * (1 + np.cumprod(ratios * ((1 - share) / share)).sum()) <= beyond:
            high = middle
        else:
            low = middle
    return high
