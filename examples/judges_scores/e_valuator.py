"""The package e-valuator 1.0.0 (Sadhuka et al., arXiv 2512.03109), as it is, in its three modes.

For each step it fits a logistic regression of the outcome on all scores so far. Its odds, over
those of all runs, stand for the density ratio of unsolved to solved runs, and alarm above a
threshold.
"""

import warnings
from collections.abc import Sequence
from fractions import Fraction
from math import ceil, log

import numpy as np
import pandas as pd
from evaluator import EValuator
from numpy.typing import NDArray

from .judged_runs import ONE, JudgedRun
from .ranked import Ranking, divided, judged_by_rank
from .verdicts import Method, Verdicts, first_alarms, nothing

__all__ = ["MODES", "RATIO_RANKED", "as_table", "mode_method", "ratios"]

MODES = {
    "PAC": "of solved runs at most 0.9 level are ever flagged, with probability 1 - 0.1 level over "
    "the calibration half, so at most level in all; needs: solved runs independent, of one "
    "distribution",
    "Ville": "of solved runs at most this share is ever flagged, if the density ratios are the "
    "true ones; they are estimates",
    "RandVille": "as Ville; the last step alarms above U / level, so which step is the last must "
    "be known when it is judged",
}
"""What each mode promises."""
_ALPHA, _DELTA = 0.9, 0.1


def as_table(runs: Sequence[JudgedRun]) -> pd.DataFrame:
    """Return runs as the package takes them, with the series that its helper makes."""
    rows = [
        (run.name, step, score, int(run.solved), list(run.scores[:step]))
        for run in runs
        for step, score in enumerate(run.scores, 1)
    ]
    names = ["uq_problem_idx", "num_steps", "judge_probability", "solved"]
    return pd.DataFrame(rows, columns=[*names, "judge_probability_series"])


def _fitted(
    mode: str, train: Sequence[JudgedRun], levels: Sequence[Fraction], seed: int
) -> EValuator | str:
    """Return the package's evaluator; in words why it refuses to be fitted."""
    made = EValuator(mt_variant=mode, alphas=[float(one) for one in levels], random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # infinite thresholds; `_lacking` tells
        try:
            made.fit(as_table(train))
        except AssertionError as error:
            return f"the package refuses: {error}"
    return made


def _lacking(made: EValuator, level: Fraction) -> str | None:
    if not np.isinf(made.thresholds[float(level)]):
        return None
    least = ceil(log(_DELTA * level) / log(1 - _ALPHA * level))
    return f"its threshold is infinite; {least} solved runs in half of the training runs are needed"


def mode_method(mode: str) -> Method:
    """Return one mode of the package, with its defaults."""

    def judge(
        train: Sequence[JudgedRun],
        runs: Sequence[JudgedRun],
        levels: Sequence[Fraction],
        seed: int,
    ) -> Verdicts:
        made = _fitted(mode, train, levels, seed)
        if isinstance(made, str):
            return nothing(len(runs), [made] * len(levels))
        table = made.apply(as_table(runs))
        columns = [f"reject_{mode}_alpha_{float(one)}".replace(".", "_") for one in levels]
        alarms = table[columns].to_numpy(np.bool_)
        ends = np.cumsum([len(run.scores) for run in runs])
        first = first_alarms(np.split(alarms, ends[:-1]))
        return Verdicts(first, tuple(_lacking(made, level) for level in levels))

    return Method(f"e-valuator, {mode}", MODES[mode], judge)


def ratios(made: EValuator, runs: Sequence[JudgedRun]) -> list[NDArray[np.int64]]:
    """Return the highest of the package's ratios so far, ``floor(65536 log2 ratio)``."""
    values = made.apply(as_table(runs), compute_rejects=False)["Ville_e_val"].to_numpy()
    codes = np.floor(np.log2(values) * ONE).astype(np.int64)
    ends = np.cumsum([len(run.scores) for run in runs])
    return [np.maximum.accumulate(one) for one in np.split(codes, ends[:-1])]


def _ranked(
    train: Sequence[JudgedRun], runs: Sequence[JudgedRun], levels: Sequence[Fraction], seed: int
) -> Verdicts:
    fit, calibration = divided(train, Fraction(1, 2), seed)
    made = _fitted("Ville", fit, levels, seed)
    if isinstance(made, str):
        return nothing(len(runs), [made] * len(levels))
    good = [int(one[-1]) for one in ratios(made, calibration)]
    names = [run.name for run in runs]
    return judged_by_rank(Ranking(good, seed), names, ratios(made, runs), levels)


RATIO_RANKED = Method(
    "conformal rank: e-valuator's ratio",
    "as the other ranks: half of the solved training runs calibrate",
    _ranked,
)
"""Theirs to say how suspect a run is, ours to say what that promises."""
