"""Monitors, live states, robust fusion over a link: as on the cpu, whatever the link's limits."""

import numpy as np
import pytest

import consilience as cs
from consilience.devices.cpu import CPU_CONFIG, CpuDevice
from consilience.devices.link_device import LinkDevice
from consilience.errors import BadInput, LinkError
from consilience.link.session import LinkSession
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import BoardId
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MonitorMode, Policy, Source
from consilience_sim import golden
from tests.host.monitor.steps_script import BIT, drive

ZERO = Q16_16.log_of_zero


def linked(device=None, config=CPU_CONFIG, **options):
    endpoint = SoftwareEndpoint(device or CpuDevice(), config)
    return LinkDevice(LinkSession(endpoint, "linked"), **options)


def small(**changes):
    """A device whose frames are short, so that records straddle them."""
    has = {"components": 16, "live": True, "robust": True}
    return EngineConfig(board=BoardId.CPU, clock_hz=1, largest_payload=256, **(has | changes))


def settings_of(mode, policy, components):
    weights = (-((components - 1).bit_length()) * BIT,) * components
    return MonitorSettings(mode, weights, 4 * BIT, policy, Source.ASSERTED, None)


@pytest.mark.parametrize(("components", "message_bytes"), [(1, 400), (2, 16 << 20), (16, 5000)])
@pytest.mark.parametrize("policy", list(Policy), ids=lambda one: one.name)
@pytest.mark.parametrize("mode", list(MonitorMode), ids=lambda one: one.name)
def test_monitors(mode, policy, components, message_bytes):
    settings = settings_of(mode, policy, components)
    with linked(config=small(), message_bytes=message_bytes) as device:
        monitors = [Monitor(settings), device.new_monitor(settings)]
        assert drive(monitors, components, batches=6, rows=90) > 0


@pytest.mark.parametrize("mode", list(MonitorMode), ids=lambda one: one.name)
def test_monitors_of_the_golden_model(golden_device, mode):
    settings = settings_of(mode, Policy.RENEW, 3)
    with linked(golden_device, small()) as device:
        monitors = [Monitor(settings), device.new_monitor(settings)]
        assert drive(monitors, 4, batches=4, rows=60) > 0


def test_a_hundred_thousand_observations():
    choose = np.random.default_rng(4)
    agents = choose.integers(0, 30_000, 100_000)
    increments = choose.normal(-BIT // 2, 2 * BIT, (100_000, 2)).astype(np.int32)
    found = []
    for device in (cs.open("cpu"), linked()):
        with device, device.monitor(arl=1000, source="asserted", policy="renew") as monitor:
            found.append((monitor.update(agents, increments), bytes(monitor)))
    (ours, state), (theirs, other) = found
    assert ours.statistic.tobytes() == theirs.statistic.tobytes()
    assert ours.alarms.tolist() == theirs.alarms.tolist() != []
    assert state == other


def test_monitors_over_a_line_that_loses(faulty_line):
    """Faults and resets in mid-message: the right answer, or an error that changed nothing."""
    line = faulty_line(SoftwareEndpoint(CpuDevice(), small(credits=4)), seed=3)
    device = LinkDevice(LinkSession(line, "line"), message_bytes=600)
    settings = settings_of(MonitorMode.CUSUM, Policy.LATCH, 2)
    ours, theirs = Monitor(settings), device.new_monitor(settings)
    choose = np.random.default_rng(8)
    failed = 0
    line.rate = 0.15
    for _ in range(150):
        agents = choose.integers(0, 20, 30)
        increments = choose.normal(0, 2 * BIT, (30, 2)).astype(np.int32)
        before = bytes(theirs)
        try:
            found = theirs.update(agents, increments)
        except LinkError:
            failed += 1
            assert bytes(theirs) == before
            continue
        assert found.statistic.tolist() == ours.update(agents, increments).statistic.tolist()
    assert bytes(ours) == bytes(theirs)
    assert failed < 100
    assert min(line.faults.values()) > 0


def test_live_states():
    choose = np.random.default_rng(5)
    with linked(config=small()) as device, device.live() as live:
        held = {}
        assert live.code == ZERO
        for step in range(30):
            known = np.array(sorted(held), np.int64)
            fresh = np.arange(7) + 10 * step
            codes = choose.integers(-(1 << 20), 1 << 20, 7, dtype=np.int32)
            codes[choose.random(7) < 0.1] = ZERO
            found = [live.enter(fresh, codes)]
            expected = []
            for agent, code in zip(fresh.tolist(), codes.tolist(), strict=True):
                held[agent] = code
                expected.append(golden.log_sum(list(held.values()))[0])
            if len(known):
                gone = choose.choice(known, 2, replace=False)
                found.append(live.change(gone[0], held[gone[0]], 5 * step))
                held[gone[0]] = 5 * step
                expected.append(golden.log_sum(list(held.values()))[0])
                found.append(live.leave(gone[1], held.pop(gone[1])))
                expected.append(golden.log_sum(list(held.values()))[0])
            assert np.concatenate([one.codes for one in found]).tolist() == expected
        assert live.count == len(held)
        live.clear()
        assert (live.count, live.code) == (0, ZERO)


def test_a_live_state_after_a_failure(faulty_line):
    line = faulty_line(SoftwareEndpoint(CpuDevice(), small(credits=4)))
    session = LinkSession(line, "line", retries=1)
    live = LinkDevice(session).live()
    live.enter([1, 2], [5, 6])
    line.rate, line.kinds = 1.0, ("lose",)
    with pytest.raises(LinkError):
        live.change(1, 5, 1 << 20)
    line.rate = 0.0
    assert live.code_of(1) == 1 << 20
    assert live.code == golden.log_sum([1 << 20, 6])[0]


def test_leave_one_out():
    choose = np.random.default_rng(6)
    codes = choose.integers(-(1 << 21), 1 << 21, 3000, dtype=np.int32)
    codes[::100] = ZERO
    with linked(config=small()) as device, cs.open("cpu") as cpu:
        assert device.leave_one_out(codes).tolist() == cpu.leave_one_out(codes).tolist()
        assert device.leave_one_out([]).tolist() == []
        assert device.leave_one_out([7]).tolist() == [ZERO]


def test_robust_fusion():
    choose = np.random.default_rng(9)
    with linked(config=small()) as device, cs.open("cpu") as cpu:
        for faulty, threshold in ((0, 0), (13, -5), (21, 2**70), (3, -(2**70)), (5, 40_000)):
            ratios = choose.integers(-(2**18), 2**18, (64, 3)).astype(np.int32)
            ours, theirs = (one.robust(ratios, faulty, 1 << 17, threshold) for one in (device, cpu))
            for one, other in zip(ours, theirs, strict=True):
                assert np.array_equal(one, other)


def test_what_a_device_lacks():
    with linked(config=small(components=0, live=False, robust=False)) as device:
        for use, what in (
            (lambda: device.monitor(arl=100), "monitor"),
            (device.live, "live unit"),
            (lambda: device.leave_one_out([1]), "live unit"),
            (lambda: device.robust([1, 2, 3, 4], 1, 128), "robust histogram"),
        ):
            with pytest.raises(BadInput, match=f"linked: this device has no {what}; use cpu or"):
                use()
        assert device.info.components == 0
    with (
        linked(config=small(components=2)) as device,
        pytest.raises(BadInput, match="takes monitors of 2 components, not 3; use cpu, or"),
    ):
        device.monitor(components=3, arl=100)


def test_what_a_device_has_is_told():
    assert linked().info.features == ("posterior", "weights", "monitor", "live", "robust")
    assert linked().info.components == 16
    assert cs.open("cpu").info.features == linked().info.features
