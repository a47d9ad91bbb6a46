"""Monitors: one sequential test per agent, with a false-alarm rate that was chosen and holds."""

from collections.abc import Sequence
from dataclasses import replace
from threading import RLock

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.closing import Closes
from consilience.devices.agent_rows import agent_ids
from consilience.errors import BadInput, NoDevice
from consilience.kernels.monitor_kernels import FLAGS, SINCE_SCHEDULED, update_each
from consilience.monitor.agent_index import AgentId, AgentIndex
from consilience.monitor.agent_records import AgentRecords
from consilience.monitor.fleet import named_agents
from consilience.monitor.monitor_bytes import MonitorFields, pack_monitor, unpack_monitor
from consilience.monitor.monitor_results import AgentState, MonitorResults
from consilience.monitor.observation_rows import increments_of, sequence_numbers
from consilience.monitor.promises import Exact
from consilience.monitor.settings import MonitorSettings, grown_settings
from consilience.monitor.statistics import log_add_constants, reach, statistics_of
from consilience.monitor.stepping import observe
from consilience.monitor.steps import StepUnit
from consilience.numbers.arrays import Codes
from consilience.turns import in_turn
from consilience_hw.spec.monitor_format import AgentFlag

__all__ = ["Monitor"]

_LATCHED = int(AgentFlag.LATCHED)
_NONE = np.empty(0, np.int64)


class Monitor(Closes):
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
        if settings.threshold > (most := reach(settings.weights)):
            raise BadInput(
                f"threshold {settings.threshold} is above {most}, the most that these weights reach"
            )
        self.settings = settings
        self._unit = unit
        self._turns = RLock()
        self._is_open = True
        self._index = AgentIndex(settings.enrolled)
        self._records = AgentRecords(settings.mode, len(settings.weights))
        self._weights = np.array(settings.weights, np.int32)
        self._whole = 0
        """Agents that have their record; any others are left of an interruption."""

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
    def __bytes__(self) -> bytes:
        return pack_monitor(self._snapshot())

    @in_turn
    def __len__(self) -> int:
        """Return the number of agents."""
        self._refuse_closed()
        return len(self._index)

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
        if self._unit is not None:
            return self._observed(self._unit, rows.astype(np.int64), values, numbers, commit, known)
        settings = self.settings
        # Few pages of it are touched: there are few alarms. Statistics replace the rows.
        alarms = np.empty(len(ids), np.int64)
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
            self._records.states,
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
    def state(self, agent: AgentId) -> AgentState:
        """Return the state of an agent; BadInput if it is unknown."""
        self._refuse_closed()
        row = self._index.row(agent)
        fields = self._records.fields_of(row)
        flags = AgentFlag(int(fields.flags[0]))
        return AgentState(
            int(statistics_of(self._records.states[row : row + 1], self._weights)[0]),
            tuple(fields.components[0].tolist()),
            int(fields.observations[0]),
            int(fields.since_scheduled[0]),
            AgentFlag.SATURATED in flags,
            AgentFlag.LATCHED in flags,
            int(fields.highest[0]) if AgentFlag.NUMBERED in flags else None,
            int(fields.missing[0]),
            int(fields.late[0]),
            int(fields.duplicates[0]),
            int(fields.refused[0]),
        )

    @in_turn
    def knows(self, agent: AgentId) -> bool:
        """Return whether there was an observation of an agent."""
        self._refuse_closed()
        return self._index.row(agent, -1) >= 0

    @in_turn
    def statistic(self, agent: AgentId) -> int:
        """Return T of an agent; of an unknown one, what it begins with."""
        self._refuse_closed()
        row = self._index.row(agent, len(self._records))
        return int(statistics_of(self._records.states[row : row + 1], self._weights)[0])

    @property
    @in_turn
    def agents(self) -> list[AgentId]:
        """All agents, in the order of their first observations."""
        self._refuse_closed()
        return self._index.ids()

    @in_turn
    def statistics(self) -> Codes:
        """Return T of all `agents`."""
        self._refuse_closed()
        return statistics_of(self._records.states[:-1], self._weights)

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

    def merge_disjoint(self, other: "Monitor") -> None:
        """Take in the agents of a monitor with the same settings; the other is left as it is.

        Raises
        ------
        BadInput
            Other settings, or an agent that both have; nothing changed.
        """
        self._merge(other._snapshot())  # in its turn, before this one's: no two wait for each other

    @in_turn
    def close(self) -> None:
        """Give up the state; from then on every call raises NoDevice."""
        self._is_open = False

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

    def _refuse_closed(self) -> None:
        """NoDevice after `close`; and forget what an interrupted call left half done."""
        if not self._is_open:
            raise NoDevice("this monitor is closed; open another")
        if not len(self._index) == len(self._records) == self._whole:
            self._index.keep(self._whole)
            self._records.keep(self._whole)

    @in_turn
    def _snapshot(self) -> MonitorFields:
        self._refuse_closed()
        return MonitorFields(self.settings, self._index.ids(), self._records.fields)

    @in_turn
    def _merge(self, fields: MonitorFields) -> None:
        self._refuse_closed()
        if fields.settings != self.settings:
            raise BadInput("monitors of different settings cannot be merged")
        if both := set(self._index.ids()) & set(fields.agents):
            raise BadInput(f"agent {min(map(repr, both))} is in both monitors")
        self._refuse_more_than_enrolled(len(self._index) + len(fields.agents))
        self._join(fields)

    def _join(self, fields: MonitorFields) -> None:
        for agent in fields.agents:
            self._index.join(agent)
        self._records.append(fields.records)
        self._whole = len(self._records)

    def _rows(self, ids: NDArray[np.generic], commit: bool) -> NDArray[np.int32]:
        """Return the agents' rows; those of unknown ones are made, or are the empty record."""
        rows = self._index.rows(ids, joins=commit)
        if commit:
            self._refuse_more_than_enrolled(len(self._index))
            self._records.grow(len(self._index))
            self._whole = len(self._index)
        else:
            rows[rows < 0] = len(self._records)
        return rows

    def _refuse_more_than_enrolled(self, count: int) -> None:
        enrolled = self.settings.enrolled
        if enrolled is not None and count > enrolled:
            raise BadInput(
                f"{count} agents, but {enrolled} are enrolled: the promise counts these; enrol() "
                "more before the next reading (--agents)"
            )
