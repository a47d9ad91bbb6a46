"""From a stream to alarms: surprise, its conformal rank, a monitor; row by row, nothing ahead.

Every setting stands here, one for all streams.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience.models.model import Float
from consilience.models.numeric_stream import NumericStream
from consilience.numbers.arrays import Codes
from consilience_hw.spec.log_format import Q16_16

from .streams import Stream

__all__ = [
    "ARL",
    "HISTORY",
    "QUIET",
    "Watched",
    "alarm_rows",
    "codes_of",
    "score_rows",
    "watch",
    "watch_all",
]

ARL = 1_000_000
"""Rows to a false alarm of one stream, at least: A = 19.93 bits."""
HISTORY = 100
"""First rows, which are ranked against and not watched."""
QUIET = 100
"""Rows after one with a score in which only a higher statistic has one again."""
STEPS_PER_BIT = 64
"""Of surprise: it is ranked as a whole number of these."""
SEED = 1
"""Breaks ties. Known to all here, so that scores can be made again; keep yours to yourself."""

_ONE = 1 << 16


@dataclass(frozen=True)
class Watched:
    """What became of each row of a stream.

    Parameters
    ----------
    bits : (n,) float64
        Surprise, over means of ten rows each; NaN where there is no value.
    statistic : (n,) int32
        T of its ranks, Q16.16 codes of bits; the log of zero in the history and without a value.
    threshold : int
        A, its code.
    alarms : (m,) int64
        Rows where T reaches the threshold: what the promise is of.
    scores : (n,) float64
        0 to 1; there is no promise of them, see `score_rows`.
    """

    bits: Float
    statistic: Codes
    threshold: int
    alarms: NDArray[np.int64]
    scores: Float


def codes_of(bits: Float) -> NDArray[np.int64]:
    """Return surprise as whole numbers, to be ranked."""
    return np.floor(bits * STEPS_PER_BIT).astype(np.int64)


def alarm_rows(name: str, codes: NDArray[np.int64]) -> tuple[Codes, NDArray[np.int64], int]:
    """Return the statistic of each row, the rows that alarm, and the threshold.

    Parameters
    ----------
    name : str
        Of the stream, the agent that is watched.
    codes : (n,) int64
        What its rows are ranked by.
    """
    ranks = cs.ConformalRanks(n0=HISTORY, seed=SEED, binning=f"bits/{STEPS_PER_BIT}")
    increments, ready = ranks.increments([name] * len(codes), np.arange(len(codes)), codes)
    statistic = np.full(len(codes), Q16_16.log_of_zero, np.int32)
    with cs.open("cpu") as device, device.monitor(arl=ARL, policy="renew") as monitor:
        threshold = monitor.settings.threshold
        found = monitor.update([name] * int(ready.sum()), increments[ready])
    statistic[ready] = found.statistic
    return statistic, np.flatnonzero(ready)[found.alarms], threshold


def score_rows(statistic: Codes, threshold: int) -> Float:
    """Return scores: T / (T + A) of rows whose T is above those of the last rows, else 0."""
    above = np.maximum(statistic.astype(np.float64), 0.0)
    scores = above / (above + threshold)
    before = np.lib.stride_tricks.sliding_window_view(
        np.concatenate([np.full(QUIET, -1.0), above]), QUIET
    )[: len(above)].max(axis=1)
    return np.where(above > before, scores, 0.0)


def watch(stream: Stream) -> Watched:
    """Watch a stream from its first row on.

    Scores are of surprise over moving means. There one odd row makes ten surprising, and T, which
    takes them for ten, rises sooner; that is no promise's way, but finds more.
    """
    bits = NumericStream().surprise(stream.values, stream.seconds)
    statistic, alarms, threshold = _ranked(stream.name, bits)
    moving = NumericStream(moving=True).surprise(stream.values, stream.seconds)
    risen, _, _ = _ranked(stream.name, moving)
    return Watched(bits, statistic, threshold, alarms, score_rows(risen, threshold))


def _ranked(name: str, bits: Float) -> tuple[Codes, NDArray[np.int64], int]:
    """Return T, alarms and threshold of the rows with a value, at their places among all."""
    known = np.flatnonzero(~np.isnan(bits))
    statistic = np.full(len(bits), Q16_16.log_of_zero, np.int32)
    statistic[known], alarms, threshold = alarm_rows(name, codes_of(bits[known]))
    return statistic, known[alarms], threshold


def watch_all(streams: Iterable[Stream]) -> dict[str, Watched]:
    """Watch streams, each by itself; by name."""
    return {stream.name: watch(stream) for stream in streams}
