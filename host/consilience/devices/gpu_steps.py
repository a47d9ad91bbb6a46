"""Steps of monitors on a GPU, one agent a thread."""

from typing import Any

import numpy as np

from consilience.monitor.statistics import log_add_constants
from consilience.monitor.steps import AgentSteps, Stepped, StepSettings

__all__ = ["gpu_steps"]

_THREADS = 64


def gpu_steps(cuda: Any, settings: StepSettings, agents: AgentSteps) -> Stepped:
    """Carry out steps with the kernel; `cuda` is numba.cuda."""
    from consilience.kernels.gpu_monitor_kernels import step_agents

    count = len(agents.flags)
    if not count:
        empty = np.zeros(0, np.int32)
        return Stepped(empty, agents.components.copy(), np.zeros(0, np.uint32))
    wide = (settings.weights, log_add_constants(), agents.observations, agents.offsets)
    given = [cuda.to_device(np.asarray(one, np.int64)) for one in (*wide, agents.increments)]
    components, flags = (
        cuda.to_device(one.astype(np.int64)) for one in (agents.components, agents.flags)
    )
    statistics = cuda.device_array(len(agents.increments), np.int64)
    numbers = map(int, (settings.mode, settings.policy, settings.threshold, settings.commit))
    kernel = step_agents[-(-count // _THREADS), _THREADS]
    kernel(*map(np.int64, numbers), *given, components, flags, statistics)
    return Stepped(
        statistics.copy_to_host().astype(np.int32),
        components.copy_to_host().astype(np.int32),
        flags.copy_to_host().astype(np.uint32),
    )
