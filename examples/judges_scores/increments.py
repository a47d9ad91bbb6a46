"""Ours, as the monitor has them: increments of a single run, against the threshold of a level.

These are e-values, made to be multiplied over many runs. That one alone reaches 1 / level takes
more than a p-value of that level; the comparison shows what that costs.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience.models.run import Run
from consilience.models.score_model import ScoreModel
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.rank_terms import checked_kappas, count_term, rank_term
from consilience.monitor.ranks_settings import DEFAULT_KAPPAS
from consilience.numbers.arrays import Codes
from consilience.numbers.convert import to_codes
from consilience.traces.steps import Step

from .judged_runs import ONE, JudgedRun
from .ranked import Ranking
from .suspicion import DOUBT
from .verdicts import Method, Verdicts, first_alarms, nothing

__all__ = ["CONFORMAL", "FROZEN", "ISOTONIC", "LEAST_FROZEN"]

LEAST_FROZEN = 1000
"""Solved runs that a frozen table needs."""
EDGES = tuple(range(ONE // 8, 8 * ONE + 1, ONE // 8))
"""Of the table's bins: eighths of doubt, up to 8; fixed beforehand."""
_KAPPAS = checked_kappas(DEFAULT_KAPPAS)


def _running(runs: Sequence[JudgedRun]) -> list[NDArray[np.int64]]:
    return [DOUBT.running(run.codes) for run in runs]


def _alarms(
    runs: Sequence[JudgedRun],
    increments: Codes,
    levels: Sequence[Fraction],
    source: str,
    *,
    commit: bool,
) -> NDArray[np.int64]:
    """Return the first alarms of a monitor of probability `level`, an agent for each run.

    Parameters
    ----------
    runs : sequence of JudgedRun
    increments : (steps of all runs, K) int32
    levels : sequence of Fraction
    source : str
    commit : bool
        Each step's increment is one more; else it stands for the run so far.
    """
    steps = [len(run.codes) for run in runs]
    agents = np.repeat([run.name for run in runs], steps)
    alarmed = np.zeros((len(agents), len(levels)), np.bool_)
    with cs.open("cpu") as device:
        for place, level in enumerate(levels):
            with device.monitor(
                increments.shape[1], mode="once", false_alarm=level, source=source
            ) as monitor:
                alarmed[monitor.update(agents, increments, commit=commit).alarms, place] = True
    return first_alarms(np.split(alarmed, np.cumsum(steps)[:-1]))


def _most(increment: Sequence[int]) -> float:
    """Return the e-value of increments, one a bet with equal shares."""
    return math.fsum(2.0 ** (code / ONE) for code in increment) / len(increment)


def _conformal(
    train: Sequence[JudgedRun], runs: Sequence[JudgedRun], levels: Sequence[Fraction], seed: int
) -> Verdicts:
    good = [int(one[-1]) for one in _running([run for run in train if run.solved])]
    ranking = Ranking(good, seed)
    terms = [count_term(ranking.ranks, kappa) for kappa in _KAPPAS]
    highest = _most(terms)
    found = [
        [
            rank_term(ranking.rank(run.name, int(one)), kappa) + term
            for kappa, term in zip(_KAPPAS, terms, strict=True)
        ]
        for run, running in zip(runs, _running(runs), strict=True)
        for one in running
    ]
    first = _alarms(runs, np.array(found, np.int32), levels, "conformal", commit=False)
    lacking = tuple(
        f"one run brings e = {highest:.1f} at most with {len(good)} solved runs; 1 / level is "
        f"{float(1 / level):g}"
        if highest < 1 / level
        else None
        for level in levels
    )
    return Verdicts(first, lacking)


def _frozen(
    train: Sequence[JudgedRun], runs: Sequence[JudgedRun], levels: Sequence[Fraction], seed: int
) -> Verdicts:
    good = [int(one[-1]) for one in _running([run for run in train if run.solved])]
    if len(good) < LEAST_FROZEN:
        why = f"{len(good)} solved runs; a table needs {LEAST_FROZEN:,}"
        return nothing(len(runs), [why] * len(levels))
    table = FrozenTable.fit_scores(good, EDGES)
    found = table.increments(table.bins(np.concatenate(_running(runs))))
    highest = max(_most(row) for row in table.codes.tolist())
    lacking = tuple(
        f"one run brings e = {highest:.1f} at most; 1 / level is {float(1 / level):g}"
        if highest < 1 / level
        else None
        for level in levels
    )
    return Verdicts(_alarms(runs, found, levels, "frozen", commit=False), lacking)


def _as_run(run: JudgedRun) -> Run:
    """Return a run whose steps have its suspicion so far as scores."""
    steps = tuple(Step("step", score=one / ONE) for one in DOUBT.running(run.codes).tolist())
    return Run(run.name, run.name, steps)


def _isotonic(
    train: Sequence[JudgedRun], runs: Sequence[JudgedRun], levels: Sequence[Fraction], seed: int
) -> Verdicts:
    labels = ("solved", "unsolved")
    model = ScoreModel.fit(
        [_as_run(run) for run in train], [int(not run.solved) for run in train], labels
    )
    ratios = []
    for run in runs:
        nats = model.score(_as_run(run)).nats
        assert nats is not None  # it has labels
        ratios.append(nats[:-1, 1] - nats[:-1, 0])  # the end is no step
    found = to_codes(np.concatenate(ratios), rounding="down")[:, None]
    return Verdicts(_alarms(runs, found, levels, "asserted", commit=True), (None,) * len(levels))


CONFORMAL = Method(
    f"conformal increment of one run, bets {' and '.join(map(str, DEFAULT_KAPPAS))}",
    "as the rank; the increments of later runs multiply",
    _conformal,
)
FROZEN = Method(
    "frozen increment of one run",
    "of solved runs at most this share is ever flagged, with probability 0.99 over the calibration "
    "runs; needs: solved runs independent, of one distribution",
    _frozen,
)
ISOTONIC = Method(
    "`scores` model, isotonic likelihood ratio",
    "of solved runs at most this share is ever flagged, if the fitted rates are the true ones; "
    "they are estimates",
    _isotonic,
)
