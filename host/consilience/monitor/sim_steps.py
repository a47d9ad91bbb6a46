"""Steps of monitors in the simulated gateware `Monitor`, cycle by cycle."""

from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from consilience.closing import Closes
from consilience.errors import LinkError
from consilience.monitor.steps import AgentSteps, Stepped, StepSettings
from consilience.numbers.arrays import Codes, Words
from consilience_hw.monitor.monitor_beat import MonitorOperation
from consilience_hw.spec.monitor_format import ALARMED
from consilience_sim.compiled.monitor_simulation import MonitorSimulation

__all__ = ["SIM_AGENTS", "SimSteps"]

SIM_AGENTS = 16
"""Agents that the simulated unit holds: a call has as many as it likes, so many at a time."""

_MOST_BEATS = 1 << 16
"""Of one run, in which nothing else can happen: some tenths of a second."""

_value = attrgetter("value")
_UPDATE, _PROVISIONAL = _value(MonitorOperation.UPDATE), _value(MonitorOperation.PROVISIONAL)
_READ, _WRITE = _value(MonitorOperation.READ), _value(MonitorOperation.WRITE)
_BEGIN = _value(MonitorOperation.BEGIN)

Numbers = NDArray[np.int64]


class SimSteps(Closes):
    """The unit on its own stream, not behind the link.

    Every result says whose it is, and that is compared.

    Parameters
    ----------
    components : int
        K.

    Raises
    ------
    CompilerMissing, BuildFailed
        The unit cannot be compiled.
    """

    def __init__(self, components: int) -> None:
        self.simulation = MonitorSimulation(components, SIM_AGENTS)

    def __call__(self, settings: StepSettings, agents: AgentSteps) -> Stepped:
        """Write states, let observations follow, and read states, some agents after the others."""
        count = len(agents.flags)
        beats = len(settings.weights) + 1 + np.diff(agents.offsets)
        parts, first = [], 0
        while first < count:
            within = np.cumsum(beats[first:])
            stop = first + max(SIM_AGENTS, int(np.searchsorted(within, _MOST_BEATS)))
            parts.append(self._run(settings, agents.part(first, min(stop, count))))
            first = stop
        return Stepped(*map(np.concatenate, zip(*parts, strict=True)))

    def close(self) -> None:
        """End the simulation."""
        self.simulation.close()

    def _run(self, settings: StepSettings, agents: AgentSteps) -> Stepped:
        count, rows, width = len(agents.flags), len(agents.increments), len(settings.weights)
        owners = agents.row_agents
        rounds = np.arange(rows) - agents.offsets[owners]
        everyone, nothing = np.arange(count), np.zeros(count, np.int64)
        zeros = np.zeros((count * width, width), np.int32)
        steps = _UPDATE if settings.commit else _PROVISIONAL
        # Turn by turn, so that an agent's updates wait for each other as little as they can.
        agent = np.concatenate((everyone, owners, np.tile(everyone, width)))
        turn = np.concatenate((nothing, rounds, np.repeat(np.arange(width), count)))
        phase = np.repeat([0, 1, 2], [count, rows, count * width])
        order = np.lexsort((agent, turn, phase, agent // SIM_AGENTS))
        kinds = np.repeat([_WRITE, steps, _READ], [count, rows, count * width])
        words = np.concatenate((np.zeros(count + rows, np.int64), turn[count + rows :]))

        def column(first: int, writes: Words) -> Numbers:
            rest = np.zeros(rows + count * width, np.int64)
            return np.append(first, np.concatenate((writes, rest))[order])

        values = np.concatenate((agents.components, agents.increments, zeros))[order]
        found = self.simulation.give(
            np.append(_BEGIN, kinds[order]),
            np.append(0, agent[order] % SIM_AGENTS),
            np.concatenate(([settings.weights], values)),
            count=column(settings.threshold, agents.observations),
            flags=column(0, agents.flags),
            word=np.append(0, words[order]),
            mode=int(settings.mode),
            policy=int(settings.policy),
        )
        answered = order[order >= count]
        if (found.agent != agent[answered] % SIM_AGENTS).any():
            raise LinkError("a result of the monitor belongs to another agent")
        statistics = np.empty(rows, np.int32)
        components: Codes = np.empty((count, width), np.int32)
        status = np.empty(count, np.uint32)
        is_row = answered < count + rows
        row = answered[is_row] - count
        statistics[row] = found.statistic[is_row]
        word, owner = np.divmod(answered[~is_row] - count - rows, count)
        components[owner, word] = found.word[~is_row].view(np.int32)
        status[owner] = found.flags[~is_row]
        status[owners[row[found.alarm[is_row]]]] |= np.uint32(ALARMED)
        return Stepped(statistics, components, status)
