"""Times of several ways to do one thing, taken in rounds, and their statistics."""

import math
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.stats import chi2

__all__ = ["Contender", "Effort", "Ratio", "Spread", "Timing", "contest", "repeated", "speed_ratio"]

Name = TypeVar("Name", bound=Hashable)
Result = TypeVar("Result")

LONG = 0.1
"""Seconds: a contender whose call takes longer is long, and may have fewer runs."""
_TICK = 1e-8
"""Shortest time of a call, in seconds, below which the clock is not trusted."""
_LARGEST_COEFFICIENT = 1 / 3
"""Coefficient of variation above which the approximation of its limit is unreliable."""


@dataclass(frozen=True)
class Spread:
    """Statistics of independent samples, in their unit.

    Parameters
    ----------
    runs : int
        Number of samples.
    median, lower_quartile, upper_quartile, least : float
    variation : float or None
        Coefficient of variation: standard deviation (n - 1) by mean; None for one sample.
    variation_limit : float or None
        Its 95 % upper limit, see `coefficient_limit`.
    """

    runs: int
    median: float
    lower_quartile: float
    upper_quartile: float
    least: float
    variation: float | None
    variation_limit: float | None

    @property
    def interquartile_range(self) -> float:
        """Upper less lower quartile: the width of the middle half of the samples."""
        return self.upper_quartile - self.lower_quartile

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Spread":
        """Return the statistics of positive samples; ValueError if there is none."""
        if not samples:
            raise ValueError("no samples: there is nothing to say of their spread")
        runs = len(samples)
        lower, median, upper = (float(q) for q in np.percentile(samples, [25, 50, 75]))
        variation = limit = None
        if runs > 1:
            variation = float(np.std(samples, ddof=1) / np.mean(samples))
            limit = coefficient_limit(variation, runs)
        return cls(runs, median, lower, upper, float(min(samples)), variation, limit)


def coefficient_limit(variation: float, runs: int, confidence: float = 0.95) -> float | None:
    """Return the one-sided upper limit of a coefficient of variation; None if it is above 1/3.

    Vangel's modification of McKay's approximation (The American Statistician 50 (1996), 21-26),
    for `runs` >= 2 samples of a normal distribution, whose coefficient is `variation` = K::

        K / sqrt(((u + 2) / n - 1) K**2 + u / (n - 1)),   u = 5 % quantile of chi2 with n - 1
    """
    if variation > _LARGEST_COEFFICIENT:
        return None
    freedom = runs - 1
    quantile = float(chi2.ppf(1 - confidence, freedom))
    square = ((quantile + 2) / runs - 1) * variation**2 + quantile / freedom
    return float(variation / square**0.5)


@dataclass(frozen=True)
class Ratio:
    """How many times faster one way is than another, from samples taken side by side.

    Parameters
    ----------
    median : float
        Median of the other way's seconds by that of its own, over the rounds of both.
    lower_quartile, upper_quartile : float
        Quartiles of the ratios within each such round.
    rounds : int
        Number of these rounds.
    """

    median: float
    lower_quartile: float
    upper_quartile: float
    rounds: int

    @classmethod
    def of(cls, own: Sequence[float], other: Sequence[float]) -> "Ratio":
        """Return the ratio of paired samples: entry k of both is from one round."""
        if len(own) != len(other) or not own:
            raise ValueError(f"{len(own)} and {len(other)} samples are no pairs")
        lower, upper = np.percentile(np.asarray(other) / np.asarray(own), [25, 75])
        median = float(np.median(other) / np.median(own))
        return cls(median, float(lower), float(upper), len(own))


class Contender(NamedTuple):
    """A call without arguments, and the number of elements that it handles."""

    action: Callable[[], object]
    elements: int


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Parameters
    ----------
    runs, fewest : int
        Samples of each contender that is not long; least samples of a long one.
    seconds : float
        Time limit of a contest, if `fewest` allows it.
    sample : float
        Least seconds of a sample; shorter calls are repeated within it. On a busy machine a sample
        shorter than the system's time slices escapes the delays of all others.
    """

    runs: int
    fewest: int
    seconds: float
    sample: float


@dataclass(frozen=True)
class Timing:
    """Samples of one contender.

    Parameters
    ----------
    elements, calls : int
        Elements of a call, and calls of a sample.
    rounds, samples : tuple of int, tuple of float
        Round of each sample, and its seconds by its calls.
    """

    elements: int
    calls: int
    rounds: tuple[int, ...]
    samples: tuple[float, ...]

    @property
    def spread(self) -> Spread:
        """Statistics of the seconds of a call."""
        return Spread.of(self.samples)

    @property
    def nanoseconds(self) -> float:
        """Median time per element in ns."""
        return self.spread.median / self.elements * 1e9


def contest(
    contenders: Mapping[Name, Contender],
    effort: Effort,
    advance: Callable[[float], None] = lambda _: None,
) -> dict[Name, Timing]:
    """Time all contenders in turn, round after round, so that a disturbance hits all of them.

    As a warm-up a long contender is called once and any other twice, after all compiling. Every
    second round goes backwards, so that none profits from its place. Long contenders take part in
    as many rounds as the effort allows, evenly spread.

    Parameters
    ----------
    contenders : mapping of names to Contender
    effort : Effort
    advance : callable
        Called after every round with the finished part of the contest, 0 to 1.
    """
    once = {name: _warmed_up(contender) for name, contender in contenders.items()}
    calls = {name: max(1, math.ceil(effort.sample / max(once[name], _TICK))) for name in contenders}
    rounds = _rounds(once, effort)
    samples: dict[Name, list[float]] = {name: [] for name in contenders}
    for number in range(effort.runs):
        names = list(contenders)
        for name in reversed(names) if number % 2 else names:
            if number in rounds[name]:
                seconds = _seconds(contenders[name].action, calls[name])
                samples[name].append(seconds / calls[name])
        advance((number + 1) / effort.runs)
    return {
        name: Timing(contender.elements, calls[name], tuple(rounds[name]), tuple(samples[name]))
        for name, contender in contenders.items()
    }


def repeated(
    action: Callable[[], Result],
    elements: int,
    runs: int,
    clock: Callable[[], float] | None = None,
) -> tuple[Timing, Result]:
    """Time `runs` calls without a warm-up, by the wall clock by default; return the last result."""
    now = clock or time.perf_counter
    samples = []
    for _ in range(runs):
        start = now()
        result = action()
        samples.append(now() - start)
    return Timing(elements, 1, tuple(range(runs)), tuple(samples)), result


def speed_ratio(own: Timing, other: Timing) -> Ratio:
    """Return how many times faster `own` is than `other`, per call, over the rounds of both."""
    ours, theirs = (dict(zip(one.rounds, one.samples, strict=True)) for one in (own, other))
    both = [number for number in ours if number in theirs]
    return Ratio.of([ours[number] for number in both], [theirs[number] for number in both])


def _warmed_up(contender: Contender) -> float:
    """Return the seconds of the first call, or of the second if the first was short."""
    seconds = _seconds(contender.action, 1)
    return seconds if seconds > LONG else _seconds(contender.action, 1)


def _seconds(action: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        action()
    return time.perf_counter() - start


def _rounds(once: Mapping[Name, float], effort: Effort) -> dict[Name, list[int]]:
    """Return the rounds in which each contender takes part, given the seconds of one call."""
    short = sum(max(seconds, effort.sample) for seconds in once.values() if seconds <= LONG)
    long = sum(seconds for seconds in once.values() if seconds > LONG)
    runs = effort.runs
    if long:
        left = effort.seconds - effort.runs * short
        runs = min(effort.runs, max(effort.fewest, int(left / long)))
    spread = [number * effort.runs // runs for number in range(runs)]
    return {
        name: spread if seconds > LONG else list(range(effort.runs))
        for name, seconds in once.items()
    }
