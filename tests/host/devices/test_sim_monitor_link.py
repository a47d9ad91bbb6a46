"""Monitors of a simulated engine that has MONITOR: over its link, bit for bit those of the cpu."""

import numpy as np
import pytest

import consilience as cs
from consilience.errors import BadInput
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience_hw.spec.monitor_format import MonitorMode, Policy, Source
from tests.host.monitor.steps_script import BIT, drive

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def device():
    with cs.open("sim?hypotheses=2&components=2") as one:
        yield one


@pytest.mark.parametrize("policy", list(Policy), ids=lambda one: one.name)
@pytest.mark.parametrize("mode", list(MonitorMode), ids=lambda one: one.name)
def test_any_calls_give_what_the_cpu_gives(device, mode, policy):
    for components in (1, 2):
        weights = (-BIT,) * components
        settings = MonitorSettings(mode, weights, 6 * BIT, policy, Source.ASSERTED, None)
        monitors = [Monitor(settings), device.new_monitor(settings)]
        assert drive(monitors, int(mode), batches=8, rows=150) > 0


@pytest.mark.parametrize("mode", ["restart", "cusum", "spread", "once"])
def test_25_000_observations_of_a_fleet(device, mode):
    """100,000 in all."""
    choose = np.random.default_rng(7)
    lasts = mode in ("spread", "once")
    promise = {"false_alarm": "1/1000"} if lasts else {"arl": 1000}
    agents = choose.integers(0, 8_000, 25_000)
    increments = choose.normal(-BIT // 2, 2 * BIT, (25_000, 2)).astype(np.int32)
    before = device.info.counters
    found = []
    with cs.open("cpu") as cpu:
        for one in (cpu, device):
            with one.monitor(mode=mode, source="asserted", policy="renew", **promise) as monitor:
                found.append((monitor.update(agents, increments), bytes(monitor)))
    (ours, state), (theirs, other) = found
    assert ours.statistic.tobytes() == theirs.statistic.tobytes()
    assert ours.alarms.tolist() == theirs.alarms.tolist() != []
    assert state == other
    # It was the engine's work.
    counters = device.info.counters
    assert counters["codes"] - before["codes"] == increments.size
    assert counters["results"] - before["results"] >= len(np.unique(agents))


def test_other_work_goes_on_beside_it(device):
    codes = np.arange(300, dtype=np.int32)
    with cs.open("cpu") as cpu:
        assert device.reduce(codes).tolist() == cpu.reduce(codes).tolist()
        evidence = [[-5, -6], [0, 0], [-1, -2]]
        ours, theirs = (one.posterior(evidence, [3, 1, 3], [0, 0]) for one in (device, cpu))
        assert ours.posterior.tolist() == theirs.posterior.tolist()


def test_more_components_than_it_has(device):
    assert device.info.components == 2
    with pytest.raises(BadInput, match="takes monitors of 2 components, not 3"):
        device.monitor(components=3, arl=100)
