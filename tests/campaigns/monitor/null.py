"""Agents that behave: how often the monitor alarms, against what is promised."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from consilience.monitor.monitor import Monitor
from consilience.monitor.rank_terms import count_term, rank_term
from consilience.monitor.settings import monitor_settings
from consilience_hw.spec.monitor_format import MonitorMode
from tests.campaigns.monitor.limits import upper_share
from tests.campaigns.monitor.scores import KINDS, ranks_of

__all__ = ["BETS", "BITS", "NullResult", "simulate"]

BETS = {
    1: ("1/2",),
    2: ("1/4", "1/2"),
    5: ("1/16", "1/8", "1/4", "1/2", "3/4"),
}
BITS = range(2, 11)
_N0 = 100
_RUNS_STEPS = 16_384
_EVER_STEPS = 10_000
_ONE = 65536
_OVER_RUNS = (MonitorMode.RESTART, MonitorMode.CUSUM)
_EVER = (MonitorMode.ONCE, MonitorMode.SPREAD)
_FEWER = 8
"""A mean of runs needs fewer agents than a share of 2**-10."""
_MORE = 16
_AT_ONCE = 5_000
_SIGMAS = 2.326
"""Of the lower 99 % limit of a mean."""


@dataclass(frozen=True)
class NullResult:
    """One kind of scores, one monitor, one threshold.

    Parameters
    ----------
    mode : MonitorMode
    kind : str
        Of the scores.
    components, bits : int
        K, and A in bits.
    trials : int
    alarms : int
        First alarms within the horizon.
    figure, allowed : float
        Restart and cusum: lower 99 % limit of the mean of runs to the first alarm, cut at 16,384,
        and 2**A. Once and spread: upper 99 % limit of the share that alarms within 10,000 runs, and
        2**-A.
    """

    mode: MonitorMode
    kind: str
    components: int
    bits: int
    trials: int
    alarms: int
    figure: float
    allowed: float

    @property
    def pair(self) -> tuple[MonitorMode, int]:
        return self.mode, self.components

    @property
    def holds(self) -> bool:
        if self.allowed > 1:
            return self.figure >= self.allowed
        return self.figure <= self.allowed


def simulate(trials: int, seed: int, say: Callable[[str], None]) -> Iterator[NullResult]:
    """Yield results of all kinds, modes, K and A; `trials` for once and spread, fewer else.

    What so few agents leave open of once and spread is asked again of others, 16 times as many,
    which alone are the result then.
    """
    for kind in KINDS:
        pairs = [(mode, k) for mode in _OVER_RUNS for k in BETS]
        fewer = max(2, trials // _FEWER)
        yield from _sampled(kind, _RUNS_STEPS, fewer, pairs, [seed], say)
        pairs = [(mode, k) for mode in _EVER for k in BETS]
        found = list(_sampled(kind, _EVER_STEPS, trials, pairs, [seed], say))
        open_ = [pair for pair in pairs if not all(one.holds for one in found if one.pair == pair)]
        yield from (one for one in found if one.pair not in open_)
        if open_:
            yield from _sampled(kind, _EVER_STEPS, _MORE * trials, open_, [seed, 1], say)


def _sampled(
    kind: str,
    steps: int,
    count: int,
    pairs: Sequence[tuple[MonitorMode, int]],
    seed: list[int],
    say: Callable[[str], None],
) -> Iterator[NullResult]:
    """Yield the results of one sample of agents."""
    begun = time.perf_counter()
    passages: dict[tuple[MonitorMode, int], list[NDArray[np.int64]]] = {}
    for part in range(-(-count // _AT_ONCE)):
        rng = np.random.default_rng([*seed, KINDS.index(kind), steps, part])
        size = min(_AT_ONCE, count - part * _AT_ONCE)
        ranks = ranks_of(kind, size, steps, rng, _N0)
        for mode, k in pairs:
            passages.setdefault((mode, k), []).append(_passages(ranks, mode, k))
    for (mode, k), parts in passages.items():
        yield from _results(np.concatenate(parts, axis=1), mode, kind, k, steps)
    say(f"{kind}, {steps} runs, {count} agents: {time.perf_counter() - begun:.0f} s")


def _passages(ranks: NDArray[np.int32], mode: MonitorMode, k: int) -> NDArray[np.int64]:
    """Return after how many runs T first reached each threshold, (thresholds, trials); 0: never."""
    steps, trials = ranks.shape
    bets = [Fraction(one) for one in BETS[k]]
    terms = np.array(
        [[rank_term(j, bet) if j else 0 for j in range(_N0 + steps + 1)] for bet in bets], np.int32
    )
    counts = np.array(
        [[count_term(n, bet) if n else 0 for n in range(_N0 + steps + 1)] for bet in bets], np.int32
    )
    mon = Monitor(monitor_settings(k, mode=mode.name.lower(), threshold=1))
    agents = np.arange(trials)
    found = np.zeros((len(BITS), trials), np.int64)
    for step in range(steps):
        increments = terms[:, ranks[step]] + counts[:, _N0 + step + 1, np.newaxis]
        statistic = mon.update(agents, increments.T).statistic
        high = np.flatnonzero(statistic >= BITS[0] * _ONE)
        for row, bits in enumerate(BITS):
            fresh = high[(statistic[high] >= bits * _ONE) & (found[row, high] == 0)]
            found[row, fresh] = step + 1
    return found


def _results(
    passages: NDArray[np.int64], mode: MonitorMode, kind: str, k: int, steps: int
) -> Iterator[NullResult]:
    trials = passages.shape[1]
    for bits, first in zip(BITS, passages, strict=True):
        alarms = int((first > 0).sum())
        if mode in _OVER_RUNS:
            lengths = np.where(first > 0, first, steps)
            error = lengths.std(ddof=1) / np.sqrt(trials)
            figure, allowed = float(lengths.mean() - _SIGMAS * error), float(1 << bits)
        else:
            figure, allowed = upper_share(alarms, trials), 2.0**-bits
        yield NullResult(mode, kind, k, bits, trials, alarms, figure, allowed)
