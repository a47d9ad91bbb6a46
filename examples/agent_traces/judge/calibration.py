"""From weighed sums to log odds: a line for each suite, near to one that all share (Platt).

The line that all share makes the score, by which runs are ranked and e-values bet. Probabilities
take the line of the run's suite: how the sum is spread differs between suites.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from ..cross_validation import SCHEMES
from ..monitor.fitting import JUDGED
from ..traces import Traces

__all__ = ["PENALTIES", "Lines", "balanced", "candidates", "cross_validated_loss", "fit_lines"]

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Line = tuple[float, float]
PENALTIES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, None)
"""On half the squared distance of a suite's line from the common one; None: no lines of suites."""
_FREE = 1e3
"""So much smaller is a coefficient that is practically not penalised."""
_SOLVED: dict[str, Any] = {"solver": "newton-cholesky", "tol": 1e-10, "max_iter": 200}
"""Newton steps until the gradient is as small: another processor's last bits change no line."""


@dataclass(frozen=True)
class Lines:
    """Slope and intercept of log odds, hijacked : benign, both equally frequent.

    Parameters
    ----------
    common : (float, float)
        Of suites that the fit does not know.
    of_suite : dict of str to (float, float)
        No slope is 0 or below: the odds rise with the sum.
    """

    common: Line
    of_suite: Mapping[str, Line]

    def score(self, sums: Float) -> Float:
        """Return log odds in nats by the common line."""
        slope, intercept = self.common
        return slope * sums + intercept

    def odds(self, scores: Float, suites: NDArray[np.str_]) -> Float:
        """Return log odds by the suites' lines, (n,), of scores by the common one (n,)."""
        shared, shift = self.common
        sums = (scores - shift) / shared
        lines = [self.of_suite.get(str(suite), self.common) for suite in suites]
        slopes, intercepts = np.array(lines, np.float64).reshape(-1, 2).T
        return np.asarray(slopes * sums + intercepts, np.float64)


def balanced(traces: Traces, runs: Int) -> Float:
    """Return weights of `runs`: repeats count once, hijacked runs and others share evenly."""
    share = traces.distinct_weights[runs].copy()
    hijacked = traces.label[runs] == "hijacked"
    for side in (hijacked, ~hijacked):
        share[side] /= 2.0 * share[side].sum()
    return share


def fit_lines(traces: Traces, runs: Int, sums: Float, penalty: float | None) -> Lines:
    """Fit lines by log loss on benign and hijacked runs, which share evenly.

    Parameters
    ----------
    traces : Traces
    runs : (n,) int64
        Others than benign and hijacked ones are left out.
    sums : (n,) float64
    penalty : float or None
        See `PENALTIES`.
    """
    judged = np.isin(traces.label[runs], JUDGED)
    runs, sums = runs[judged], sums[judged]
    share, hijacked = balanced(traces, runs), traces.label[runs] == "hijacked"
    suites = sorted(set(traces.suite[runs].tolist()))
    if penalty is None:
        model = LogisticRegression(C=np.inf, **_SOLVED)
        model.fit(sums[:, np.newaxis], hijacked, sample_weight=share * len(share))
        common = float(model.coef_[0, 0]), float(model.intercept_[0])
        return Lines(common, dict.fromkeys(suites, common))
    parts = [_FREE * sums[:, np.newaxis]]
    for suite in suites:
        here = (traces.suite[runs] == suite).astype(np.float64)
        parts.append(np.stack([here * sums, here], axis=1))
    model = LogisticRegression(C=1.0 / penalty, **_SOLVED)
    model.fit(np.concatenate(parts, axis=1), hijacked, sample_weight=share)
    slope, intercept = float(model.coef_[0, 0]) * _FREE, float(model.intercept_[0])
    own = model.coef_[0, 1:].reshape(-1, 2).tolist()
    lines = {
        suite: (slope + more, intercept + shift)
        for suite, (more, shift) in zip(suites, own, strict=True)
    }
    if min(slope, *(line[0] for line in lines.values())) <= 0.0:
        raise ValueError("odds that fall where the sum rises; take a larger penalty")
    return Lines((slope, intercept), lines)


def candidates() -> list[tuple[str, float | None]]:
    """Return what is tried: the scheme whose sums the lines are fitted to, and the penalty."""
    return list(product(SCHEMES, PENALTIES))


def cross_validated_loss(
    traces: Traces, runs: Int, parts: Sequence[Float], penalty: float | None
) -> float:
    """Return the mean log loss of runs whose lineage or family the lines were not fitted to.

    Parameters
    ----------
    traces, runs :
        Of the fitting families.
    parts : sequence of (n,) float64
        Nested sums of one scheme: with the user task, and without.
    penalty : float or None
    """
    judged = np.isin(traces.label[runs], JUDGED)
    lineages = traces.lineages[runs]
    families = np.array([str(one).split("-")[0] for one in lineages])
    losses = []
    for sums, groups in product(parts, (lineages, families)):
        losses_of, shares = [], []
        for group in np.unique(groups):
            out = groups == group
            lines = fit_lines(traces, runs[~out], sums[~out], penalty)
            of = out & judged
            odds = lines.odds(lines.score(sums[of]), traces.suite[runs[of]])
            hijacked = traces.label[runs[of]] == "hijacked"
            losses_of.append(np.logaddexp(0.0, np.where(hijacked, -odds, odds)))
            shares.append(balanced(traces, runs[of]))
        losses.append(np.average(np.concatenate(losses_of), weights=np.concatenate(shares)))
    return float(np.mean(losses))
