"""Steps of monitors on this machine: for devices that are served to others."""

import numpy as np

from consilience.kernels.monitor_kernels import FLAGS, update_each
from consilience.monitor.agent_records import AgentRecords, RecordFields
from consilience.monitor.statistics import log_add_constants
from consilience.monitor.steps import AgentSteps, Stepped, StepSettings
from consilience_hw.spec.monitor_format import ALARMED

__all__ = ["cpu_steps"]


def cpu_steps(settings: StepSettings, agents: AgentSteps) -> Stepped:
    """Carry out steps with the kernel of the cpu's monitors."""
    count, rows = len(agents.flags), len(agents.increments)
    records = AgentRecords(settings.mode, len(settings.weights))
    many, few = np.zeros(count, np.uint64), np.zeros(count, np.uint32)
    observations, flags = agents.observations.astype(np.int64), agents.flags.astype(np.uint8)
    records.append(
        RecordFields(
            agents.components, observations, observations, flags, many, many, many, few, few, few
        )
    )
    statistics, alarms = np.empty(rows, np.int32), np.empty(rows, np.int64)
    row_agents = agents.row_agents
    alarmed = update_each(
        row_agents.astype(np.int32),
        agents.increments,
        np.empty(0, np.int64),
        settings.commit,
        int(settings.mode),
        int(settings.policy),
        settings.threshold,
        np.array(settings.weights, np.int32),
        log_add_constants(),
        records.states,
        statistics,
        alarms,
    )
    status = (records.states[:-1, FLAGS] >> 32).astype(np.uint32)
    status[row_agents[alarms[:alarmed]]] |= np.uint32(ALARMED)
    return Stepped(statistics, records.fields.components, status)
