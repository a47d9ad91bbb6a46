"""Monitors: one sequential test per agent, with a false-alarm rate that was chosen and holds."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.devices.agent_rows import agent_ids
from consilience.errors import BadInput
from consilience.kernels.monitor_kernels import (
    FLAGS,
    HEAD_WORDS,
    OBSERVATIONS,
    SINCE_SCHEDULED,
    update_each,
)
from consilience.monitor.agent_index import AgentId
from consilience.monitor.agent_states import AgentStates
from consilience.monitor.fleet import named_agents
from consilience.monitor.monitor_bytes import unpack_monitor
from consilience.monitor.monitor_results import MonitorResults
from consilience.monitor.observation_rows import increments_of, sequence_numbers
from consilience.monitor.promises import Exact
from consilience.monitor.settings import MonitorSettings, grown_settings
from consilience.monitor.statistics import log_add_constants, statistics_of
from consilience.monitor.stepping import observe
from consilience.monitor.steps import StepUnit
from consilience.numbers.arrays import Codes
from consilience.turns import in_turn
from consilience_hw.spec.monitor_format import AgentFlag

__all__ = ["Monitor"]

_LATCHED = int(AgentFlag.LATCHED)
_NONE = np.empty(0, np.int64)


class Monitor(AgentStates):
    """A sequential test per agent. An agent exists from its first observation on.

    An alarm says that an agent's increments are no longer what they are while it behaves; how
    often it says so though the agent does, is promised by the threshold: see docs/monitor.md.

    Threads may share it: their calls take turns. An interrupted call (Ctrl-C) has happened as a
    whole or not at all, but that its new agents may be known, without an observation.

    Parameters
    ----------
    settings : MonitorSettings
    unit : StepUnit, optional
        Carries out the recurrence, for example gateware; default: this machine.
    """

    def __init__(self, settings: MonitorSettings, unit: StepUnit | None = None) -> None:
        super().__init__(settings)
        self._unit = unit

    @classmethod
    def from_bytes(cls, data: bytes) -> "Monitor":
        """Return the monitor of its canonical bytes, on the cpu.

        Raises
        ------
        ImpossibleState
            No sequence of updates gives these bytes.
        """
        fields = unpack_monitor(data)
        made = cls(fields.settings)
        made._join(fields)
        return made

    @in_turn
    def update(
        self,
        agent: ArrayLike,
        increments: ArrayLike,
        commit: bool = True,
        sequence: ArrayLike | None = None,
    ) -> MonitorResults:
        """Take observations, in order.

        Parameters
        ----------
        agent : array_like, shape (n,) or ()
            Integers or text.
        increments : int32 array_like, shape (n, K); (n,) for one component
            x: codes of log2 of e-values, -2**31 the log of zero; never rounded up.
        commit : bool
            False: provisional; T is what it would be, each row from the state that is kept, and
            nothing is written. For runs that are still open.
        sequence : integers, shape (n,), optional
            0 .. 2**64 - 1, ascending for each agent. What was seen is ignored, what is more than 64
            below the highest is refused; both are counted.

        Raises
        ------
        BadInput
            Shapes that do not fit, no codes, more agents than enrolled; nothing changed.
        LinkError, ConsilienceError
            The device that carries out the recurrence failed; nothing changed.
        """
        self._refuse_closed()
        ids = np.atleast_1d(agent_ids(agent))
        values = increments_of(increments, ids, len(self.settings.weights))
        numbers = _NONE if sequence is None else sequence_numbers(sequence, len(ids))
        known = self._whole
        rows = self._rows(ids, commit)
        return self._updated(rows, values, numbers, commit, known)

    @in_turn
    def update_named(
        self, agents: Sequence[AgentId], increments: Codes, commit: bool = True
    ) -> MonitorResults:
        """Take observations as `update` does, of agents whose ids may be of several kinds.

        Parameters
        ----------
        agents : sequence of int, str or bytes, n of them
        increments : int32 array, shape (n, K)
        commit : bool
        """
        self._refuse_closed()
        known = self._whole
        rows = self._index.named_rows(agents, commit)
        self._make_records(rows, commit)
        return self._updated(rows, increments, _NONE, commit, known)

    @in_turn
    def records(self, agents: Sequence[AgentId]) -> NDArray[np.int64]:
        """Return copies of the records of agents; of unknown ones that of the start."""
        self._refuse_closed()
        return self._records.states[self._index.named_rows(agents, False)]

    @in_turn
    def stepped(
        self, record: NDArray[np.int64], increments: Codes
    ) -> tuple[int, tuple[tuple[int, ...], int]]:
        """Take observations of one agent on a copy of its record, which is written.

        Returns
        -------
        statistic : int
        components and t : ((R_1 .. R_K), t)
        """
        count = len(increments)
        self._kernel(record[np.newaxis], np.zeros(count, np.int32), increments, _NONE, True)
        codes = record[HEAD_WORDS:].view(np.int32)[: len(self.settings.weights)]
        statistic = int(statistics_of(record[np.newaxis], self._weights)[0])
        return statistic, (tuple(codes.tolist()), int(record[OBSERVATIONS]))

    def _updated(
        self,
        rows: NDArray[np.int32],
        values: Codes,
        numbers: NDArray[np.int64],
        commit: bool,
        known: int,
    ) -> MonitorResults:
        if self._unit is not None:
            return self._observed(self._unit, rows.astype(np.int64), values, numbers, commit, known)
        return self._kernel(self._records.states, rows, values, numbers, commit)

    def _kernel(
        self,
        states: NDArray[np.int64],
        rows: NDArray[np.int32],
        values: Codes,
        numbers: NDArray[np.int64],
        commit: bool,
    ) -> MonitorResults:
        """Take observations on this machine; `rows` becomes the statistics."""
        settings = self.settings
        # Few pages of it are touched: there are few alarms. Statistics replace the rows.
        alarms = np.empty(len(rows), np.int64)
        count = update_each(
            rows,
            values,
            numbers,
            commit,
            int(settings.mode),
            int(settings.policy),
            settings.threshold,
            self._weights,
            log_add_constants(),
            states,
            rows,
            alarms,
        )
        return MonitorResults(rows, alarms[:count].copy())

    @in_turn
    def acknowledge(self, agent: AgentId) -> None:
        """Take note of an agent's alarm: any later T at or above the threshold alarms again."""
        self._refuse_closed()
        self._records.states[self._index.row(agent), FLAGS] &= ~(_LATCHED << 32)

    @in_turn
    def renew(self, agent: AgentId, scheduled: bool = False) -> None:
        """Begin an agent's components and t anew; m too, if this was scheduled beforehand.

        An alarm that is latched stays so until it is acknowledged.
        """
        self._refuse_closed()
        row = self._index.row(agent)
        self._records.renew(row)
        if scheduled:
            self._records.states[row, SINCE_SCHEDULED] = 0

    @in_turn
    def enrol(self, enrolled: int, threshold: int | None = None) -> None:
        """Let the fleet grow: N agents, and a threshold that may be higher, from here on.

        A reading needs N fixed before it, and more agents or a higher threshold make alarms rarer.
        So both may rise at any time, and never fall.

        Parameters
        ----------
        enrolled : int
            N, with agents that have not been heard.
        threshold : int, optional
            A, a code; default: as it is.

        Raises
        ------
        BadInput
            N is below that before or the number of agents, or the threshold below that before or
            above what the weights reach; nothing changed.
        """
        self._refuse_closed()
        grown = grown_settings(self.settings, enrolled, threshold, len(self._index))
        self.settings = grown
        self._index.expected = enrolled

    @in_turn
    def fleet(
        self,
        alpha: Exact,
        among: Sequence[AgentId] | None = None,
        enrolled: int | None = None,
    ) -> list[AgentId]:
        """Return the agents that do not behave: e-BH at this moment.

        Of those named, the expected share that do behave is at most alpha, under any dependence
        between agents: for this one reading, at a moment that was fixed beforehand. Readings do
        not add up to one alpha.

        Parameters
        ----------
        alpha : number
            Above 0, below 1; as it is written: "1/100" or 0.01.
        among : sequence of agents, optional
            Read these alone: a group that was fixed without seeing scores. Unknown ones have said
            nothing yet.
        enrolled : int, optional
            Agents of that group, with those that have not been heard.

        Raises
        ------
        BadInput
            Mode cusum, or `enrolled` was not given.
        """
        self._refuse_closed()
        settings, states, ids = self.settings, self._records.states[:-1], None
        if among is not None:
            ids = [one for one in dict.fromkeys(among) if self._index.row(one, -1) >= 0]
            states = states[[self._index.row(one) for one in ids]]
            settings = replace(settings, enrolled=enrolled)
            if enrolled is not None and len(ids) > enrolled:
                raise BadInput(f"{len(ids)} agents of the group, but {enrolled} are enrolled in it")
        rows = named_agents(settings, states, self._weights, alpha)
        if ids is None and len(rows):
            ids = self._index.ids()
        return [ids[row] for row in rows.tolist()] if ids else []

    def _observed(
        self,
        unit: StepUnit,
        rows: NDArray[np.int64],
        values: Codes,
        numbers: NDArray[np.int64],
        commit: bool,
        known: int,
    ) -> MonitorResults:
        """Take observations on a device; if it fails, forget the agents after those `known`."""
        states = self._records.states
        try:
            found = observe(unit, self.settings, states, rows, values, numbers, commit=commit)
        except BaseException:
            self._whole = known
            raise
        states[found.rows] = found.records
        return MonitorResults(found.statistics, np.flatnonzero(found.alarms))

    def _rows(self, ids: NDArray[np.generic], commit: bool) -> NDArray[np.int32]:
        """Return the agents' rows; those of unknown ones are made, or are the empty record."""
        rows = self._index.rows(ids, joins=commit)
        self._make_records(rows, commit)
        return rows

    def _make_records(self, rows: NDArray[np.int32], commit: bool) -> None:
        """Let there be a record of each row; of unknown agents it is the empty one."""
        if commit:
            self._refuse_more_than_enrolled(len(self._index))
            self._records.grow(len(self._index))
            self._whole = len(self._index)
        else:
            rows[rows < 0] = len(self._records)
