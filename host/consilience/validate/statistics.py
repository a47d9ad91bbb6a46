"""Confidence limits in a few lines: of shares exactly, of slopes and of coefficients of variation.

SciPy has all of these; the base install has no SciPy. A test compares.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from consilience.monitor.binomial_limits import SCALE, BinomialTails, upper_limit

__all__ = [
    "Slope",
    "chi_square_quantile",
    "log_slope",
    "lower_share",
    "student_quantile",
    "upper_share",
    "variation",
    "variation_limit",
]

_LARGEST_COEFFICIENT = 1 / 3
"""Coefficient of variation above which the approximation of its limit is unreliable."""


def upper_share(hits: int, trials: int, beyond: Fraction) -> Fraction:
    """Return the upper Clopper-Pearson limit of a share, at or above it in all but `beyond`.

    Least multiple of 2**-32 that is; worked out in integers.
    """
    return Fraction(upper_limit(BinomialTails(trials, [hits]), hits, trials, beyond), SCALE)


def lower_share(hits: int, trials: int, beyond: Fraction) -> Fraction:
    """Return the lower Clopper-Pearson limit of a share, the greatest multiple of 2**-32."""
    return 1 - upper_share(trials - hits, trials, beyond)


class Slope(NamedTuple):
    """A fitted exponent, and its two-sided confidence interval."""

    exponent: float
    low: float
    high: float


def log_slope(sizes: Sequence[int], seconds: Sequence[float], confidence: float) -> Slope:
    """Return e of ``seconds = a * sizes**e`` by least squares of the logarithms, 3 points or more.

    The interval is Student's, for errors of the logarithms that are alike and independent.
    """
    xs, ys = [math.log(one) for one in sizes], [math.log(one) for one in seconds]
    n = len(xs)
    middle, level = sum(xs) / n, sum(ys) / n
    spread = sum((x - middle) ** 2 for x in xs)
    exponent = sum((x - middle) * (y - level) for x, y in zip(xs, ys, strict=True)) / spread
    rest = sum((y - level - exponent * (x - middle)) ** 2 for x, y in zip(xs, ys, strict=True))
    error = math.sqrt(rest / (n - 2) / spread)
    half = student_quantile(0.5 + confidence / 2, n - 2) * error
    return Slope(exponent, exponent - half, exponent + half)


def variation(samples: Sequence[float]) -> float:
    """Return the coefficient of variation, standard deviation (n - 1) by mean, of 2 or more."""
    mean = math.fsum(samples) / len(samples)
    square = math.fsum((one - mean) ** 2 for one in samples) / (len(samples) - 1)
    return math.sqrt(square) / mean


def variation_limit(found: float, runs: int, confidence: float = 0.95) -> float | None:
    """Return the one-sided upper limit of a coefficient of variation; None if it is above 1/3.

    Vangel's modification of McKay's approximation (The American Statistician 50 (1996), 21-26).
    """
    if found > _LARGEST_COEFFICIENT:
        return None
    freedom = runs - 1
    quantile = chi_square_quantile(1 - confidence, freedom)
    square = ((quantile + 2) / runs - 1) * found**2 + quantile / freedom
    return found / math.sqrt(square)


def student_quantile(probability: float, freedom: int) -> float:
    """Return the quantile of Student's t at a probability of 1/2 or more."""
    if freedom < 1 or not 0.5 <= probability < 1:
        raise ValueError(f"no quantile of t at {probability} with {freedom} degrees of freedom")
    return _solved(lambda t: _student(t, freedom), probability)


def chi_square_quantile(probability: float, freedom: int) -> float:
    """Return the quantile of chi-square."""
    if freedom < 1 or not 0 < probability < 1:
        raise ValueError(f"no quantile of chi2 at {probability} with {freedom} degrees of freedom")
    return _solved(lambda x: _chi_square(x, freedom), probability)


def _solved(distribution: Callable[[float], float], probability: float) -> float:
    """Return where a distribution function, 0 or less at 0, reaches a probability."""
    low, high = 0.0, 1.0
    while distribution(high) < probability:
        low, high = high, 2 * high
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if distribution(middle) < probability else (low, middle)
    return high


def _student(t: float, freedom: int) -> float:
    """Return P(T <= t), t >= 0: the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan2(t, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    if freedom % 2 == 0:
        term = total = 1.0
        for k in range(2, freedom, 2):
            term *= cosine**2 * (k - 1) / k
            total += term
        return 0.5 + sine * total / 2
    term = total = cosine if freedom > 1 else 0.0
    for k in range(3, freedom, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    return 0.5 + (angle + sine * total) / math.pi


def _chi_square(x: float, freedom: int) -> float:
    """Return P(X <= x): the series of the incomplete gamma function, all of whose terms add."""
    if x <= 0:
        return 0.0
    half, term, total, k = freedom / 2, 1.0, 1.0, 0
    while term > 1e-17 * total:
        k += 1
        term *= x / 2 / (half + k)
        total += term
    return total * math.exp(half * math.log(x / 2) - x / 2 - math.lgamma(half + 1))
