"""A device behind a link, against the golden model: same bits, whatever the link's limits."""

import dataclasses
import random

import numpy as np
import pytest

from consilience.devices.cpu import CPU_CONFIG
from consilience.devices.device import Device
from consilience.devices.link_device import LinkDevice
from consilience.errors import BadInput, ConsilienceError, NoDevice
from consilience.link.session import LinkSession
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus
from consilience_hw.spec.link_map import BoardId
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden

ZERO = Q16_16.log_of_zero
HARD = int(ResultStatus.HARD_TO_ROUND)


class GoldenDevice(Device):
    """The golden model; notes how often it was asked, and can be told to add to a status."""

    info = None

    def __init__(self, mark=0):
        self.calls = []
        self.mark = mark

    def sums(self, codes, offsets):
        self.calls.append(len(offsets) - 1)
        return self._marked(*golden.log_sums(codes, offsets))

    def posteriors(self, evidence, offsets, prior, weight):
        self.calls.append(weight is not None)
        return self._marked(*golden.posteriors(evidence, offsets, prior, weight))

    def close(self):
        pass

    def _marked(self, codes, status):
        """Mark every second result, as the neighbour of the right code."""
        if self.mark:
            codes[::2] += 1
            status[::2] |= np.uint32(self.mark)
        return codes, status


def linked(golden_device=None, config=CPU_CONFIG, **options):
    endpoint = SoftwareEndpoint(golden_device or GoldenDevice(), config)
    return LinkDevice(LinkSession(endpoint, "linked"), **options)


def small(**changes):
    return EngineConfig(**({"board": BoardId.CPU, "clock_hz": 1, "largest_payload": 256} | changes))


def evidence_of(rng, agents, hypotheses, most_rows=9):
    offsets = np.append(0, np.cumsum(rng.integers(1, most_rows, agents)))
    rows = int(offsets[-1])
    evidence = rng.integers(-(1 << 22), 1 << 16, (rows, hypotheses), dtype=np.int32)
    evidence[rng.random(evidence.shape) < 0.01] = ZERO
    prior = rng.integers(-(1 << 18), 0, hypotheses, dtype=np.int32)
    return evidence, offsets, prior, rng.integers(0, 65537, rows).astype(np.uint32)


def same(got, expected):
    return all((a == b).all() and a.dtype == b.dtype for a, b in zip(got, expected, strict=True))


@pytest.mark.parametrize("message_bytes", [8, 200, 16 << 20])
@pytest.mark.parametrize("config", [CPU_CONFIG, small(credits=2)])
def test_sums(config, message_bytes):
    rng = np.random.default_rng(message_bytes)
    device = linked(config=config, message_bytes=message_bytes)
    for most in (2, 5, 400):
        offsets = np.append(0, np.cumsum(rng.integers(0, most, 60)))
        codes = rng.integers(-(1 << 22), 1 << 22, offsets[-1], dtype=np.int32)
        assert same(device.sums(codes, offsets), golden.log_sums(codes, offsets))


@pytest.mark.parametrize(
    ("codes", "offsets"),
    [
        ([], [0]),
        ([], [0, 0]),
        ([], [0, 0, 0]),
        ([5], [0, 1]),
        ([5], [0, 0, 0, 1, 1]),
        ([ZERO, ZERO], [0, 2]),
        ([ZERO, 7], [0, 1, 2]),
        ([2**31 - 1, 2**31 - 1], [0, 2]),
    ],
)
def test_sums_at_the_edges(codes, offsets):
    codes, offsets = np.array(codes, np.int32), np.array(offsets, np.int64)
    assert same(linked().sums(codes, offsets), golden.log_sums(codes, offsets))


def test_a_long_segment_over_many_fragments():
    codes = np.random.default_rng(1).integers(-(1 << 16), 1 << 16, 100_000, dtype=np.int32)
    device = linked()
    offsets = np.array([0, 3, 99_990, 100_000])
    assert same(device.sums(codes, offsets), golden.log_sums(codes, offsets))
    assert device.info.counters["frames"] > 400


@pytest.mark.parametrize("message_bytes", [8, 600, 16 << 20])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("hypotheses", [2, 3, 16])
def test_posteriors(hypotheses, weighted, message_bytes):
    rng = np.random.default_rng(hypotheses)
    for config in (CPU_CONFIG, small(credits=2)):
        evidence, offsets, prior, weight = evidence_of(rng, 40, hypotheses)
        weight = weight if weighted else None
        device = linked(config=config, message_bytes=message_bytes)
        got = device.posteriors(evidence, offsets, prior, weight)
        assert same(got, golden.posteriors(evidence, offsets, prior, weight))


def test_posteriors_of_nobody():
    nothing = np.empty((0, 2), np.int32), np.zeros(1, np.int64), np.zeros(2, np.int32), None
    posteriors, status = linked().posteriors(*nothing)
    assert (posteriors.shape, status.shape) == ((0, 2), (0,))


def test_impossible_and_clamped():
    evidence = np.array([[ZERO, ZERO], [-(2**31) + 1, 2**31 - 1]], np.int32)
    offsets, prior = np.array([0, 1, 2]), np.zeros(2, np.int32)
    posteriors, status = linked().posteriors(evidence, offsets, prior, None)
    assert posteriors.tolist() == [[ZERO, ZERO], [-(2**31) + 1, 0]]
    clamped = int(ResultStatus.CLAMPED) | 1 << CLAMPS_SHIFT
    assert status.tolist() == [int(ResultStatus.IMPOSSIBLE), clamped]


def test_weights_that_are_all_one_are_not_sent():
    behind = GoldenDevice()
    device = linked(behind)
    rng = np.random.default_rng(2)
    evidence, offsets, prior, weight = evidence_of(rng, 5, 2)
    ones = np.full_like(weight, 65536)
    got = device.posteriors(evidence, offsets, prior, ones)
    assert same(got, golden.posteriors(evidence, offsets, prior, ones))
    assert not any(behind.calls)
    device.posteriors(evidence, offsets, prior, weight)
    assert any(behind.calls)


def test_sums_that_are_hard_to_round_are_decided_here():
    rng = np.random.default_rng(3)
    offsets = np.append(0, np.cumsum(rng.integers(0, 30, 50)))
    codes = rng.integers(-(1 << 20), 1 << 20, offsets[-1], dtype=np.int32)
    device = linked(GoldenDevice(HARD))
    assert same(device.sums(codes, offsets), golden.log_sums(codes, offsets))
    assert device.info.counters["hard_to_round"] > 0


@pytest.mark.parametrize("weighted", [False, True])
def test_posteriors_that_are_hard_to_round_are_decided_here(weighted):
    evidence, offsets, prior, weight = evidence_of(np.random.default_rng(4), 30, 3)
    weight = weight if weighted else None
    device = linked(GoldenDevice(HARD))
    got = device.posteriors(evidence, offsets, prior, weight)
    assert same(got, golden.posteriors(evidence, offsets, prior, weight))


def test_over_capacity_is_an_error():
    device = linked(GoldenDevice(int(ResultStatus.OVER_CAPACITY)))
    with pytest.raises(BadInput, match=r"^linked: more than 2\*\*32 codes in a segment; split it"):
        device.sums(np.zeros(4, np.int32), np.array([0, 4]))
    evidence, offsets, prior, _ = evidence_of(np.random.default_rng(5), 3, 2)
    with pytest.raises(BadInput, match=r"^linked: more than 2\*\*32 rows of an agent; split them"):
        device.posteriors(evidence, offsets, prior, None)


@pytest.mark.parametrize(
    ("config", "lacks"),
    [
        (small(hypotheses=2), "takes 2 hypotheses, not 3"),
        (small(hypotheses=3, weights=False), "takes no weights but 65536"),
    ],
)
def test_what_a_device_lacks(config, lacks):
    device = linked(config=config)
    evidence, offsets, prior, weight = evidence_of(np.random.default_rng(6), 3, 3)
    with pytest.raises(BadInput, match=f"linked: this device {lacks}; use cpu, or gateware"):
        device.posteriors(evidence, offsets, prior, weight)
    codes = np.arange(5, dtype=np.int32)
    assert same(device.sums(codes, np.array([0, 5])), golden.log_sums(codes, np.array([0, 5])))


@pytest.mark.parametrize("mark", [0, HARD])
@pytest.mark.parametrize("weighted", [False, True])
def test_posteriors_of_a_device_that_does_log_sums_alone(weighted, mark):
    """The rows are added here, and what the device does is one log sum per agent."""
    golden_device = GoldenDevice(mark)
    device = linked(golden_device, config=small(hypotheses=0, weights=False))
    for seed, agents, hypotheses in ((8, 40, 2), (9, 30, 5), (10, 0, 3)):
        evidence, offsets, prior, weight = evidence_of(
            np.random.default_rng(seed), agents, hypotheses
        )
        for start in (prior, np.where(np.arange(hypotheses) < 1, prior, ZERO)):
            start = start.astype(np.int32)
            weights = weight if weighted else None
            got = device.posteriors(evidence, offsets, start, weights)
            assert same(got, golden.posteriors(evidence, offsets, start, weights))
    assert True not in golden_device.calls, "no posterior was asked of it"


def test_info(monkeypatch):
    config = EngineConfig(lanes=8, hypotheses=4, board=BoardId.ULX3S_85F, clock_hz=1000)
    monkeypatch.setattr(SoftwareEndpoint, "counters", {"cycles": 9})
    device = linked(config=config)
    info = device.info
    assert dataclasses.asdict(info) | {"counters": None, "format": None} == {
        "url": "linked",
        "board": "ulx3s_85f",
        "version": ".".join(map(str, config.version)),
        "build": f"{config.build_hash:016x}",
        "clock_hz": 1000,
        "format": None,
        "lanes": 8,
        "hypotheses": 4,
        "components": 0,
        "features": ("posterior", "weights"),
        "error_bound_ulp": 0.55,
        "counters": None,
    }
    assert info.format == Q16_16
    assert info.counters["cycles"] == 9
    assert info.counters["frames"] == 1
    assert device.info.counters["frames"] == 2
    assert device.info.counters["host_requests"] == 4
    assert linked().info.clock_hz == 0


def test_the_public_calls_run_over_the_link():
    choose = random.Random(7)
    with linked() as device:
        codes = [choose.randint(-1000, 1000) for _ in range(50)]
        assert device.reduce(codes) == golden.log_sums(np.array(codes), np.array([0, 50]))[0]
        result = device.posterior([[-5, -6], [0, 0], [-1, -2]], [3, 1, 3], [0, 0])
        assert result.ids.tolist() == [1, 3]
    with pytest.raises(ConsilienceError, match="the endpoint was closed"):
        device.reduce(codes)


def test_opening():
    device = LinkDevice.over(LinkSession(SoftwareEndpoint(GoldenDevice()), "here"))
    assert device.info.url == "here"
    other = small(fmt=LogFormat(mantissa_bits=25), hypotheses=0, weights=False)
    endpoint = SoftwareEndpoint(GoldenDevice(), other)
    with pytest.raises(NoDevice, match=r"here: the device runs Q16.16 .id 0x10101937., this host"):
        LinkDevice.over(LinkSession(endpoint, "here"))
    with pytest.raises(ConsilienceError, match="closed"):
        endpoint.send(b"")
