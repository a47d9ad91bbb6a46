"""What is compared with the monitor: thresholds on posteriors, CUSUM, and river's drift detectors.

A rule sees what the monitor sees, run by run: the same runs, as log-likelihood ratios or as the
score, turned into a probability. Alarms in the first n0 runs do not count.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from river import drift

from ..fusion import FULL_WEIGHT
from ..selection import Selection
from .replicated import N0

__all__ = ["RULES", "Effort", "Rule"]

Float = NDArray[np.float64]
Int = NDArray[np.int64]
_WEIGHT = Selection.load().weight / FULL_WEIGHT
"""Of every row in the example's posteriors."""
_CERTAIN = float(np.log2(0.99 / 0.01))
"""Odds in bits of a posterior of 0.99."""
_KSWIN_SEED = 1


@dataclass(frozen=True)
class Effort:
    """How many streams a rule is judged on, and how long they are without a hijack.

    Parameters
    ----------
    streams, runs : int
        Of each pipeline, to measure false alarms.
    hijacked : int
        Streams with a hijack.
    tuning : int
        Streams of each pipeline, to tune.
    """

    streams: int
    runs: int
    hijacked: int
    tuning: int


@dataclass(frozen=True)
class Rule:
    """A way to alarm.

    Parameters
    ----------
    name : str
    sees : str
        "bits" (log2 ratio of the run) or "probability" (of the score).
    setting : str
        What is tuned.
    default : float
        Its default.
    lenient, strict : float
        Between what it is tuned; equal where it is not.
    prepare : callable
        (streams, runs) values to what `first` reads: what does not depend on the setting.
    first : callable
        (prepared, setting, tuned) to (streams,) int64: after how many runs behind the history it
        first alarms; 0: it does not.
    effort : Effort
    """

    name: str
    sees: str
    setting: str
    default: float
    lenient: float
    strict: float
    prepare: Callable[[Float], Float]
    first: Callable[[Float, float, bool], Int]
    effort: Effort


def _passage(statistic: Float, setting: float, tuned: bool) -> Int:
    """Return when a statistic is first at its threshold."""
    above = statistic[:, N0:] >= setting
    return np.where(above.any(axis=1), above.argmax(axis=1) + 1, 0)


def _as_it_is(values: Float) -> Float:
    return values


def _all_runs(bits: Float) -> Float:
    return _WEIGHT * np.cumsum(bits, axis=1)


def _this_run(bits: Float) -> Float:
    return _WEIGHT * bits


@numba.njit(cache=False)
def _cusum(bits):  # type: ignore[no-untyped-def]
    """Return the CUSUM of ratios, begun at the end of the history."""
    found = np.zeros_like(bits)
    for stream in range(bits.shape[0]):
        total = 0.0
        for run in range(N0, bits.shape[1]):
            total = max(total, 0.0) + bits[stream, run]
            found[stream, run] = total
    return found


def _first_drift(values: Float, detectors: Iterable[drift.ADWIN | drift.PageHinkley]) -> Int:
    """Return when each stream's detector first says drift behind the history."""
    found = np.zeros(len(values), np.int64)
    for stream, (row, detector) in enumerate(zip(values.tolist(), detectors, strict=True)):
        for run, value in enumerate(row):
            detector.update(value)
            if run >= N0 and detector.drift_detected:
                found[stream] = run - N0 + 1
                break
    return found


def _adwin(values: Float, delta: float, tuned: bool) -> Int:
    """ADWIN; where it is tuned it also looks after every run, not after each 32nd."""
    options = {"clock": 1} if tuned else {}
    return _first_drift(values, [drift.ADWIN(delta=delta, **options) for _ in values])


def _page_hinkley(values: Float, threshold: float, tuned: bool) -> Int:
    """Page-Hinkley; where it is tuned it looks for a rise alone."""
    mode = "up" if tuned else "both"
    made = [drift.PageHinkley(threshold=threshold, mode=mode) for _ in values]
    return _first_drift(values, made)


def _kswin_values(values: Float) -> Float:
    """Return -log10 of KSWIN's p-value after each run; alpha changes none before an alarm."""
    found = np.zeros_like(values)
    for stream, row in enumerate(values.tolist()):
        detector = drift.KSWIN(alpha=0.0, seed=_KSWIN_SEED + stream)
        for run, value in enumerate(row):
            detector.update(value)
            if detector.n >= detector.window_size:
                found[stream, run] = -np.log10(max(detector.p_value, 1e-300))
    return found


_MANY = Effort(1000, 8192, 1000, 200)
_SOME = Effort(100, 4096, 1000, 40)
_FEW = Effort(10, 1536, 30, 8)
"""KSWIN takes 0.15 ms a run."""

RULES = (
    Rule(
        "posterior, all runs so far",
        "bits",
        "log2 odds",
        _CERTAIN,
        0,
        0,
        _all_runs,
        _passage,
        _MANY,
    ),
    Rule(
        "posterior of each run",
        "bits",
        "log2 odds",
        _CERTAIN,
        0.01,
        100.0,
        _this_run,
        _passage,
        _MANY,
    ),
    Rule(
        "CUSUM of log-likelihood ratios", "bits", "bits", 10.0, 0.1, 1000.0, _cusum, _passage, _MANY
    ),
    Rule("ADWIN", "probability", "delta", 0.002, 3.0, 1e-15, _as_it_is, _adwin, _SOME),
    Rule(
        "Page-Hinkley",
        "probability",
        "threshold",
        50.0,
        0.05,
        500.0,
        _as_it_is,
        _page_hinkley,
        _SOME,
    ),
    Rule(
        "KSWIN",
        "probability",
        "-log10 alpha",
        -float(np.log10(0.005)),
        0.3,
        17.0,
        _kswin_values,
        _passage,
        _FEW,
    ),
)
