"""A score for each run, from its tool calls alone, that never falls while the run goes on.

Every call brings a log-likelihood ratio hijacked : benign of each chain. Three figures of the
ratios so far never fall: the largest sum from the start, the largest sum of calls in a row, and the
largest single ratio. The score is a combination of rising functions of these, none with a weight
below 0, so that it never falls either. It is cut to an integer as `consilience monitor` does it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np
from numpy.typing import NDArray

from consilience.models.chain import Chain
from consilience.monitor.source_file import BINNING

from ..detector_config import DetectorConfig
from ..evidence import BENIGN, HIJACKED, Evidence, collect
from ..traces import Traces

__all__ = ["BINNING", "Detector", "RunScore", "Scored", "binned_all", "rising", "shaped"]

Float = NDArray[np.float64]
Int = NDArray[np.int64]

_LEAST_BITS = -40.0
"""Ratios below are taken for it: no score is beyond the binning."""
_ONE = 1 << 16


def rising(bits: Float, offsets: Int) -> Float:
    """Return three figures that never fall within a run, after each of its rows.

    Parameters
    ----------
    bits : (rows,) float64
        Log-likelihood ratios hijacked : benign.
    offsets : (runs + 1,) int64
        Run r has the rows ``offsets[r] .. offsets[r + 1]``.

    Returns
    -------
    (rows, 3) float64
        The largest sum from the run's start, the largest sum of rows in a row, the largest row.
    """
    found = np.empty((len(bits), 3))
    for first, last in pairwise(offsets.tolist()):
        rows = bits[first:last]
        sums = np.cumsum(rows)
        lowest = np.minimum.accumulate(np.concatenate([[0.0], sums[:-1]]))
        found[first:last, 0] = np.maximum.accumulate(sums)
        found[first:last, 1] = np.maximum.accumulate(sums - lowest)
        found[first:last, 2] = np.maximum.accumulate(rows)
    return found


def shaped(figures: Float) -> Float:
    """Return the rising functions of figures v in bits, (rows, 3 F) of (rows, F).

    0.1 max(v, -2) for strong evidence; -2**(-v / 2) and -2**(-v / 6) for weak one.
    """
    v = np.maximum(figures, _LEAST_BITS)
    return np.concatenate(
        [0.1 * np.maximum(v, -2.0), -np.exp2(v / -2.0), -np.exp2(v / -6.0)], axis=1
    )


def binned_all(scores: Float) -> Int:
    """Return scores as integers: `consilience.monitor.line_fields.binned` of each."""
    return np.floor(scores * _ONE).astype(np.int64)


@dataclass(frozen=True)
class Detector:
    """The chains of benign and hijacked runs that one configuration gives, by suite."""

    config: DetectorConfig
    chains: Mapping[str, Sequence[Chain]]

    def ratios(self, traces: Traces, runs: Int) -> tuple[Float, Int]:
        """Return the ratios of every row of `runs` in bits, and the offsets of the runs."""
        evidence: Evidence = collect(traces, runs, self.chains, self.config)
        nats = evidence.nats[:, HIJACKED] - evidence.nats[:, BENIGN]
        return nats / log(2.0), evidence.offsets

    def shapes(self, traces: Traces, runs: Int) -> tuple[Float, Int]:
        """Return what is weighed, (rows, 9) after every row of `runs`, and the offsets."""
        bits, offsets = self.ratios(traces, runs)
        return shaped(rising(bits, offsets)), offsets


@dataclass(frozen=True)
class Scored:
    """Scores of runs, after every call and after the end.

    Parameters
    ----------
    codes : (rows,) int64
    offsets : (runs + 1,) int64
        Run r has ``codes[offsets[r] : offsets[r + 1]]``, the last of them at its end.
    """

    codes: Int
    offsets: Int

    @property
    def final(self) -> Int:
        """The score of each whole run, (runs,) int64."""
        return self.codes[self.offsets[1:] - 1]

    def before_the_end(self, run: int) -> Int:
        """Return the scores of one run after each of its calls, the end left out."""
        return self.codes[self.offsets[run] : self.offsets[run + 1] - 1]


@dataclass(frozen=True)
class RunScore:
    """The score; see `examples.agent_traces.monitor.fitting.fit_score`.

    Parameters
    ----------
    detectors : tuple of Detector
    weights : (9 x detectors,) float64
        None below 0.
    suite_offsets : dict of str to float
        Added by suite, the same for the whole run.
    """

    detectors: tuple[Detector, ...]
    weights: Float
    suite_offsets: Mapping[str, float]

    def of(self, traces: Traces, runs: Int) -> Scored:
        """Return the scores of `runs`: each row depends on the run's rows so far alone."""
        parts = [detector.shapes(traces, runs) for detector in self.detectors]
        offsets = parts[0][1]
        suites = np.array([self.suite_offsets[str(name)] for name in traces.suite[runs]])
        total = np.repeat(suites, np.diff(offsets))
        # One column after the other: a product of matrices may round rows in different ways.
        columns = np.concatenate([shapes for shapes, _ in parts], axis=1).T
        for weight, column in zip(self.weights, columns, strict=True):
            total = total + weight * column
        return Scored(binned_all(total), offsets)
