"""A fleet read once: how many of those named behave, and that the right ones are named (e-BH)."""

from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from consilience.monitor.monitor import Monitor
from consilience.monitor.rank_terms import count_term, rank_term
from consilience.validate.bench import CPU, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience.validate.statistics import student_quantile
from consilience_sim.golden.promises import least_code

__all__ = ["claims"]

_SEED = 127
_ALPHA = Fraction(1, 100)
_KAPPAS = (Fraction(1, 4), Fraction(1, 2))
_N0, _JUDGED, _BAD = 100, 40, 10
_ONE_IN = 100
_SMALL = 50
"""Agents of the fleet that is judged again: the golden model works with whole powers."""


def claims() -> list[Claim]:
    """Return the claims of a fleet."""
    return [
        Claim(
            "promise.fleet.false-share",
            "of the agents that a reading of the fleet names, the expected share that behave is at "
            "most alpha (M6)",
            _false_share,
            10.0,
        ),
        Claim(
            "promise.fleet.exact",
            "a reading names exactly those agents that e-BH names, worked out in whole powers",
            _exact,
            5.0,
        ),
    ]


def _false_share(bench: Bench) -> Finding:
    fleets, agents = bench.of_scale(20, 60, 100), bench.of_scale(5_000, 20_000, 300_000)
    shares: list[float] = []
    named, bad = 0, agents // _ONE_IN
    for fleet in bench.steps(fleets):
        found = _watched(bench, agents, bad, [_SEED, fleet]).fleet(_ALPHA)
        behave = sum(int(str(agent)) >= bad for agent in found)
        shares.append(behave / max(1, len(found)))
        named += len(found) - behave
    mean = float(np.mean(shares))
    error = float(np.std(shares, ddof=1)) / fleets**0.5
    high = mean + student_quantile(0.99, fleets - 1) * error
    return Finding(
        f"{fleets} fleets of {agents:,} agents, 1 in {_ONE_IN} bad in its last {_BAD} of {_JUDGED} "
        f"judged runs, alpha 1/100 (seed {_SEED})",
        fleets,
        int(high > _ALPHA) + int(named == 0),
        worst=f"mean false share {mean:.5f}, at most {high:.5f}; {named / (fleets * bad):.1%} of "
        "the bad ones are named",
        bound="the upper limit at most 0.01, and some are named",
        interval="99 %, one-sided, Student's t of the fleets' shares",
    )


def _exact(bench: Bench) -> Finding:
    wrong = judged = found = 0
    for fleet in bench.steps(bench.of_scale(5, 50, 500)):
        agents, bad = _SMALL, _SMALL // 5
        monitor = _watched(bench, agents, bad, [_SEED, 1, fleet])
        named = set(monitor.fleet(_ALPHA))
        # T of `restart` counts less log2 m, rounded up; m is the same for all here.
        values = [monitor.statistic(agent) - _OBSERVED for agent in range(agents)]
        falling = sorted(values, reverse=True)
        fits = [one for k, one in enumerate(falling, 1) if one >= _border(agents, k)]
        border = fits[-1] if fits else None
        right = {place for place, one in enumerate(values) if border is not None and one >= border}
        wrong += len(named ^ right)
        judged += agents
        found += len(right)
    return Finding(
        f"{judged:,} agents of fleets of {_SMALL}, 1 in 5 bad, alpha 1/100 (seed {_SEED})",
        judged,
        wrong + (found == 0),
        worst=f"{wrong} are named or not against the definition, of {found} to be named",
        bound="0, and some are to be named",
    )


def _watched(bench: Bench, agents: int, bad: int, seed: list[int]) -> Monitor:
    """Return a monitor of a fleet whose first agents have high scores in their last runs."""
    rng, names = np.random.default_rng(seed), np.arange(agents)
    monitor = bench.device(CPU).monitor(len(_KAPPAS), arl=2, enrolled=agents)
    ranks, counts = _terms()
    for run in range(1, _JUDGED + 1):
        # Of scores without ties the rank among the past ones is uniform, and independent of others.
        rank = rng.integers(1, _N0 + run + 1, agents)
        if run > _JUDGED - _BAD:
            rank[:bad] = 1 + rank[:bad] // 16
        increments = ranks[rank] + counts[_N0 + run]
        monitor.update(names, increments.astype(np.int32))
    return monitor


@cache
def _border(enrolled: int, k: int) -> int:
    """Return c_k: the least code with ``2**(c / 65536) * k * alpha`` at least N."""
    return least_code(Fraction(enrolled, k) / _ALPHA)


@cache
def _terms() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return both terms of increments, by rank and by number of ranks, (n, bets)."""
    most = _N0 + _JUDGED + 1
    ranks = [[rank_term(max(one, 1), kappa) for kappa in _KAPPAS] for one in range(most)]
    counts = [[count_term(max(one, 1), kappa) for kappa in _KAPPAS] for one in range(most)]
    return np.array(ranks, np.int64), np.array(counts, np.int64)


_OBSERVED = least_code(Fraction(_JUDGED))
