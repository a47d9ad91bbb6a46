"""10^6 codes of mixed scale: one code on every device, one state for every order and every tree."""

import random

import numpy as np
import pytest

import consilience as cs
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.reference.reference import error_in_ulp

ZERO = Q16_16.log_of_zero
N = 1_000_000


def mixed_scale(rng):
    """Draw codes near one another, spread around the window, and anywhere; some are zero."""
    near = rng.normal(-20, 8, N // 2) * 65536
    around = rng.uniform(-150, 0, N // 4) * 65536
    anywhere = rng.uniform(-32768, -20, N - N // 2 - N // 4) * 65536
    codes = np.rint(np.concatenate([near, around, anywhere])).astype(np.int32)
    codes[rng.random(N) < 0.001] = ZERO
    return rng.permutation(codes)


@pytest.fixture(scope="module")
def codes():
    return mixed_scale(np.random.default_rng(20_26))


@pytest.fixture(scope="module")
def state(codes):
    return cs.LogSum.of(codes)


def test_cpu_equals_the_golden_model_and_the_state(codes, state):
    with cs.open("cpu") as device:
        (code,) = device.reduce(codes)
    expected, _ = golden.log_sums(codes, np.array([0, N]))
    assert code == expected[0] == state.code == state.window().code


def test_error_against_mathematics(codes, state):
    assert error_in_ulp(state.code, codes) <= 0.55
    rng = np.random.default_rng(1)
    for n in (2, 3, 10, 1000):
        for _ in range(50):
            part = rng.choice(codes[codes != ZERO], n)
            assert error_in_ulp(cs.LogSum.of(part).code, part) <= 0.55


def test_twenty_shuffles_give_the_same_bytes(codes, state):
    rng = np.random.default_rng(2)
    for _ in range(20):
        assert bytes(cs.LogSum.of(rng.permutation(codes))) == bytes(state)
    assert bytes(cs.LogSum.of(np.sort(codes))) == bytes(state)
    assert bytes(cs.LogSum.of(np.sort(codes)[::-1])) == bytes(state)


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 16, 100, 511, 1024])
def test_any_split_merged_in_a_random_tree_gives_the_same_bytes(codes, state, parts):
    choose = random.Random(parts)
    borders = sorted(choose.sample(range(N), parts - 1))
    for kind in (cs.LogSum, cs.WindowSum):
        states = [kind.of(part) for part in np.split(codes, borders)]
        while len(states) > 1:
            left = states.pop(choose.randrange(len(states)))
            right = states.pop(choose.randrange(len(states)))
            states.append(left.merge(right))
        assert bytes(states[0]) == bytes(state if kind is cs.LogSum else state.window())


@pytest.mark.slow
def test_sim_equals_cpu(codes, state):
    with cs.open("sim") as device:
        assert device.reduce(codes).tolist() == [state.code]
        offsets = np.arange(0, N + 1, N // 1000)
        some = device.reduce(codes[:100_000], offsets[:101])
    with cs.open("cpu") as device:
        assert some.tolist() == device.reduce(codes[:100_000], offsets[:101]).tolist()
