"""Each run judged by methods that have not seen it, several times; and how far that can be told."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from .e_valuator import MODES, RATIO_RANKED, mode_method
from .increments import CONFORMAL, FROZEN, ISOTONIC
from .judged_runs import JudgedRun
from .ranked import chosen_method, rank_method
from .suspicion import DOUBT, LOWEST
from .verdicts import Method

__all__ = ["METHODS", "Cell", "Share", "compared", "folds_of", "shares", "verdicts_of"]

METHODS = (
    rank_method(LOWEST),
    rank_method(DOUBT),
    chosen_method(),
    RATIO_RANKED,
    CONFORMAL,
    FROZEN,
    ISOTONIC,
    *(mode_method(mode) for mode in MODES),
)
_TAIL = 0.025
_DRAWS = 2000
_BOOTSTRAP_SEED = 7


class Share(NamedTuple):
    """A share with its 95 % limits."""

    share: float
    low: float
    high: float


class Cell(NamedTuple):
    """What a method does at a level.

    Parameters
    ----------
    method : str
    level : Fraction
    false : Share
        Solved runs that are flagged.
    found : Share
        Unsolved ones.
    saved : Share
        Of the steps of unsolved runs those after the alarm.
    lacking : str or None
        Why no alarm can come, of the first fold where that is so.
    lacking_folds : Fraction
        Share of folds where none can come.
    """

    method: str
    level: Fraction
    false: Share
    found: Share
    saved: Share
    lacking: str | None
    lacking_folds: Fraction


def folds_of(runs: Sequence[JudgedRun], folds: int, seed: int) -> NDArray[np.int64]:
    """Return a fold for each run: solved and unsolved ones dealt out in a random order."""
    draw = np.random.default_rng([seed, folds])
    found = np.zeros(len(runs), np.int64)
    dealt = 0
    for solved in (True, False):
        places = [place for place, run in enumerate(runs) if run.solved == solved]
        found[draw.permutation(places)] = (np.arange(len(places)) + dealt) % folds
        dealt += len(places)
    return found


class Told(NamedTuple):
    """What all methods said of all runs.

    Parameters
    ----------
    first : (methods, seeds, runs, levels) int64
        The step of the first alarm, 0: none.
    lacking : list of list of list of (str or None)
        By method and level, of every fold of every seed.
    """

    first: NDArray[np.int64]
    lacking: list[list[list[str | None]]]


def verdicts_of(
    runs: Sequence[JudgedRun],
    methods: Sequence[Method],
    levels: Sequence[Fraction],
    seeds: int,
    folds: int,
    tick: Callable[[], None] = lambda: None,
) -> Told:
    """Judge each run once a seed, by training runs of the other folds alone.

    Parameters
    ----------
    tick : callable
        Called after each fold.
    """
    first = np.zeros((len(methods), seeds, len(runs), len(levels)), np.int64)
    lacking: list[list[list[str | None]]] = [[[] for _ in levels] for _ in methods]
    for seed in range(seeds):
        fold = folds_of(runs, folds, seed)
        for one in range(folds):
            train = [run for run, its in zip(runs, fold, strict=True) if its != one]
            test = np.flatnonzero(fold == one)
            for place, method in enumerate(methods):
                said = method.judge(train, [runs[i] for i in test.tolist()], levels, seed)
                first[place, seed, test] = said.first
                for level, why in enumerate(said.lacking):
                    lacking[place][level].append(why)
            tick()
    return Told(first, lacking)


def shares(flagged: NDArray[np.bool_]) -> Share:
    """Return the share of runs that are flagged, of flags (seeds, runs).

    The limits are those of Clopper and Pearson for the mean count over seeds among the runs: seeds
    judge the same runs again, and add none.
    """
    runs = flagged.shape[1]
    count = float(flagged.mean(axis=0).sum())
    low = float(beta.ppf(_TAIL, count, runs - count + 1)) if count > 0 else 0.0
    high = float(beta.ppf(1 - _TAIL, count + 1, runs - count)) if count < runs else 1.0
    return Share(count / runs, low, high)


def _saved(first: NDArray[np.int64], steps: NDArray[np.int64]) -> Share:
    """Return the share of steps after the alarm; limits by drawing runs again."""
    after = np.where(first > 0, steps - first, 0).mean(axis=0)
    draw = np.random.default_rng(_BOOTSTRAP_SEED)
    chosen = draw.integers(len(steps), size=(_DRAWS, len(steps)))
    again = after[chosen].sum(axis=1) / steps[chosen].sum(axis=1)
    low, high = np.quantile(again, [_TAIL, 1 - _TAIL])
    return Share(float(after.sum() / steps.sum()), float(low), float(high))


def compared(
    runs: Sequence[JudgedRun], methods: Sequence[Method], levels: Sequence[Fraction], told: Told
) -> list[Cell]:
    """Return what each method does at each level."""
    solved = np.array([run.solved for run in runs])
    steps = np.array([len(run.codes) for run in runs])
    cells = []
    for place, level in enumerate(levels):
        for method, first, reasons in zip(
            methods, told.first[..., place], told.lacking, strict=True
        ):
            whys = [why for why in reasons[place] if why is not None]
            cells.append(
                Cell(
                    method.name,
                    level,
                    shares(first[:, solved] > 0),
                    shares(first[:, ~solved] > 0),
                    _saved(first[:, ~solved], steps[~solved]),
                    whys[0] if whys else None,
                    Fraction(len(whys), len(reasons[place])),
                )
            )
    return cells
