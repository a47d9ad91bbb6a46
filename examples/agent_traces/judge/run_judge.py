"""A run is as suspect as its most suspect call so far: probability and e-value, never falling.

A call's suspicion is a combination of rising functions of its ratios, no weight below 0. The
largest one so far never falls, nor does anything made of it. So an e-value that holds at the end
of a run holds after each of its calls, whenever one stops to look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np
from numpy.typing import NDArray

from ..monitor.score import Scored, binned_all, shaped
from ..traces import Traces
from .calibration import Lines
from .call_ratios import KINDS, CallRatios

__all__ = ["Bet", "Part", "RunJudge", "columns_of", "running_maximum"]

Float = NDArray[np.float64]
Int = NDArray[np.int64]
_ONE = 1 << 16


@dataclass(frozen=True)
class Bet:
    """Log odds to an e-value: ``scale * exp(power * odds)``, cut to 1 / most .. most of it.

    Parameters
    ----------
    scale, power, most : float
    """

    scale: float
    power: float
    most: float

    def of(self, odds: Float) -> Float:
        """Return e-values of log odds in nats."""
        reach = log(self.most)
        return self.scale * np.exp(np.clip(self.power * odds, -reach, reach))


@dataclass(frozen=True)
class Part:
    """How ratios become log odds, for runs whose user task is known, or for those where it is not.

    Parameters
    ----------
    columns : tuple of int
        Which ratios are used.
    weights : (3 x columns,) float64
        None below 0.
    suite_offsets : dict of str to float
    lines : Lines
        From the weighed sum to the score, and to log odds of the suite.
    bet : Bet
    """

    columns: tuple[int, ...]
    weights: Float
    suite_offsets: Mapping[str, float]
    lines: Lines
    bet: Bet

    def suspicion(self, bits: Float) -> Float:
        """Return the weighed sum of each row of ratios, (rows,) of (rows, all columns)."""
        total = np.zeros(len(bits))
        # One column after the other: a product of matrices may round rows in different ways.
        for weight, column in zip(self.weights, shaped(bits[:, self.columns]).T, strict=True):
            total = total + weight * column
        return total

    def odds(self, suspicion: Float, suite: str) -> Float:
        """Return the score, log odds in nats; an unknown suite has the mean offset."""
        mean = float(np.mean(list(self.suite_offsets.values())))
        return self.lines.score(suspicion + self.suite_offsets.get(suite, mean))


def running_maximum(values: Float, offsets: Int) -> Float:
    """Return the largest value so far within each run, (rows,)."""
    found = np.empty_like(values)
    for first, last in pairwise(offsets.tolist()):
        found[first:last] = np.maximum.accumulate(values[first:last])
    return found


@dataclass(frozen=True)
class RunJudge:
    """The fitted judge; see `examples.agent_traces.judge.fitting.fit_judge`.

    Parameters
    ----------
    ratios : CallRatios
    known, new : Part
        For user tasks of which benign runs were seen, and for others.
    """

    ratios: CallRatios
    known: Part
    new: Part

    def part(self, suite: str, task: str) -> Part:
        """Return what judges runs of a user task."""
        return self.known if self.ratios.knows(suite, task) else self.new

    def of(self, traces: Traces, runs: Int) -> Scored:
        """Return scores, in nats x 65536, floored, after each call and the end of `runs`.

        Tools are numbered as in the traces that the judge was fitted on (`Traces.named_as`).
        """
        bits, offsets = self.ratios.rows(traces, runs)
        odds = np.empty(len(bits))
        places = np.unique(
            np.stack([traces.suite[runs], traces.user_task[runs]]), axis=1, return_inverse=True
        )
        inverse = np.repeat(places[1].ravel(), np.diff(offsets))
        order = np.argsort(inverse, kind="stable")
        bounds = np.searchsorted(inverse[order], np.arange(places[0].shape[1] + 1))
        for (suite, task), (first, last) in zip(
            places[0].T.tolist(), pairwise(bounds.tolist()), strict=True
        ):
            rows, part = order[first:last], self.part(suite, task)
            odds[rows] = part.odds(part.suspicion(bits[rows]), suite)
        return Scored(binned_all(running_maximum(odds, offsets)), offsets)

    def e_values(self, traces: Traces, runs: Int, finals: Int) -> Float:
        """Return the e-values of the scores of whole runs, (runs,) float64."""
        odds = finals / _ONE
        return np.where(self._knows(traces, runs), self.known.bet.of(odds), self.new.bet.of(odds))

    def odds(self, traces: Traces, runs: Int, finals: Int) -> Float:
        """Return log odds hijacked : benign of whole runs, as calibrated in their suites, (runs,).

        Hijacked and benign runs taken as equally frequent.
        """
        scores, suites = finals / _ONE, traces.suite[runs]
        return np.where(
            self._knows(traces, runs),
            self.known.lines.odds(scores, suites),
            self.new.lines.odds(scores, suites),
        )

    def probabilities(self, traces: Traces, runs: Int, finals: Int) -> Float:
        """Return P(hijacked) of whole runs, in (0, 1); see `odds`."""
        odds = self.odds(traces, runs, finals)
        return np.asarray(np.exp(-np.logaddexp(0.0, -odds)), np.float64)

    def _knows(self, traces: Traces, runs: Int) -> NDArray[np.bool_]:
        return np.array(
            [
                self.ratios.knows(str(suite), str(task))
                for suite, task in zip(traces.suite[runs], traces.user_task[runs], strict=True)
            ],
            np.bool_,
        )


def columns_of(orders: int, *, known: bool) -> tuple[int, ...]:
    """Return the ratios that a `Part` uses: without a known task the first of each order."""
    return tuple(range(0, KINDS * orders, 1 if known else KINDS))
