"""Does a call take longer for one class of inputs than for another? A t-test in the way of dudect.

Reparaz, Balasch, Verbauwhede: Dude, is my code constant time? (2017). Inputs of two classes come in
random order; the times of each are compared by Welch's t, of all samples and of those below several
quantiles, as a rare interruption would hide a small difference. A leak is one whose |t| is above
4.5 in both halves of the run, with the same sign.
"""

from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["BORDER", "Measured", "measured", "welch"]

BORDER = 4.5
_CROPS = (1.0, 0.95, 0.9, 0.75, 0.5)
_LEAST = 50
_CALLS = 8
"""Calls a sample."""

Times = NDArray[np.float64]


class Measured(NamedTuple):
    """What was found of one path.

    Parameters
    ----------
    samples : int
        Of both classes together.
    first, second : float
        The t, of the crop where it is largest, of either half.
    ns : float
        Time of a call, the median.
    apart_ns, within_ns : float
        Difference of the means of the classes' lower nine tenths, ns a call, second less first;
        and how far the true one may be from it, at 99.9 %.
    """

    samples: int
    first: float
    second: float
    ns: float
    apart_ns: float
    within_ns: float

    @property
    def leaks(self) -> bool:
        """Whether time tells the classes apart."""
        both = min(abs(self.first), abs(self.second)) > BORDER
        return both and self.first * self.second > 0


def welch(one: Times, other: Times) -> float:
    """Return Welch's t, other less one."""
    error = one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other)
    apart = other.mean() - one.mean()
    return float(apart / np.sqrt(error)) if error else float(np.sign(apart) * np.inf) or 0.0


def measured(
    call: Callable[[Any], Any],
    classes: tuple[Callable[[], Any], Callable[[], Any]],
    samples: int,
    rng: np.random.Generator,
) -> Measured:
    """Return how the times of two classes compare.

    Parameters
    ----------
    call : callable
        What is timed, of one input.
    classes : two callables
        Make an input of either class; each makes a new object each time, so that neither is nearer
        in the cache.
    samples : int
        Of both together.
    rng : Generator
    """
    which = rng.integers(0, 2, samples)
    times = np.empty(samples)
    for start in range(0, samples, 1_000):
        part = which[start : start + 1_000]
        inputs = [classes[one]() for one in part]
        times[start : start + len(part)] = _timed(call, inputs)
    kept = slice(samples // 20, None)  # what is first is slow
    times, which = times[kept] / _CALLS, which[kept]
    half = len(times) // 2
    ts = [_largest(times[part], which[part]) for part in (slice(0, half), slice(half, len(times)))]
    one, other = (_lower(times[which == place]) for place in (0, 1))
    error = float(np.sqrt(one.var() / len(one) + other.var() / len(other)))
    apart = float(other.mean() - one.mean())
    return Measured(samples, *ts, float(np.median(times)), apart, 3.29 * error)


def _timed(call: Callable[[Any], Any], inputs: Sequence[Any]) -> list[int]:
    found = []
    for one in inputs:
        began = perf_counter_ns()
        for _ in range(_CALLS):
            call(one)
        found.append(perf_counter_ns() - began)
    return found


def _lower(times: Times) -> Times:
    """Return what is not in the highest tenth."""
    return times[times <= np.quantile(times, 0.9)]


def _largest(times: Times, which: NDArray[np.int64]) -> float:
    """Return the t of the crop in which it is largest."""
    found = []
    for crop in _CROPS:
        below = times <= np.quantile(times, crop)
        one, other = times[below & (which == 0)], times[below & (which == 1)]
        if min(len(one), len(other)) >= _LEAST:
            found.append(welch(one, other))
    return max(found, key=abs)
