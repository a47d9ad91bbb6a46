"""Monitors whose recurrence something else carries out: as those of the cpu, or unchanged."""

import numpy as np
import pytest

from consilience.errors import BadInput, LinkError
from consilience.monitor.cpu_steps import cpu_steps
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.steps import AgentSteps, StepSettings
from consilience_hw.spec.monitor_format import ALARMED, AgentFlag, MonitorMode, Policy, Source
from tests.host.monitor.steps_script import BIT, MAX, ZERO, drive, golden_steps

MODES, POLICIES = list(MonitorMode), list(Policy)


def settings_of(mode, policy, components=2, threshold=4 * BIT, enrolled=None):
    weights = (-((components - 1).bit_length()) * BIT,) * components
    return MonitorSettings(mode, weights, threshold, policy, Source.ASSERTED, enrolled)


@pytest.mark.parametrize("components", [1, 2, 5])
@pytest.mark.parametrize("policy", POLICIES, ids=lambda one: one.name)
@pytest.mark.parametrize("mode", MODES, ids=lambda one: one.name)
def test_any_calls_give_what_the_cpu_gives(mode, policy, components):
    settings = settings_of(mode, policy, components)
    monitors = [Monitor(settings), Monitor(settings, cpu_steps)]
    assert drive(monitors, components, batches=25, rows=120) > 0


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("mode", MODES, ids=lambda one: one.name)
def test_the_steps_of_the_cpu_are_golden(mode, commit):
    choose = np.random.default_rng(3)
    for policy in POLICIES:
        settings = StepSettings(mode, policy, 3 * BIT, (-BIT, -2 * BIT, -2 * BIT), commit)
        agents = AgentSteps(
            choose.choice([ZERO, 0, MAX, -BIT, 5], (9, 3)).astype(np.int32),
            choose.choice([0, 1, 6, (1 << 32) - 1], 9).astype(np.uint32),
            choose.integers(0, 4, 9).astype(np.uint32),
            np.append(0, np.cumsum(choose.integers(1, 6, 9))),
            choose.choice([ZERO, 0, MAX, BIT, -BIT, 7], (45, 3)).astype(np.int32),
        )
        agents = agents._replace(increments=agents.increments[: agents.offsets[-1]])
        expected = golden_steps(settings, agents)
        found = cpu_steps(settings, agents)
        for ours, golden in zip(found, expected, strict=True):
            assert ours.tolist() == golden.tolist()
            assert ours.dtype == golden.dtype


@pytest.mark.parametrize("policy", POLICIES, ids=lambda one: one.name)
def test_what_was_seen_is_as_the_row_before_left_it(policy):
    settings = settings_of(MonitorMode.ONCE, policy, threshold=3 * BIT)
    rows = [4 * BIT, 9, -BIT, 9, 5 * BIT, 9]
    found = []
    for one in (Monitor(settings), Monitor(settings, cpu_steps)):
        one.update("a", [[BIT, BIT]], sequence=[1])
        batch = one.update(["b", "a"] * 6, np.repeat(rows, 4).reshape(12, 2), sequence=[1, 2] * 6)
        found.append((batch.statistic.tolist(), batch.alarms.tolist(), bytes(one)))
    assert found[0] == found[1]


def test_a_device_that_fails_leaves_all_as_it_was():
    calls = []

    def fails(settings, agents):
        calls.append(len(agents.increments))
        if len(calls) > 1:
            raise LinkError("gone", {})
        return cpu_steps(settings, agents)

    monitor = Monitor(settings_of(MonitorMode.CUSUM, Policy.LATCH), fails)
    monitor.update(["a", "b"], [[1, 2], [3, 4]], sequence=[5, 6])
    before = bytes(monitor)
    with pytest.raises(LinkError, match="gone"):
        monitor.update(["a", "c", "b"], [[9 * BIT] * 2] * 3, sequence=[7, 1, 9])
    assert bytes(monitor) == before
    assert not monitor.knows("c")
    assert calls == [2, 3]


@pytest.mark.parametrize("wrong", ["alarm", "latched", "saturated", "components", "flags"])
def test_an_answer_that_does_not_fit_itself_is_refused(wrong):
    def lies(settings, agents):
        found = cpu_steps(settings, agents)
        if wrong == "components":
            found.components[0] += 1
        change = {"alarm": ALARMED, "latched": AgentFlag.LATCHED, "flags": AgentFlag.SATURATED}
        found.status[0] ^= np.uint32(change.get(wrong, 0))
        if wrong == "saturated":
            found.status[0] &= ~np.uint32(AgentFlag.SATURATED)
        return found

    commit = wrong not in ("components", "flags")
    settings = settings_of(MonitorMode.ONCE, Policy.LATCH)
    monitor, honest = Monitor(settings, lies), Monitor(settings)
    honest.update("a", [[MAX, MAX]])
    honest.update("a", [[MAX, MAX]])
    monitor._merge(honest._snapshot())
    before = bytes(monitor)
    with pytest.raises(LinkError, match="not those of its own statistics; nothing was changed"):
        monitor.update("a", [[BIT, BIT]], commit)
    assert bytes(monitor) == before


def test_more_observations_than_a_device_counts():
    settings = settings_of(MonitorMode.SPREAD, Policy.LATCH)
    monitor, cpu = Monitor(settings, cpu_steps), Monitor(settings)
    for one in (monitor, cpu):
        one.update("a", [[0, 0]])
        one._records.states[0, 2] = (1 << 33) - 2
    assert monitor.update("a", [[BIT, 1]]).statistic == cpu.update("a", [[BIT, 1]]).statistic
    with pytest.raises(BadInput, match="observations of one agent; no device counts so many"):
        monitor.update("a", [[BIT, 1]])
