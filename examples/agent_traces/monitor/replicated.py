"""Runs drawn with replacement: false alarms of agents that behave, delays of hijacked ones.

Exchangeability is true by construction here: this tests the code, and measures delays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import monitor_settings

from .pipelines import Pipeline
from .ranks import KAPPAS, Increments, keys_of, ranks_of, ranks_of_calls

__all__ = [
    "ARL",
    "BEFORE",
    "N0",
    "AlarmTimes",
    "Drawn",
    "Hijacks",
    "draw_benign",
    "draw_hijack",
    "hijack",
    "new_monitor",
    "no_hijack",
]

Int = NDArray[np.int64]
ARL = 1024
"""What is promised: a false alarm in so many runs of an agent, on average; A is 10 bits."""
N0 = 100
BEFORE = 30
"""Benign runs after the history, before the hijack."""


def new_monitor(arl: int = ARL) -> Monitor:
    """Return a monitor with the product's defaults."""
    return Monitor(monitor_settings(len(KAPPAS), mode="restart", arl=arl))


@dataclass(frozen=True)
class Drawn:
    """Which runs make up the streams of one pipeline.

    Parameters
    ----------
    pipeline : Pipeline
    benign : (streams, runs) int64
        Positions among the pipeline's benign runs.
    hijacked : (streams, later runs) int64
        Positions among its hijacked ones, which come afterwards.
    seed : int
        Of the ties.
    """

    pipeline: Pipeline
    benign: Int
    hijacked: Int
    seed: int

    @property
    def agents(self) -> list[str]:
        """The name of each stream, an agent of its own."""
        return [f"{self.pipeline.name} {number}" for number in range(len(self.benign))]

    def values(self, benign: NDArray[np.generic], hijacked: NDArray[np.generic]) -> NDArray:
        """Return what the streams' runs have, (streams, all runs), of what each run has."""
        return np.concatenate([benign[self.benign], hijacked[self.hijacked]], axis=1)

    @property
    def scores(self) -> Int:
        """Scores of whole runs, (streams, all runs) int64."""
        return self.values(self.pipeline.benign, self.pipeline.hijacked)

    def first(self, streams: int, runs: int | None = None) -> "Drawn":
        """Return the first streams alone, and of them the first benign runs."""
        return Drawn(
            self.pipeline, self.benign[:streams, :runs], self.hijacked[:streams], self.seed
        )


def draw_benign(pipeline: Pipeline, streams: int, runs: int, seed: int) -> Drawn:
    """Draw the history and `runs` more of an agent that behaves."""
    rng = np.random.default_rng([seed, 0, *pipeline.name.encode()])
    drawn = rng.integers(len(pipeline.benign), size=(streams, N0 + runs))
    return Drawn(pipeline, drawn, np.empty((streams, 0), np.int64), seed)


def draw_hijack(pipeline: Pipeline, streams: int, runs: int, seed: int) -> Drawn:
    """Draw the history, `BEFORE` benign runs and then `runs` hijacked ones."""
    rng = np.random.default_rng([seed, 1, *pipeline.name.encode()])
    benign = rng.integers(len(pipeline.benign), size=(streams, N0 + BEFORE))
    return Drawn(pipeline, benign, rng.integers(len(pipeline.hijacked), size=(streams, runs)), seed)


@dataclass(frozen=True)
class AlarmTimes:
    """When streams without a hijack alarm.

    Parameters
    ----------
    runs : (streams,) int64
        After how many runs behind the history it first does; where it does not, all runs there are.
    alarmed : (streams,) bool
    """

    runs: Int
    alarmed: NDArray[np.bool_]


@dataclass(frozen=True)
class Hijacks:
    """Streams with a hijack.

    Parameters
    ----------
    before : int
        Streams that alarmed before it: they are in no other figure.
    delays : (streams left,) int64
        The hijacked run that alarmed, 1 the first; where none did, all there are.
    found : (streams left,) bool
    early : (streams left,) bool
        Whether T was at the threshold after one of that run's calls, before its end.
    """

    before: int
    delays: Int
    found: NDArray[np.bool_]
    early: NDArray[np.bool_]


def no_hijack(drawn: Drawn, increments: Increments) -> AlarmTimes:
    """Return when the streams alarm."""
    streams, runs = drawn.benign.shape
    ranks = ranks_of(drawn.scores, keys_of(drawn.agents, drawn.seed), N0)
    first = np.zeros(streams, np.int64)
    rows = np.arange(streams)
    with new_monitor() as monitor:
        for step, row in enumerate(ranks):
            # What has alarmed is latched, and does not count again.
            alarms = monitor.update(rows, increments.of(row, N0 + step + 1)).alarms
            first[alarms] = step + 1
    return AlarmTimes(np.where(first > 0, first, runs - N0), first > 0)


def hijack(drawn: Drawn, increments: Increments) -> Hijacks:
    """Return when the streams alarm, with provisional updates after each call of a run."""
    streams, runs = drawn.hijacked.shape
    pipeline, rows = drawn.pipeline, np.arange(streams)
    keys = keys_of(drawn.agents, drawn.seed)
    ranks, open_ranks = ranks_of_calls(drawn.scores, keys, N0, pipeline.calls[drawn.hijacked])
    first, early = np.full(streams, runs), np.zeros(streams, np.bool_)
    found, before = np.zeros(streams, np.bool_), np.zeros(streams, np.bool_)
    with new_monitor() as monitor:
        for step, row in enumerate(ranks):
            later = step - BEFORE
            count = N0 + step + 1
            given = increments.of(row, count)
            coming = monitor.update(rows, given, commit=False).alarms
            if later >= 0 and len(coming):
                early[coming] = _alarms_early(
                    monitor,
                    coming,
                    drawn.hijacked[coming, later],
                    open_ranks[later],
                    drawn,
                    count,
                    increments,
                )
            alarms = monitor.update(rows, given).alarms
            if later < 0:
                before[alarms] = True
            else:
                first[alarms], found[alarms] = later + 1, True
    left = ~before
    return Hijacks(int(before.sum()), first[left], found[left], early[left])


def _alarms_early(
    monitor: Monitor,
    streams: Int,
    runs: Int,
    open_ranks: NDArray[np.int32],
    drawn: Drawn,
    count: int,
    increments: Increments,
) -> NDArray[np.bool_]:
    """Return which of the streams alarm after one of the calls of their runs."""
    early = np.zeros(len(streams), np.bool_)
    calls = drawn.pipeline.counts[runs]
    for call in range(int(calls.max())):
        going = np.flatnonzero(calls > call)
        given = increments.of(open_ranks[streams[going], call], count)
        early[going[monitor.update(streams[going], given, commit=False).alarms]] = True
    return early
