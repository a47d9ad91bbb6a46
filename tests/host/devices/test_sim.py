"""The simulated device: equal to the cpu, in virtual time, with waves on request."""

import numpy as np
import pytest

from consilience.devices import sim
from consilience.devices.cpu import CpuDevice
from consilience.devices.linked import open_transport
from consilience.devices.opening import open_device
from consilience.devices.sim import SimTransport, simulation_transport
from consilience.errors import BadInput, ConsilienceError, ToolMissing
from consilience.link.transport import TransportClosed
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.cache import CacheUnusable
from consilience_sim.compiled import BuildFailed, CompilerMissing, EngineSimulation

ZERO, HIGH = Q16_16.log_of_zero, Q16_16.max_code


@pytest.fixture(scope="module")
def device():
    with open_device("sim") as one:
        yield one


def test_info(device):
    info = device.info
    assert (info.url, info.board, info.clock_hz) == ("sim", "simulation", 100_000_000)
    assert info.hypotheses == EngineConfig().hypotheses > 0
    assert info.build == f"{EngineConfig().build_hash:016x}"
    assert info.features == ("posterior", "weights", "monitor", "live", "robust")
    assert info.components == 16
    assert info.counters["cycles"] > 0
    assert info.counters["host_resent"] == 0
    assert device.info.counters["frames"] == info.counters["frames"] + 1


def test_reduce_equals_the_cpu(device):
    rng = np.random.default_rng(1)
    codes = np.maximum(rng.integers(-(1 << 31), 1 << 31, 5000) >> rng.integers(0, 20, 5000), ZERO)
    codes = codes.astype(np.int32)
    codes[::50] = rng.choice([ZERO, HIGH, 0, -1], 100)
    offsets = np.sort(np.concatenate([[0, 5000], rng.integers(0, 5000, 700)]))
    ours, theirs = (
        device.reduce_with_status(codes, offsets),
        CpuDevice().reduce_with_status(codes, offsets),
    )
    assert ours.codes.tolist() == theirs.codes.tolist()
    assert ours.status.tolist() == theirs.status.tolist()
    assert device.reduce([]).tolist() == [ZERO]


def test_what_the_gateware_finds_hard_is_decided_exactly(device):
    """Sums at a border's integer part and beside it: marked by the unit, decided by the host."""
    before = device.info.counters["hard_to_round"]
    for f in (1, 777, 40_000, 65_535):
        border = golden.borders.borders(16)[f] >> golden.borders.WIDTH - 58
        for total in (border, border + 1):
            codes = np.array(golden.codes_for_sum(total, 0), np.int32)
            code, status = device.reduce_with_status(codes)
            assert code.tolist() == [golden.log_sum(codes.tolist())[0]]
            assert status.tolist() == [0]
    assert device.info.counters["hard_to_round"] == before + 8


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("hypotheses", [2, 5, 16])
def test_posteriors_equal_the_golden_model(device, weighted, hypotheses):
    rng = np.random.default_rng(hypotheses)
    counts = rng.integers(1, 6, 60)
    agent = rng.permutation(np.repeat(np.arange(60), counts))
    evidence = -rng.integers(0, 30 << 16, (len(agent), hypotheses)).astype(np.int32)
    evidence[rng.random(evidence.shape) < 0.05] = ZERO
    weight = rng.choice([0, 1, 30_000, 65_536], len(agent)).astype(np.uint32)
    prior = -rng.integers(0, 1 << 17, hypotheses)
    result = device.posterior(evidence, agent, prior, weight if weighted else None)
    for k in range(60):
        mine = agent == k
        ones = np.full(mine.sum(), 1 << 16)
        codes, status = golden.posterior(evidence[mine], weight[mine] if weighted else ones, prior)
        assert (result.posterior[k].tolist(), result.status[k]) == (codes, status)


def test_saturation_is_counted(device):
    assert device.reduce_with_status([HIGH, HIGH]).status.tolist() == [ResultStatus.SATURATED]
    assert device.info.counters["saturated"] == 1


def test_timeouts_are_of_virtual_time():
    with_nothing_to_do = open_transport("sim")
    assert isinstance(with_nothing_to_do, SimTransport)
    before = with_nothing_to_do.now()
    assert with_nothing_to_do.receive(0.001) == b""
    assert with_nothing_to_do.now() - before == pytest.approx(0.001)
    with_nothing_to_do.close()
    with_nothing_to_do.close()
    for use in (lambda: with_nothing_to_do.send(b"\0"), lambda: with_nothing_to_do.receive(1.0)):
        with pytest.raises(TransportClosed, match="the simulation is closed"):
            use()


def test_waves(tmp_path, monkeypatch):
    """The URL asks for its engine; one that is compiled in less time takes its place."""
    path = tmp_path / "run.vcd"
    small = EngineConfig(serial=True, hypotheses=0, weights=False, credits=2, largest_payload=256)
    asked = []

    def simulation(config, *, entropy, waves):
        asked.append(config)
        return EngineSimulation(small, entropy=entropy, waves=waves)

    monkeypatch.setattr(sim, "EngineSimulation", simulation)
    with open_device(f"sim?hypotheses=2&credits=2&waves={path}") as device:
        assert device.reduce([0, 0]).tolist() == [1 << 16]
        assert device.info.hypotheses == small.hypotheses
    assert asked == [EngineConfig(hypotheses=2, credits=2)]
    assert path.read_text().startswith("$")


def test_waves_that_end_early_are_told_of(monkeypatch):
    transport = simulation_transport(EngineConfig())

    def full():
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(transport.simulation, "close", full)
        with pytest.raises(
            ConsilienceError, match=r"not complete \(No space .* another file for the waves"
        ):
            transport.close()
    transport.close()


def test_waves_that_cannot_be_written(tmp_path):
    with pytest.raises(BadInput, match=r"cannot be written .* choose another file for the waves"):
        open_device(f"sim?hypotheses=2&credits=2&waves={tmp_path / 'no' / 'run.vcd'}")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (CompilerMissing("install g++"), ToolMissing),
        (BuildFailed("see the log"), ConsilienceError),
        (CacheUnusable("set CONSILIENCE_CACHE"), ConsilienceError),
        (OSError("disk full"), OSError),
    ],
)
def test_builds_that_fail(monkeypatch, raised, told):
    def build(*arguments, **options):
        raise raised

    monkeypatch.setattr(sim, "EngineSimulation", build)
    with pytest.raises(told, match=str(raised)):
        simulation_transport(EngineConfig())
