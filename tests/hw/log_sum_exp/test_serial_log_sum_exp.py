"""`SerialLogSumExp`, compiled: the golden codes, one packet at a time, in the same cycles."""

import numpy as np
import pytest

from consilience_hw.log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.compiled import StreamSimulation, log_sums_of
from consilience_sim.compiled.log_sum_exp_simulation import packed_beats

ZERO, LOW, HIGH = Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code
PAUSE = 450
"""Cycles: more than the latency."""


def packets(lanes, count):
    random = np.random.default_rng(lanes)
    sizes = random.integers(0, 3 * lanes + 2, count)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    base = np.repeat(random.integers(LOW, HIGH, count), sizes)
    scale = np.repeat(np.int64(1) << random.integers(0, 32, count), sizes)
    codes = np.clip(base - (random.random(len(base)) * scale).astype(np.int64), LOW, HIGH)
    special = random.random(len(codes)) < 0.1
    codes = np.where(special, random.choice([ZERO, LOW, HIGH, 0], len(codes)), codes)
    return codes.astype(np.int32), offsets


@pytest.mark.parametrize("lanes", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_packets(lanes):
    codes, offsets = packets(lanes, 600)
    right, flags = golden.log_sums(codes, offsets)
    with StreamSimulation(SerialLogSumExp(lanes=lanes), name="SerialLogSumExp") as simulation:
        for options in ({}, {"gaps": 0.3, "stalls": 0.7, "scatter": 1}):
            got, status = log_sums_of(simulation, lanes, codes, offsets, pause=PAUSE, **options)
            hard = (status & ResultStatus.HARD_TO_ROUND) != 0
            assert (np.abs(got.astype(np.int64) - right) <= hard).all()
            assert (status & ~np.uint32(ResultStatus.HARD_TO_ROUND) == flags).all()
            assert hard.sum() < 3


def test_cycles_do_not_depend_on_codes():
    unit = SerialLogSumExp(lanes=2)
    offsets = np.arange(0, 101, 5)
    random = np.random.default_rng(1)
    runs = []
    with StreamSimulation(unit, name="SerialLogSumExp") as simulation:
        for codes in (
            np.full(100, ZERO),
            np.full(100, HIGH),
            random.integers(ZERO, HIGH, 100),
        ):
            beats = packed_beats(2, codes.astype(np.int32), offsets)
            _, accepted, produced = simulation.run(beats, 20, max_cycles=20_000)
            runs.append((accepted.tolist(), produced.tolist()))
    assert runs[0] == runs[1] == runs[2]
    accepted, produced = runs[0]
    assert {b - a for a, b in zip(accepted[2::3], produced, strict=True)} == {unit.latency}
