"""A simulated engine with all units: over its link, bit for bit what the cpu gives."""

import numpy as np
import pytest

import consilience as cs
from consilience.errors import BadInput, ConsilienceError
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience_hw.spec.link_map import FrameType
from consilience_hw.spec.monitor_format import MonitorMode, Policy, Source
from tests.host.monitor.steps_script import BIT, ZERO, assert_a_fleet_is_the_cpus, drive

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def device():
    with cs.open("sim?hypotheses=2&components=2&live=1&robust=1") as one:
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
    before = device.info.counters
    agents, increments = assert_a_fleet_is_the_cpus(device, mode, agents=8_000, rows=25_000)
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


def test_leave_one_out(device):
    choose = np.random.default_rng(6)
    codes = choose.integers(-(1 << 21), 1 << 21, 4000, dtype=np.int32)
    codes[::100] = ZERO
    before = device.info.counters["results"]
    with cs.open("cpu") as cpu:
        assert device.leave_one_out(codes).tolist() == cpu.leave_one_out(codes).tolist()
    assert device.leave_one_out([7]).tolist() == [ZERO]
    assert device.info.counters["results"] == before + 4001


def test_live_states(device):
    choose = np.random.default_rng(5)
    with cs.open("cpu") as cpu, cpu.live() as theirs, device.live() as ours:
        held = {}
        for step in range(25):
            agents = np.arange(9) + 10 * step
            codes = choose.integers(-(1 << 20), 1 << 20, 9, dtype=np.int32)
            codes[choose.random(9) < 0.1] = ZERO
            one, other = ours.enter(agents, codes), theirs.enter(agents, codes)
            assert one.codes.tolist() == other.codes.tolist()
            held |= zip(agents.tolist(), codes.tolist(), strict=True)
            gone = choose.choice(sorted(held), 3, replace=False).tolist()
            old = [held.pop(agent) for agent in gone]
            one, other = ours.leave(gone, old), theirs.leave(gone, old)
            assert one.codes.tolist() == other.codes.tolist()
            assert ours.code == theirs.code
        assert bytes(ours.state()) == bytes(theirs.state())


def test_robust_fusion(device):
    choose = np.random.default_rng(9)
    before = device.info.counters["results"]
    with cs.open("cpu") as cpu:
        for faulty, threshold in ((0, 0), (13, -5), (21, 2**70), (3, -(2**70)), (5, 40_000)):
            ratios = choose.integers(-(2**18), 2**18, (64, 3)).astype(np.int32)
            ours, theirs = (one.robust(ratios, faulty, 1 << 17, threshold) for one in (device, cpu))
            for one, other in zip(ours, theirs, strict=True):
                assert np.array_equal(one, other)
    assert device.info.counters["results"] == before + 15
    # What is given up leaves no ratio behind.
    session, part = device._session, np.array([9, 1, 0, 0, 0, 0, 0, 5], "<u4")
    with pytest.raises(ConsilienceError, match="BAD_LENGTH"):
        session.execute(FrameType.ROBUST, part.data.cast("B"))
    assert device.robust([1, 2, 3, 4], 1, 128).trimmed_sum == 5
