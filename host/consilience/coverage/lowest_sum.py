"""The law of the interval's lower end: n independent honest reports, less what liars may hide in.

``low`` is the sum of all binned reports less the positive ones among the f highest. Liars do most
harm when they say the least bin. Then low + 128 f is the sum of the honest reports less the
positive ones among the f highest of these, and its law is a mixture of sums of equal, independent
reports: given the f-th highest of h reports, the h - f below it are independent and below it.
"""

from collections.abc import Iterator
from math import erf, exp, lgamma, log, log1p, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.number_formats import CLIP_BIN, RATIO_BINS

__all__ = ["Shares", "SumLaw", "chance_above", "sum_law"]

Shares = NDArray[np.float64]
"""(257,): the probabilities of bins -128 .. 128."""

_VALUES = np.arange(-CLIP_BIN, CLIP_BIN + 1, dtype=np.float64)
_NODES = 16
_PIECES = 12
_WIDE = 6.0
"""Standard deviations that are integrated over; and, times 2, that a law's window holds."""
_NOTHING = 1e-11
_LARGEST = 4_096
"""Reports up to which sums are exact; beyond, normal, with the greatest error that allows."""
_BERRY_ESSEEN = 0.4748
"""Shevtsova, 2011: of equal summands."""


class _Part(NamedTuple):
    """A part of the mixture: with probability `weight` the sum of `reports` of `shares`."""

    weight: float
    shares: Shares
    reports: int

    @property
    def mean(self) -> float:
        return self.reports * float(self.shares @ _VALUES)

    @property
    def deviation(self) -> float:
        mean = float(self.shares @ _VALUES)
        return sqrt(max(self.reports * (float(self.shares @ _VALUES**2) - mean**2), 0.0))


class SumLaw(NamedTuple):
    """The law of an integer in units of k ulp.

    Parameters
    ----------
    first : int
        What the first of `shares` is the probability of.
    shares : (values,) float64
    """

    first: int
    shares: Shares


def sum_law(shares: Shares, honest: int, liars: int) -> SumLaw:
    """Return the law of ``low`` with so many honest reporters, and liars who say the least.

    Parameters
    ----------
    shares : (257,) float64
        The law of one honest report.
    honest : int
        h, at most 4,096.
    liars : int
        f, all of whom are allowed for; fewer than h.
    """
    parts = list(_parts(shares, honest, liars))
    wide, jumps = 2 * _WIDE, 2 * _WIDE * RATIO_BINS  # rare reports may be far from the others
    low = int(min(one.mean - wide * one.deviation for one in parts) - jumps)
    high = int(max(one.mean + wide * one.deviation for one in parts) + jumps)
    low, high = max(low, -CLIP_BIN * honest), min(high, CLIP_BIN * honest)
    period = 1 << max(high - low, RATIO_BINS).bit_length()
    found = np.zeros(period // 2 + 1, np.complex128)
    for one in parts:
        found += one.weight * _powered(one, period)
    law = np.maximum(np.fft.irfft(found, period), 0.0)
    rolled = np.roll(law, -low)[: high - low + 1]
    return SumLaw(low - CLIP_BIN * liars, rolled / rolled.sum())


def chance_above(shares: Shares, honest: int, liars: int, limit: float) -> tuple[float, float]:
    """Return P(low > limit), as an interval: a point but for more than 4,096 honest reporters."""
    if honest <= _LARGEST:
        law = sum_law(shares, honest, liars)
        place = max(int(np.floor(limit)) + 1 - law.first, 0)
        found = float(law.shares[place:].sum()) if place < len(law.shares) else 0.0
        return min(found, 1.0), min(found, 1.0)
    limit += CLIP_BIN * liars
    found = error = 0.0
    for one in _parts(shares, honest, liars):
        deviation = one.deviation
        if deviation == 0:
            found += one.weight * (one.mean > limit)
            continue
        found += one.weight * (1 - erf((limit - one.mean) / (deviation * sqrt(2)))) / 2
        mean = one.mean / one.reports
        third = float(one.shares @ np.abs(_VALUES - mean) ** 3)
        error += one.weight * _BERRY_ESSEEN * third * one.reports / deviation**3
    return max(found - error, 0.0), min(found + error, 1.0)


def _parts(shares: Shares, honest: int, liars: int) -> Iterator[_Part]:
    """Yield the mixture. Where no f reports are positive, all of those are left out."""
    if not liars:
        yield _Part(1.0, shares, honest)
        return
    above = float(shares[CLIP_BIN + 1 :].sum())
    below = shares.copy()
    below[CLIP_BIN + 1 :] = 0.0
    rest = 1.0
    for positive in range(min(liars, honest + 1)):
        weight = exp(_log_binomial(honest, positive, above))
        rest -= weight
        if weight > _NOTHING:
            yield _Part(weight, below / max(below.sum(), _NOTHING), honest - positive)
    if rest <= _NOTHING:
        return
    upto = np.cumsum(shares)
    kinks = upto[CLIP_BIN:][shares[CLIP_BIN:] > 0]
    for weight, level in _levels(honest, liars, float(1 - above), kinks):
        kept = np.clip(level - (upto - shares), 0.0, shares)
        yield _Part(rest * weight, kept / kept.sum(), honest - liars)


def _levels(
    honest: int, liars: int, least: float, kinks: NDArray[np.float64]
) -> Iterator[tuple[float, float]]:
    """Yield weights and levels u of the f-th highest of h uniform numbers, where it is above least.

    Its density is that of Beta(h - f + 1, f), integrated by Gauss and Legendre, from kink to kink
    of what is integrated, unless there are so many that it is smooth.
    """
    a, b = honest - liars + 1, liars
    mean = a / (a + b)
    spread = sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    low = max(mean - _WIDE * spread, least, 0.0)
    high = max(min(mean + _WIDE * spread, 1.0), low)
    inside = kinks[(kinks > low) & (kinks < high)]
    ends = np.array([low, *(inside if len(inside) < _PIECES else ()), high])
    places, weights = np.polynomial.legendre.leggauss(_NODES)
    halves = np.diff(ends)[:, np.newaxis] / 2
    levels = np.clip(ends[:-1, np.newaxis] + halves * (places + 1), 1e-300, 1 - 1e-16).ravel()
    heights = (a - 1) * np.log(levels) + (b - 1) * np.log1p(-levels)
    found = (weights * halves).ravel() * np.exp(heights - heights.max())
    yield from zip((found / found.sum()).tolist(), levels.tolist(), strict=True)


def _log_binomial(n: int, k: int, share: float) -> float:
    if share <= 0 or share >= 1:
        return 0.0 if k == (n if share >= 1 else 0) else -745.0
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return ways + k * log(share) + (n - k) * log1p(-share)


def _powered(one: _Part, period: int) -> NDArray[np.complex128]:
    """Return the Fourier transform of the sum's law on a circle, value v at place v modulo it."""
    circle = np.zeros(period)
    circle[np.arange(-CLIP_BIN, CLIP_BIN + 1) % period] = one.shares
    transform = np.fft.rfft(circle)
    sizes = np.abs(transform)
    seen = sizes > exp(-40 / max(one.reports, 1))
    found = np.zeros(len(transform), np.complex128)
    found[seen] = transform[seen] ** one.reports
    return found
