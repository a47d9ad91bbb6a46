"""The recurrence in JAX: the statistics and components of a monitor on cpu and in the model."""

import numpy as np
import pytest

import consilience as cs
from consilience.errors import BadInput
from consilience.jax import monitor_step
from consilience.monitor.steps import AgentSteps, StepSettings
from consilience_hw.spec.monitor_format import MonitorMode, Policy
from tests.host.monitor.steps_script import golden_steps

_ZERO = -(2**31)
_STEPS, _AGENTS, _BETS = 7, 60, 3


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["restart", "cusum", "once", "spread"])
def test_steps_are_those_of_cpu_and_of_the_model(mode):
    draw = np.random.default_rng(9)
    shape = (_STEPS, _AGENTS, _BETS)
    wide = draw.normal(size=shape) * 2.0 ** draw.integers(8, 31, (1, _AGENTS, 1))
    increments = np.rint(wide).clip(_ZERO, 2**31 - 1).astype(np.int32)
    increments[draw.random(shape) < 0.05] = _ZERO
    start = np.rint(draw.normal(size=shape[1:]) * 2**22).astype(np.int32)
    start[:10] = draw.choice([_ZERO, _ZERO + 1, 0, 2**31 - 1], (10, _BETS))
    had = draw.integers(0, 2**20, _AGENTS)
    weights = (-65536, -131072, -(1 << 30))
    found, last = monitor_step(start, increments, np.array(weights, np.int32), mode, had)
    settings = StepSettings(MonitorMode[mode.upper()], Policy.LATCH, 2**31 - 1, weights, True)
    agents = AgentSteps(
        start,
        had.astype(np.uint32),
        np.zeros(_AGENTS, np.uint32),
        _STEPS * np.arange(_AGENTS + 1),
        increments.transpose(1, 0, 2).reshape(-1, _BETS),
    )
    with cs.open("cpu") as device:
        for wanted in (device.monitor_steps(settings, agents), golden_steps(settings, agents)):
            statistics = np.asarray(wanted.statistics).reshape(_AGENTS, _STEPS).T
            np.testing.assert_array_equal(found, statistics)
            np.testing.assert_array_equal(last, wanted.components)


def test_arrays_that_do_not_fit_are_refused():
    zeros = np.zeros((2, 3, 1), np.int32)
    with pytest.raises(BadInput, match="that fit"):
        monitor_step(zeros[0], zeros[:, :2], zeros[0, 0])
    with pytest.raises(BadInput, match="must be int32"):
        monitor_step(zeros[0].astype(float), zeros, zeros[0, 0])
