"""Timing of several ways to do one thing, in rounds, so that what disturbs one disturbs all."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from consilience_tools.benchmark.spread import Ratio, Spread

__all__ = ["Contender", "Effort", "Timing", "contest", "repeated", "speed_ratio"]

LONG = 0.1
"""Seconds of one call above which a contender is long, and may have fewer runs."""
_TICK = 1e-8
"""Seconds that a call is taken to last at least."""


class Contender(NamedTuple):
    """What is called, without arguments, and how many elements a call handles."""

    action: Callable[[], object]
    elements: int


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Parameters
    ----------
    runs : int
        Samples of each contender that is not long, and most of a long one.
    fewest : int
        Least samples of a long one.
    seconds : float
        What a contest may take, if `fewest` allows it.
    sample : float
        Least seconds of a sample; shorter calls are repeated within it. On a busy machine a sample
        that is shorter than the system's time slices escapes what all others suffer, and compares
        well for no merit of its own.
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
    elements : int
        Handled by a call.
    calls : int
        Within a sample.
    rounds : tuple of int
        In which each sample was taken.
    samples : tuple of float
        Seconds of a call, wall clock: a sample by its calls.
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
    contenders: Mapping[str, Contender],
    effort: Effort,
    advance: Callable[[float], None] = lambda _: None,
) -> dict[str, Timing]:
    """Time all contenders in turn, round after round.

    Each is called before, so that caches are warm: once, or twice if it is short. Whatever compiles
    at its first call has to have done so. Every second round goes backwards, so that none profits
    from its place. Long contenders take part in as many rounds as the effort allows, evenly spread.

    Parameters
    ----------
    contenders : mapping of str to Contender
    effort : Effort
    advance : callable
        Told after every round which part of the contest is done, 0 to 1.
    """
    once = {name: _warmed_up(contender) for name, contender in contenders.items()}
    calls = {name: max(1, math.ceil(effort.sample / max(once[name], _TICK))) for name in contenders}
    takes_part = _rounds_of(once, effort)
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(effort.runs):
        names = list(contenders)
        for name in reversed(names) if number % 2 else names:
            if number in takes_part[name]:
                seconds = _seconds(contenders[name].action, calls[name])
                samples[name].append(seconds / calls[name])
        advance((number + 1) / effort.runs)
    return {
        name: Timing(contender.elements, calls[name], tuple(takes_part[name]), tuple(samples[name]))
        for name, contender in contenders.items()
    }


def repeated(action: Callable[[], object], elements: int, runs: int) -> Timing:
    """Time one action `runs` times, without calling it before."""
    samples = tuple(_seconds(action, 1) for _ in range(runs))
    return Timing(elements, 1, tuple(range(runs)), samples)


def speed_ratio(own: Timing, other: Timing) -> Ratio:
    """Return how many times faster `own` is than `other`, per call, over the rounds of both."""
    both = set(own.rounds) & set(other.rounds)
    return Ratio.of(_samples_of(own, both), _samples_of(other, both))


def _samples_of(timing: Timing, rounds: set[int]) -> list[float]:
    pairs = zip(timing.rounds, timing.samples, strict=True)
    return [seconds for number, seconds in pairs if number in rounds]


def _warmed_up(contender: Contender) -> float:
    """Return the seconds of the first call, or of the second if the first was short."""
    seconds = _seconds(contender.action, 1)
    return seconds if seconds > LONG else _seconds(contender.action, 1)


def _seconds(action: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        action()
    return time.perf_counter() - start


def _rounds_of(once: Mapping[str, float], effort: Effort) -> dict[str, list[int]]:
    """Return the rounds in which each contender takes part, given the seconds of one call."""
    short = sum(max(seconds, effort.sample) for seconds in once.values() if seconds <= LONG)
    long = sum(seconds for seconds in once.values() if seconds > LONG)
    left = effort.seconds - effort.runs * short
    runs = effort.runs
    if long:
        runs = min(effort.runs, max(effort.fewest, int(left / long)))
    spread = [number * effort.runs // runs for number in range(runs)]
    return {
        name: spread if seconds > LONG else list(range(effort.runs))
        for name, seconds in once.items()
    }
