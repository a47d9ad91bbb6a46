"""Ours, of single runs: the conformal rank of a run's suspicion among those of solved runs.

A run alarms at a level as soon as its rank j of N is at most level * N, as `consilience monitor
--run-alpha` has it. The suspicion never falls and the tie is broken by one chance for the whole
run, so j never rises: a run alarms at all only if its last rank does. That of a solved run is
uniform on 1 .. N.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import floor

import numpy as np

from consilience.monitor.past_scores import PastScores
from consilience.monitor.tie_chance import TieChance

from .judged_runs import JudgedRun
from .suspicion import STATISTICS, Integers, Statistic
from .verdicts import Method, Verdicts, first_alarms

__all__ = ["Ranking", "chosen_method", "divided", "judged_by_rank", "rank_method"]

_EXACT = (
    "of solved runs at most this share is ever flagged, over calibration runs, new runs and ties "
    "(exactly floor(level N) / N); needs: solved runs exchangeable"
)


class Ranking:
    """Suspicion of calibration runs, and the rank of another run among them.

    Parameters
    ----------
    suspicion : iterable of int
        At the end of each calibration run.
    seed : int
        Breaks ties.
    """

    def __init__(self, suspicion: Iterable[int], seed: int) -> None:
        self._past, self._chance = PastScores(), TieChance(seed)
        for one in suspicion:
            self._past.add(int(one))

    @property
    def ranks(self) -> int:
        """N, the calibration runs and the new one."""
        return self._past.total + 1

    def rank(self, name: str, suspicion: int) -> int:
        """Return j, 1 the most suspect, of a run so far; a run's chance is that of its name."""
        above, at = self._past.above_and_at(suspicion)
        return 1 + above + (self._chance.of(name, self._past.total) * (1 + at) >> 64)


def judged_by_rank(
    ranking: Ranking,
    names: Sequence[str],
    suspicion: Sequence[Integers],
    levels: Sequence[Fraction],
) -> Verdicts:
    """Return when runs alarm by their ranks.

    Parameters
    ----------
    ranking : Ranking
    names : sequence of str
    suspicion : sequence of (steps,) int64
        Of each run, after each step; it never falls.
    levels : sequence of Fraction
    """
    count = ranking.ranks
    most = np.array([floor(level * count) for level in levels])
    found = []
    for name, running in zip(names, suspicion, strict=True):
        ranks = np.array([ranking.rank(name, int(one)) for one in running])
        found.append(ranks[:, None] <= most)
    lacking = tuple(
        None if allowed else f"{count - 1} solved runs calibrate; {-(-1 // level) - 1} are needed"
        for allowed, level in zip(most.tolist(), levels, strict=True)
    )
    return Verdicts(first_alarms(found), lacking)


def rank_method(statistic: Statistic) -> Method:
    """Return the method of one statistic: all solved training runs calibrate."""

    def judge(
        train: Sequence[JudgedRun],
        runs: Sequence[JudgedRun],
        levels: Sequence[Fraction],
        seed: int,
    ) -> Verdicts:
        good = (int(statistic.running(run.codes)[-1]) for run in train if run.solved)
        suspicion = [statistic.running(run.codes) for run in runs]
        return judged_by_rank(Ranking(good, seed), [run.name for run in runs], suspicion, levels)

    return Method(f"conformal rank: {statistic.name}", _EXACT, judge)


def divided(
    train: Sequence[JudgedRun], share: Fraction, seed: int
) -> tuple[list[JudgedRun], list[JudgedRun]]:
    """Return training runs to fit with, and solved ones to calibrate with.

    Unsolved runs all fit, and a share of the solved ones, drawn by the seed.
    """
    solved = [run for run in train if run.solved]
    order = np.random.default_rng([seed, len(solved)]).permutation(len(solved))
    fitting = set(order[: floor(share * len(solved))].tolist())
    first = [run for run in train if not run.solved]
    first += [run for place, run in enumerate(solved) if place in fitting]
    return first, [run for place, run in enumerate(solved) if place not in fitting]


def _merit(
    statistic: Statistic, runs: Sequence[JudgedRun], levels: Sequence[Fraction]
) -> tuple[float, float]:
    """Return the share of unsolved runs found, and of their steps saved, over levels.

    As many solved runs are above the threshold of a level as it allows.
    """
    running = [statistic.running(run.codes) for run in runs]
    solved = np.array([run.solved for run in runs])
    ends = np.sort([one[-1] for one, good in zip(running, solved, strict=True) if good])
    bad = [one for one, good in zip(running, solved, strict=True) if not good]
    found = saved = 0
    for level in levels:
        allowed = floor(level * (len(ends) + 1))
        above = [one > ends[-1 - min(allowed, len(ends) - 1)] for one in bad]
        found += sum(bool(one[-1]) for one in above)
        saved += sum(max(int(one.sum()) - 1, 0) for one in above)
    return found / len(bad), saved / sum(map(len, bad))


def chosen_method(share: Fraction = Fraction(1, 3)) -> Method:
    """Return the method that chooses its statistic with a share of the training runs.

    The other solved ones calibrate: the choice has not seen them, so that the promise is exact.
    """

    def judge(
        train: Sequence[JudgedRun],
        runs: Sequence[JudgedRun],
        levels: Sequence[Fraction],
        seed: int,
    ) -> Verdicts:
        fit, calibration = divided(train, share, seed)
        best = max(STATISTICS, key=lambda one: _merit(one, fit, levels))
        good = (int(best.running(run.codes)[-1]) for run in calibration)
        suspicion = [best.running(run.codes) for run in runs]
        return judged_by_rank(Ranking(good, seed), [run.name for run in runs], suspicion, levels)

    return Method("conformal rank: statistic chosen in training", _EXACT, judge)
