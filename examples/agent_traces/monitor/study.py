"""The whole study: false alarms, delays, the recorded order, and the other rules."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..traces import Traces
from .choose import cross_fitted_scores
from .comparison import Row, compared, row_of
from .fitting import chosen_chains, fit_score
from .limits import RunLength, mean_limit
from .others import RULES, Rule
from .pipelines import Pipeline, fitting_pipelines, held_out_pipelines
from .plain import plain_statistics
from .ranks import Increments
from .recorded import Recorded, recorded
from .replicated import (
    ARL,
    BEFORE,
    N0,
    AlarmTimes,
    Hijacks,
    draw_benign,
    draw_hijack,
    hijack,
    no_hijack,
)

__all__ = ["STEPS", "Outcome", "Study", "Workload", "study"]

STEPS = 4 + len(RULES)
"""How often `study` tells of its progress."""


@dataclass(frozen=True)
class Workload:
    """How much is drawn.

    Parameters
    ----------
    streams : int
        Of each pipeline, in each protocol.
    runs : int
        Behind the history, of agents that behave.
    later : int
        Hijacked runs.
    checked : int
        Streams of each pipeline that go run by run, call by call through the plain interface too.
    rules : tuple of Rule
        What is compared.
    """

    streams: int = 1000
    runs: int = 8192
    later: int = 100
    checked: int = 3
    rules: tuple[Rule, ...] = RULES


@dataclass(frozen=True)
class Outcome:
    """The monitor on one pipeline, runs drawn with replacement.

    Parameters
    ----------
    pipeline : Pipeline
    times : AlarmTimes
    hijacks : Hijacks
    """

    pipeline: Pipeline
    times: AlarmTimes
    hijacks: Hijacks

    @property
    def least(self) -> float:
        """The lower 95 % limit of the mean of runs to an alarm, cut at all runs there are."""
        return mean_limit(self.times.runs)

    @property
    def length(self) -> RunLength:
        """Runs and alarms without a hijack."""
        return RunLength(int(self.times.runs.sum()), int(self.times.alarmed.sum()))

    @property
    def kept(self) -> bool:
        """Whether the promise of `ARL` is shown to be kept."""
        return self.least >= ARL

    @property
    def delay(self) -> float:
        """The mean delay in runs."""
        return float(self.hijacks.delays.mean())

    @property
    def delay_error(self) -> float:
        """Standard error of `delay`."""
        delays = self.hijacks.delays
        return float(delays.std(ddof=1) / np.sqrt(len(delays)))

    @property
    def early(self) -> float:
        """The share of alarms that come before the alarming run ends."""
        return float(self.hijacks.early.sum() / max(1, self.hijacks.found.sum()))


@dataclass(frozen=True)
class Study:
    """All that a run found.

    Parameters
    ----------
    outcomes : tuple of Outcome
    recorded : tuple of Recorded
    rows : tuple of Row
        The monitor first.
    checked : int
        Runs whose increments came bit for bit from the plain interface too.
    work : Workload
    seed : int
    """

    outcomes: tuple[Outcome, ...]
    recorded: tuple[Recorded, ...]
    rows: tuple[Row, ...]
    checked: int
    work: Workload
    seed: int

    @property
    def delay(self) -> float:
        """The mean over the pipelines of their mean delays."""
        return float(np.mean([one.delay for one in self.outcomes]))

    @property
    def early(self) -> float:
        """The share of all alarms that come before the alarming run ends."""
        early = sum(int(one.hijacks.early.sum()) for one in self.outcomes)
        return early / max(1, sum(int(one.hijacks.found.sum()) for one in self.outcomes))


def study(
    traces: Traces, work: Workload, seed: int, progress: Callable[[], None] = lambda: None
) -> Study:
    """Run the study.

    Raises
    ------
    Mismatch
        A stream gives other bits through the plain interface.
    """
    pipelines = held_out_pipelines(traces, fit_score(traces))
    progress()
    increments = Increments(N0 + max(work.runs, BEFORE + work.later))
    benign = [draw_benign(one, work.streams, work.runs, seed) for one in pipelines]
    hijacked = [draw_hijack(one, work.streams, work.later, seed) for one in pipelines]
    outcomes = tuple(
        Outcome(one, no_hijack(quiet, increments), hijack(loud, increments))
        for one, quiet, loud in zip(pipelines, benign, hijacked, strict=True)
    )
    progress()
    checked = sum(plain_statistics(one.first(work.checked), increments).size for one in hijacked)
    progress()
    orders = tuple(recorded(one, work.streams, seed) for one in pipelines)
    progress()
    rows = [_monitor_row(outcomes, work)]
    target = rows[0].run_length
    if work.rules:
        scores = cross_fitted_scores(traces, chosen_chains(), "family")
        fitting = fitting_pipelines(traces, scores)
        for rule in work.rules:
            rows += compared(rule, benign, hijacked, fitting, target, seed)
            progress()
    return Study(outcomes, orders, tuple(rows), checked, work, seed)


def _monitor_row(outcomes: tuple[Outcome, ...], work: Workload) -> Row:
    quiet, loud = [], []
    for one in outcomes:
        quiet.append((np.where(one.times.alarmed, one.times.runs, 0), work.runs))
        late = np.where(one.hijacks.found, BEFORE + one.hijacks.delays, 0)
        early = np.ones(one.hijacks.before, np.int64)
        loud.append((np.concatenate([early, late]), work.later))
    return row_of("monitor, n0 = 100, A = 10 bits", "", "kappa 1/4, 1/2", quiet, loud)
