"""`leave_one_out` of the devices: brute force, a million codes, gateware."""

import itertools
import time

import numpy as np
import pytest

import consilience as cs
from consilience.errors import BadInput
from consilience.live import sim_unit
from consilience.live.sim_unit import SimLiveUnit, simulated_leave_one_out
from consilience_hw.spec.flags import ResultStatus
from consilience_sim import golden

ZERO, HIGH = -(1 << 31), (1 << 31) - 1


def mixed_codes(count, seed=1):
    rng = np.random.default_rng(seed)
    codes = (rng.standard_normal(count) * (20 << 16)).astype(np.int32)
    codes[rng.random(count) < 0.01] = ZERO
    return codes


def brute_force(dev, codes, block=200):
    """Each sum from its own n - 1 codes."""
    count = len(codes)
    found = np.empty(count, np.int32)
    for start in range(0, count, block):
        rows = min(block, count - start)
        table = np.tile(codes, (rows, 1))
        keep = np.ones((rows, count), bool)
        keep[np.arange(rows), start + np.arange(rows)] = False
        flat = table[keep]
        found[start : start + rows] = dev.reduce(flat, np.arange(rows + 1) * (count - 1))
    return found


@pytest.mark.parametrize("highest", [None, HIGH, 90 << 20])
def test_brute_force_of_ten_thousand(highest):
    """A code far above all others holds up the window; without it, everything else counts."""
    codes = mixed_codes(10_000)
    if highest is not None:
        codes[1234] = highest
    with cs.open("cpu") as dev:
        np.testing.assert_array_equal(dev.leave_one_out(codes), brute_force(dev, codes))


def test_a_million_codes():
    codes = mixed_codes(1_000_000)
    with cs.open("cpu") as dev:
        dev.leave_one_out(codes[:2])  # compiles
        begun = time.perf_counter()
        found = dev.leave_one_out(codes)
        assert time.perf_counter() - begun < 2
    for place in (0, 1, 999_999, int(codes.argmax()), int(codes.argmin())):
        others = np.delete(codes, place)
        assert found[place] == golden.log_sums(others, np.array([0, len(others)]))[0][0]


def test_sim_gives_the_same():
    codes = mixed_codes(3_000, seed=2)
    codes[77] = 100 << 20
    with cs.open("cpu") as cpu, cs.open("sim") as sim:
        np.testing.assert_array_equal(sim.leave_one_out(codes), cpu.leave_one_out(codes))
        for few in ([], [5], [ZERO], [HIGH] * 3):
            assert sim.leave_one_out(few).tolist() == cpu.leave_one_out(few).tolist()


def test_sim_decides_what_the_unit_cannot(monkeypatch):
    """It marks about one result in 2**20; here it marks all, and gives the neighbour."""
    apply = SimLiveUnit.apply

    def doubtful(self, *arguments):
        found = apply(self, *arguments)
        marks = found.status | np.uint32(ResultStatus.HARD_TO_ROUND)
        return found._replace(codes=found.codes + 1, status=marks)

    monkeypatch.setattr(SimLiveUnit, "apply", doubtful)
    codes = np.array([5, 1 << 18, ZERO, HIGH, HIGH], np.int32)
    sums, status = simulated_leave_one_out(codes)
    assert list(zip(sums.tolist(), status.tolist(), strict=True)) == golden.leave_one_out(
        codes.tolist()
    )


def test_more_than_the_unit_holds(monkeypatch):
    monkeypatch.setattr(sim_unit, "LIVE_CODES", 2)
    with pytest.raises(BadInput, match="holds 2 codes, not 3"):
        simulated_leave_one_out(np.zeros(3, np.int32))


def test_wrong_arguments():
    with cs.open("cpu") as dev:
        with pytest.raises(BadInput, match="one dimension"):
            dev.leave_one_out(np.zeros((2, 2), np.int32))
        with pytest.raises(BadInput, match="integers"):
            dev.leave_one_out([0.5])


ENDS = [ZERO, ZERO + 1, ZERO + 2, -(1 << 19), -1, 0, 1, (1 << 31) - 2, (1 << 31) - 1]


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_log_of_zero_was_taken_for_a_code_of_the_lowest_bin(length):
    """Every multiset of logs of zero and end codes, in every order, against the definition."""
    with cs.open("cpu") as dev:
        for codes in itertools.product(ENDS if length < 4 else ENDS[:5], repeat=length):
            expected = [code for code, _ in golden.leave_one_out(codes)]
            assert dev.leave_one_out(list(codes)).tolist() == expected, codes
