"""The states of the agents of a monitor: who they are, what is known of each, their bytes."""

from threading import RLock

import numpy as np

from consilience.closing import Closes
from consilience.errors import BadInput, NoDevice
from consilience.kernels.monitor_kernels import HEAD_WORDS, OBSERVATIONS
from consilience.monitor.agent_index import AgentId, AgentIndex
from consilience.monitor.agent_records import AgentRecords, RecordFields
from consilience.monitor.monitor_bytes import MonitorFields, pack_monitor
from consilience.monitor.monitor_results import AgentState
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.statistics import reach, statistics_of
from consilience.numbers.arrays import Codes
from consilience.turns import in_turn
from consilience_hw.spec.monitor_format import AgentFlag

__all__ = ["AgentStates"]


class AgentStates(Closes):
    """States by agent, in two parts that grow together: an index of ids, and records.

    Threads may share it: their calls take turns.

    Parameters
    ----------
    settings : MonitorSettings

    Raises
    ------
    BadInput
        The weights cannot reach the threshold.
    """

    def __init__(self, settings: MonitorSettings) -> None:
        if settings.threshold > (most := reach(settings.weights)):
            raise BadInput(
                f"threshold {settings.threshold} is above {most}, the most that these weights reach"
            )
        self.settings = settings
        self._turns = RLock()
        self._is_open = True
        self._index = AgentIndex(settings.enrolled)
        self._records = AgentRecords(settings.mode, len(settings.weights))
        self._weights = np.array(settings.weights, np.int32)
        self._whole = 0
        """Agents that have their record; any others are left of an interruption."""

    @in_turn
    def __bytes__(self) -> bytes:
        return pack_monitor(self._snapshot())

    @in_turn
    def __len__(self) -> int:
        """Return the number of agents."""
        self._refuse_closed()
        return len(self._index)

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

    @in_turn
    def components(self, agent: AgentId) -> tuple[tuple[int, ...], int]:
        """Return R_1 .. R_K and t of an agent; of an unknown one, what it begins with."""
        self._refuse_closed()
        record = self._records.states[self._index.row(agent, len(self._records))]
        codes = record[HEAD_WORDS:].view(np.int32)[: len(self.settings.weights)]
        return tuple(codes.tolist()), int(record[OBSERVATIONS])

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

    def merge_disjoint(self, other: "AgentStates") -> None:
        """Take in the agents of a monitor with the same settings; the other is left as it is.

        Raises
        ------
        BadInput
            Other settings, or an agent that both have; nothing changed.
        """
        self._merge(other._snapshot())  # in its turn, before this one's: no two wait for each other

    @in_turn
    def remove(self, agent: AgentId) -> None:
        """Forget an agent, if it is known; all others are copied, about 1 s for a million."""
        self._refuse_closed()
        row = self._index.row(agent, -1)
        if row < 0:
            return
        fields = self._snapshot()
        index = AgentIndex(self.settings.enrolled)
        index.named_rows([*fields.agents[:row], *fields.agents[row + 1 :]], True)
        records = AgentRecords(self.settings.mode, len(self.settings.weights))
        records.append(RecordFields._make(np.delete(one, row, axis=0) for one in fields.records))
        self._index, self._records, self._whole = index, records, len(records)

    @in_turn
    def close(self) -> None:
        """Give up the state; from then on every call raises NoDevice."""
        self._is_open = False

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

    def _refuse_more_than_enrolled(self, count: int) -> None:
        enrolled = self.settings.enrolled
        if enrolled is not None and count > enrolled:
            raise BadInput(
                f"{count} agents, but {enrolled} are enrolled: the promise counts these; enrol "
                "more before the next reading"
            )
