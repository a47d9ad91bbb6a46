"""`Discount` against the golden weights: every weight there is, and policies of every size."""

import random

import numpy as np
import pytest

from consilience_hw.fusion.discount import Discount, age_layout
from consilience_hw.spec.number_formats import AGE_BITS
from consilience_sim import golden
from consilience_sim.compiled import StreamSimulation
from consilience_sim.testing.stream_bench import bits_of, run_stream

LONGEST = (1 << AGE_BITS) - 1
LAST_Q = 18 << 16
"""With a half-life of 65,536 ms an age past the grace is q itself; weights end before."""


def expected(cases):
    return [golden.age_weight(*case) for case in cases]


def beats_of(cases):
    return np.array(cases, dtype="<u4").view(np.uint8).reshape(len(cases), -1)


@pytest.fixture(scope="module")
def unit():
    with StreamSimulation(Discount(), name="Discount") as simulation:
        yield simulation


def weights_of(unit, cases):
    outputs, accepted, produced = unit.run(
        beats_of(cases), len(cases), max_cycles=2 * len(cases) + 100, extra_cycles=5
    )
    assert (produced - accepted == Discount.latency).all()
    assert (np.diff(produced) == 1).all(), "one beat per cycle"
    return (outputs.astype(np.uint32) << (8 * np.arange(outputs.shape[1]))).sum(axis=1).tolist()


def drawn(count, seed):
    """Policies and ages of all sizes, near the borders and far from them."""
    choose = random.Random(seed)

    def number(least=0):
        return max(least, choose.getrandbits(choose.randrange(AGE_BITS + 1)))

    cases = []
    for _ in range(count):
        grace, half_life, max_age = number(), number(1), number()
        near = choose.choice([grace, max_age, half_life, grace + half_life * choose.randrange(19)])
        age = choose.choice([number(), near + choose.randrange(-2, 3), choose.randrange(near + 1)])
        cases.append((min(max(age, 0), LONGEST), grace, half_life, max_age))
    return cases


def test_every_weight(unit):
    """All q from 0 to the last that has a weight and a whole half-life on: 1.18 million."""
    grace = 1_000
    cases = [(grace + q, grace, 1 << 16, LONGEST) for q in range(-3, LAST_Q)]
    found = weights_of(unit, cases)
    assert found == expected(cases)
    assert set(found) == set(range(65537))


def test_every_size_of_policy(unit):
    cases = drawn(200_000, 1)
    assert weights_of(unit, cases) == expected(cases)


def test_extremes(unit):
    ends = [0, 1, 2, 31, 32, 33, 1 << 16, (1 << 31) - 1, 1 << 31, LONGEST - 1, LONGEST]
    cases = [
        (age, grace, half_life, max_age)
        for age in ends
        for grace in ends
        for half_life in ends[1:]
        for max_age in ends
    ]
    assert weights_of(unit, cases) == expected(cases)


def test_without_a_half_life_the_weight_is_zero(unit):
    assert weights_of(unit, [(age, 5, 0, LONGEST) for age in (0, 5, 6, LONGEST)]) == [0] * 4


@pytest.mark.parametrize("gaps", [0.0, 0.5])
def test_the_simulator_of_the_language_agrees(gaps):
    cases = drawn(300, 2)
    dut = Discount()
    names = ("age", "grace", "half_life", "max_age")
    beats = [bits_of(age_layout(), dict(zip(names, case, strict=True))) for case in cases]
    run = run_stream(dut, beats, len(beats), gaps=gaps, seed=3, extra_cycles=5)
    assert run.outputs == expected(cases)
    delays = {b - a for a, b in zip(run.accepted, run.produced, strict=True)}
    assert delays == {dut.latency} == {35}
