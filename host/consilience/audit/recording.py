"""Records of a monitor at work: what it took, in the order in which it took it.

A `RecordedMonitor` and a `RecordedRanking` behave as those that they derive from, and tell a
`Recorder` what they did. What an audit log needs is then there whoever calls them.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from consilience.audit import entries
from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.frozen_ranking import FrozenRanking
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.history import Rankable
from consilience.monitor.monitor import Monitor
from consilience.monitor.monitor_results import MonitorResults
from consilience.monitor.promises import Exact, exact_number
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.run_ranking import RankedRun, RunRanking
from consilience.monitor.settings import MonitorSettings
from consilience_hw.spec.monitor_format import Policy, Source

__all__ = ["RecordedFrozenRanking", "RecordedMonitor", "RecordedRanking", "Recorder"]


class Recorder:
    """Gathers the records of a session.

    Parameters
    ----------
    run_alpha : Fraction or None
        A run whose rank is within this share of its history's alarms by itself.

    Attributes
    ----------
    records : list of bytes
        `entries`, in order.
    observed : (run, what) or None
        Of what no ranking says: the run's name, and context and symbol of a model's call or None.
        To be set before each update.
    """

    def __init__(self, run_alpha: Fraction | None = None) -> None:
        self.records: list[bytes] = []
        self.observed: tuple[AgentId, tuple[int, int] | None] | None = None
        self._alpha = run_alpha
        self._due: list[tuple[Rankable, RankedRun, AgentId]] = []
        self._dropped: AgentId | None = None
        """The history that the policy is about to drop, as its agent has just alarmed."""

    def ranked(self, due: list[Rankable], ranks: list[RankedRun], histories: list[AgentId]) -> None:
        """Take runs that became due; the monitor takes them next, in this order."""
        self._due += zip(due, ranks, histories, strict=True)

    def updated(
        self, settings: MonitorSettings, agent: AgentId, x: list[int], t: int, alarms: bool
    ) -> None:
        """Take an observation with its increments and the statistic T that followed."""
        self._dropped = None
        source = settings.source
        if source in (Source.CONFORMAL, Source.FROZEN):
            self._waiting(judged=False)
            if not self._due or self._due[0][1].agent != agent:
                raise BadInput(f"an update of agent {agent!r} that no ranked run brought")
            name = self._run(source, t)
        elif self.observed is None:
            raise BadInput("an update of which the recorder was not told the run")
        else:
            name, place = self.observed
            if source is Source.MODEL:
                assert place is not None
                self.records.append(entries.call(agent, name, *place, x[0], t))
            else:
                self.records.append(entries.given(agent, name, x, t))
        if alarms:
            self.records.append(entries.alarm(agent, name, t))
            if settings.policy is Policy.RECALIBRATE:
                self._dropped = agent

    def recalibrated(self, agent: AgentId, history: AgentId) -> None:
        """Take that a history was dropped, with what was due of it."""
        if self._dropped != agent:
            self.flush()
            self.records.append(entries.recalibrate(history))
        self._dropped = None
        self._due = [one for one in self._due if one[2] != history]

    def flush(self) -> None:
        """Take down what became due and the monitor does not take: the first n0 of a history."""
        self._waiting(judged=False)
        if self._due:
            raise BadInput("runs that became due and that the monitor did not take")

    def note(self, record: bytes) -> None:
        """Take down what stands for itself."""
        self.flush()
        self.records.append(record)

    def _waiting(self, *, judged: bool) -> None:
        while self._due and (judged or self._due[0][1].increments is None):
            self._run(Source.CONFORMAL, None)

    def _run(self, source: Source, t: int | None) -> AgentId:
        one, ranked, history = self._due.pop(0)
        run, x = one.run, ranked.increments
        if source is Source.FROZEN:
            assert x is not None and t is not None
            self.records.append(entries.table_run(run.agent, run.run, run.score, x, t))
        else:
            whose = None if history == run.agent else history
            ids = run.agent, run.run, run.ordinal
            self.records.append(entries.run(*ids, run.score, run.joins_as, x, t, whose))
        if self._alpha is not None and Fraction(ranked.rank, ranked.ranks) <= self._alpha:
            self.records.append(entries.run_alarm(run.agent, run.run, ranked.rank, ranked.ranks))
        return run.run


class RecordedMonitor(Monitor):
    """A `Monitor` whose committed updates, events and readings are recorded.

    Parameters
    ----------
    settings : MonitorSettings
    recorder : Recorder
    """

    def __init__(self, settings: MonitorSettings, recorder: Recorder) -> None:
        super().__init__(settings)
        self.recorder = recorder

    def update(
        self,
        agent: ArrayLike,
        increments: ArrayLike,
        commit: bool = True,
        sequence: ArrayLike | None = None,
    ) -> MonitorResults:
        """Take observations one by one, as `Monitor.update` does; no sequence numbers."""
        if not commit:
            return super().update(agent, increments, commit)
        if sequence is not None:
            raise BadInput("a recorded monitor takes what is counted, without sequence numbers")
        found, statistics, alarms = list(np.atleast_1d(np.asarray(agent))), [], []
        ids = agent if isinstance(agent, list) else [one.item() for one in found]
        values = np.asarray(increments, np.int64).reshape(len(ids), -1)
        for row, (one, x) in enumerate(zip(ids, values.tolist(), strict=True)):
            result = super().update([one], [x])
            statistics.append(int(result.statistic[0]))
            if len(result.alarms):
                alarms.append(row)
            self.recorder.updated(self.settings, one, x, statistics[-1], bool(len(result.alarms)))
        return MonitorResults(np.array(statistics, np.int32), np.array(alarms, np.int64))

    def acknowledge(self, agent: AgentId) -> None:
        """Take note of an agent's alarm, and record it."""
        super().acknowledge(agent)
        self.recorder.note(entries.acknowledge(agent))

    def renew(self, agent: AgentId, scheduled: bool = False) -> None:
        """Begin an agent's components anew, and record it."""
        super().renew(agent, scheduled)
        self.recorder.note(entries.renew(agent, scheduled))

    def enrol(self, enrolled: int, threshold: int | None = None) -> None:
        """Let the fleet grow, and record it."""
        super().enrol(enrolled, threshold)
        self.recorder.note(entries.enrol(enrolled, self.settings.threshold))

    def fleet(
        self,
        alpha: Exact,
        among: Sequence[AgentId] | None = None,
        enrolled: int | None = None,
    ) -> list[AgentId]:
        """Name the agents that do not behave, and record the reading."""
        named = super().fleet(alpha, among, enrolled)
        count = self.settings.enrolled if among is None else enrolled
        assert count is not None
        level = str(exact_number(alpha, "alpha"))
        self.recorder.note(entries.fleet(level, count, among, named))
        return named

    def close_session(self) -> None:
        """Record the state of every agent, as the last word."""
        for agent in self.agents:
            now = self.state(agent)
            self.recorder.note(
                entries.state(
                    agent,
                    now.components,
                    now.observations,
                    now.since_scheduled,
                    now.saturated,
                    now.latched,
                )
            )


class RecordedRanking(RunRanking):
    """A `RunRanking` whose due runs and recalibrations are recorded; parameters as there."""

    def __init__(self, settings: RanksSettings, seed: int | None, recorder: Recorder) -> None:
        super().__init__(settings, seed)
        self.recorder = recorder

    def _ranked(self, due: list[Rankable]) -> list[RankedRun]:
        return _recorded(self, self.recorder, due, super()._ranked(due))

    def recalibrate(self, agent: AgentId) -> None:
        """Drop the history of an agent, and record it."""
        super().recalibrate(agent)
        self.recorder.recalibrated(agent, self._history_of[agent])


class RecordedFrozenRanking(FrozenRanking):
    """A `FrozenRanking` whose due runs are recorded; parameters as there."""

    def __init__(self, settings: RanksSettings, table: FrozenTable, recorder: Recorder) -> None:
        super().__init__(settings, table)
        self.recorder = recorder

    def _ranked(self, due: list[Rankable]) -> list[RankedRun]:
        return _recorded(self, self.recorder, due, super()._ranked(due))


def _recorded(
    ranking: Any, recorder: Recorder, due: list[Rankable], found: list[RankedRun]
) -> list[RankedRun]:
    names = [ranking.group(one.run.agent) or one.run.agent for one in due]
    recorder.ranked(due, found, names)
    return found
