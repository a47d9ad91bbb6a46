"""The parts of a run: what is compared is refused if it differs, what does not fit is left out."""

import importlib.machinery
import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from consilience.devices.cpu import CpuDevice
from consilience.errors import ConsilienceError, Mismatch, ToolMissing
from consilience_hw.spec.flags import ResultStatus
from consilience_sim.compiled import BuildFailed, CompilerMissing
from consilience_tools.benchmark import cpu as cpu_parts
from consilience_tools.benchmark import simulated, workload
from consilience_tools.benchmark.accuracy import CPU, FLOAT32_LOGADDEXP, errors
from consilience_tools.benchmark.plan import FULL, QUICK, staged
from consilience_tools.benchmark.simulated import (
    Job,
    compiled,
    jobs_through_streams,
    refuse_mismatch,
)

SMALL = replace(QUICK, elements=500, sizes=(100, 10**5, 10**6))


def silent(_stage, _done, _total):
    pass


@pytest.fixture
def cpu():
    with CpuDevice() as one:
        yield one


def test_what_does_not_fit_is_left_out_and_said(cpu, monkeypatch):
    monkeypatch.setattr(cpu_parts, "available_bytes", lambda: 2_000_000)
    sizes = cpu_parts.sizes(cpu, SMALL, silent)
    assert list(sizes.reduce) == [100, 10**5]
    assert list(sizes.scipy) == [100]
    assert sizes.left_out == {10**6: "needs 4 MB, 2 MB are available"}


@pytest.mark.parametrize("available", [None, 10**12])
def test_all_that_fits_is_measured(cpu, monkeypatch, available):
    monkeypatch.setattr(cpu_parts, "available_bytes", lambda: available)
    assert list(cpu_parts.sizes(cpu, SMALL, silent).reduce) == list(SMALL.sizes)


def test_a_device_that_differs_from_scipy_is_refused(cpu, monkeypatch):
    reduce = CpuDevice.reduce
    monkeypatch.setattr(CpuDevice, "reduce", lambda *given: reduce(*given) + 2)
    with pytest.raises(Mismatch, match="the cpu device gives"):
        cpu_parts.data_sets(cpu, SMALL, silent)


def test_jax_takes_part_where_it_is_installed(cpu, monkeypatch):
    """A stand-in with the few names that are used."""

    class Value(float):
        def block_until_ready(self):
            return self

    seen = []

    def log_sum_exp(values):
        seen.append(values.dtype)
        return Value(workload.max_shifted_sum(values))

    jax, scipy, special = (
        types.ModuleType(f"jax{part}") for part in ("", ".scipy", ".scipy.special")
    )
    jax.__spec__ = importlib.machinery.ModuleSpec("jax", None)
    jax.numpy, jax.jit, special.logsumexp = np, lambda function: function, log_sum_exp
    for module in (jax, scipy, special):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    (first, *_) = cpu_parts.data_sets(cpu, SMALL, silent)
    assert workload.JAX in first.timings
    assert set(seen) == {np.dtype(np.float32)}


def test_without_jax_nothing_is_measured_for_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert workload.jax_sum(np.zeros(3)) is None


def test_errors_are_below_the_bound_and_float32_drifts(cpu):
    small, large = errors(cpu, replace(SMALL, draws=((2, 50), (10**5, 8))), silent)
    assert (small.n, small.draws) == (2, 50)
    assert 0.3 < small.worst[CPU] <= 0.55
    assert large.worst[CPU] <= 0.55
    assert large.worst[FLOAT32_LOGADDEXP] > 1
    assert large.worst["SciPy, float64"] < 1e-6


def test_a_simulation_that_differs_is_refused():
    job = Job("engine", "job", "code", 3, None, 10, None)
    refuse_mismatch(job, np.arange(3), np.arange(3))
    with pytest.raises(Mismatch, match="engine, job: 2 of 3 codes are not those of the cpu"):
        refuse_mismatch(job, np.array([0, 5, 5]), np.arange(3))
    assert job.cycles_per_element == pytest.approx(10 / 3)


class MarkedStream:
    """Gives every code one too high, and marks all as hard to round."""

    def __init__(self, codes):
        self._codes = codes

    def run(self, _beats, packets, **_limits):
        offsets = np.array([0, len(self._codes)]) if packets == 1 else range(packets + 1)
        sums = CpuDevice().reduce(self._codes, np.asarray(offsets)) + np.int32(1)
        outputs = np.zeros((packets, 5), np.uint8)
        outputs[:, :4] = sums.astype("<i4").view(np.uint8).reshape(-1, 4)
        outputs[:, 4] = ResultStatus.HARD_TO_ROUND
        return outputs, np.arange(packets), np.arange(packets)


def test_wrong_codes_that_are_all_marked_were_compared_with_nothing(cpu):
    plan = replace(SMALL, sim_codes=50, sim_runs=1)
    codes, _ = simulated._drawn(plan)
    with pytest.raises(Mismatch, match="1 of 1 codes are not those of the cpu"):
        jobs_through_streams({1: MarkedStream(codes)}, cpu, plan, silent)


@pytest.mark.parametrize(
    ("raised", "told"), [(CompilerMissing, ToolMissing), (BuildFailed, ConsilienceError)]
)
def test_a_build_that_fails(monkeypatch, raised, told):
    def build(lanes):
        raise raised(f"no {lanes} lanes")

    monkeypatch.setattr(simulated, "log_sum_exp_simulation", build)
    with pytest.raises(told, match="no 1 lanes"), compiled((1,), silent):
        pass


def test_a_stage_tells_parts_of_its_steps():
    told = []
    for step, advance in staged(lambda *given: told.append(given), "name", "ab"):
        if step == "b":
            advance(0.5)
    parts = [(0, 200), (100, 200), (150, 200), (200, 200)]
    assert told == [("name", *part) for part in parts]


def test_the_plan_is_that_of_the_documentation():
    assert FULL.elements == 10**7
    assert FULL.sizes == (10**4, 10**5, 10**6, 10**7, 10**8)
    assert FULL.hypotheses == tuple(range(2, 9))
    assert (FULL.agents, FULL.sim_codes, FULL.lanes) == (10**6, 10**6, 64)
    assert FULL.effort.runs == 30
