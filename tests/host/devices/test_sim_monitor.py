"""Monitors in simulated gateware: bit for bit those of the cpu, batch by batch."""

import numpy as np
import pytest

import consilience as cs
from consilience.errors import NoDevice
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience_hw.spec.monitor_format import MonitorMode, Policy, Source
from tests.host.monitor.steps_script import BIT, drive

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def device():
    with cs.open("sim") as one:
        yield one


@pytest.mark.parametrize("policy", list(Policy), ids=lambda one: one.name)
@pytest.mark.parametrize("mode", list(MonitorMode), ids=lambda one: one.name)
def test_any_calls_give_what_the_cpu_gives(device, mode, policy):
    settings = MonitorSettings(mode, (-BIT, -BIT), 6 * BIT, policy, Source.ASSERTED, None)
    monitors = [Monitor(settings), device.new_monitor(settings)]
    assert drive(monitors, int(mode), batches=20, rows=400) > 0


@pytest.mark.parametrize("mode", ["restart", "cusum", "spread", "once"])
def test_a_hundred_thousand_observations_of_a_fleet(device, mode):
    choose = np.random.default_rng(7)
    lasts = mode in ("spread", "once")
    promise = {"false_alarm": "1/1000"} if lasts else {"arl": 1000}
    agents = choose.integers(0, 20_000, 100_000)
    increments = choose.normal(-BIT // 2, 2 * BIT, (100_000, 2)).astype(np.int32)
    found = []
    with cs.open("cpu") as cpu:
        for one in (cpu, device):
            with one.monitor(mode=mode, source="asserted", policy="renew", **promise) as monitor:
                found.append((monitor.update(agents, increments), bytes(monitor)))
    (ours, state), (theirs, other) = found
    assert ours.statistic.tobytes() == theirs.statistic.tobytes()
    assert ours.alarms.tolist() == theirs.alarms.tolist() != []
    assert state == other


def test_a_closed_device_has_no_monitor():
    device = cs.open("sim")
    monitor = device.monitor(arl=100, source="asserted")
    monitor.update("a", [[1, 2]])
    before = bytes(monitor)
    device.close()
    for use in (lambda: monitor.update("a", [[1, 2]]), lambda: device.monitor(arl=100)):
        with pytest.raises(NoDevice, match="this device is closed"):
            use()
    assert bytes(monitor) == before
