"""Monitors in simulated gateware: bit for bit those of the cpu, batch by batch."""

import pytest

import consilience as cs
from consilience.errors import NoDevice
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience_hw.spec.monitor_format import MonitorMode, Policy, Source
from tests.host.monitor.steps_script import BIT, assert_a_fleet_is_the_cpus, drive

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
    assert_a_fleet_is_the_cpus(device, mode, agents=20_000, rows=100_000)


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
