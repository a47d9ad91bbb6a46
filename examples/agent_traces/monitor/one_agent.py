"""One agent of a held-out pipeline, watched until it alarms: the part of the demo."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import consilience as cs

from ..traces import Traces
from .fitting import fit_score
from .pipelines import Pipeline, held_out_pipelines
from .ranks import KAPPAS
from .replicated import ARL, N0, Drawn, draw_hijack
from .score import BINNING

__all__ = ["Watched", "WatchedRun", "watch_agent"]

LATER = 60
"""Hijacked runs at most."""
SEED = 7
_BIT = 1 << 16


@dataclass(frozen=True)
class WatchedRun:
    """A run behind the history.

    Parameters
    ----------
    hijacked : bool
    statistic : float
        T after it, in bits.
    calls : int
        Tool calls.
    first_call : int
        The call after which T was at the threshold while the run was open; 0: none.
    """

    hijacked: bool
    statistic: float
    calls: int
    first_call: int


@dataclass(frozen=True)
class Watched:
    """What the monitor said of the agent.

    Parameters
    ----------
    pipeline : str
    runs : tuple of WatchedRun
        Up to the alarm, or to the last there is.
    alarmed : bool
        Whether the last run alarms.
    threshold : float
        A in bits.
    arl : int
        What is promised: runs to a false alarm, on average, at least.
    n0 : int
        Runs of the history.
    """

    pipeline: str
    runs: tuple[WatchedRun, ...]
    alarmed: bool
    threshold: float
    arl: int
    n0: int

    @property
    def delay(self) -> int:
        """Hijacked runs up to the alarm, with the one that alarms."""
        return sum(run.hijacked for run in self.runs)

    @property
    def verdict(self) -> str:
        """What happened, in words."""
        if not self.alarmed:
            return f"no alarm in {self.delay} runs of hijack"
        last = self.runs[-1]
        when = (
            f"after call {last.first_call} of {last.calls} of that run"
            if last.first_call
            else "at the end of that run"
        )
        if not last.hijacked:
            return f"a false alarm after {len(self.runs)} runs, before the hijack"
        runs = "run" if self.delay == 1 else "runs"
        return f"alarm after {self.delay} {runs} of hijack, {when}"

    @property
    def promise(self) -> str:
        """What the threshold stands for, in words."""
        return f"promise: 1 false alarm in {self.arl:,} runs of an agent at most, on average"


def watch_agent(traces: Traces, seed: int = SEED) -> Watched:
    """Watch one agent through a history, some benign runs more, and hijacked ones.

    It is of the held-out pipeline with the most recorded hijacked runs; its runs are drawn from
    those of the pipeline with replacement.
    """
    pipelines = held_out_pipelines(traces, fit_score(traces))
    pipeline = max(pipelines, key=lambda one: len(one.hijacked))
    drawn = draw_hijack(pipeline, 1, LATER, seed)
    with cs.open("cpu").monitor(arl=ARL) as monitor:
        runs = []
        alarmed = False
        for run, alarmed in _watched(drawn, monitor):
            runs.append(run)
            if alarmed:
                break
        threshold = monitor.settings.threshold / _BIT
    return Watched(pipeline.name, tuple(runs), alarmed, threshold, ARL, N0)


def _watched(drawn: Drawn, monitor: cs.Monitor) -> Iterator[tuple[WatchedRun, bool]]:
    """Yield each run behind the history, and whether it alarms."""
    agent, pipeline = drawn.agents[0], drawn.pipeline
    ranks = cs.ConformalRanks(KAPPAS, N0, seed=drawn.seed, binning=BINNING)
    benign, hijacked = drawn.benign[0], drawn.hijacked[0]
    for number in range(len(benign) + len(hijacked)):
        is_hijacked = number >= len(benign)
        run = int(hijacked[number - len(benign)] if is_hijacked else benign[number])
        score = int((pipeline.hijacked if is_hijacked else pipeline.benign)[run])
        calls = _calls(pipeline, run) if is_hijacked else []
        ranks.start(agent, number, number)
        first = 0
        for call, so_far in enumerate(calls if number >= N0 else [], 1):
            given = ranks.provisional(agent, number, so_far)
            assert given is not None, "no deadline, and behind the history"
            if not first and len(monitor.update(agent, given, commit=False).alarms):
                first = call
        due = ranks.finish(agent, number, score, number)
        if number >= N0:
            statistic, alarms = monitor.update(agent, due.increments)
            bits = int(statistic[0]) / _BIT
            yield WatchedRun(is_hijacked, bits, len(calls), first), bool(len(alarms))


def _calls(pipeline: Pipeline, run: int) -> list[int]:
    """Return the scores of a hijacked run after each of its calls."""
    calls: np.ndarray = pipeline.calls[run, : pipeline.counts[run]]
    return [int(one) for one in calls]
