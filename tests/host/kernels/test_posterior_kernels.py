"""The compiled posteriors against the golden model; also run uncompiled, line by line."""

from fractions import Fraction

import numpy as np
import pytest

from consilience.kernels.kernel_tables import load_tables
from consilience.kernels.posterior_kernels import (
    add_rows,
    difference_segments,
    finish_each,
    normalise_each,
)
from consilience.kernels.sum_kernels import sum_segments
from consilience_hw.spec.flags import CLAMPS_SHIFT
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

ZERO, LOW, HIGH = Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code


@pytest.fixture(params=[True, False], ids=["compiled", "interpreted"])
def compiled(request):
    """Run the kernels as they are, or as the Python they are compiled from."""
    return request.param


def call(kernel, compiled, *arguments):
    (kernel if compiled else kernel.py_func)(*arguments)


def posteriors_of(compiled, evidence, offsets, prior, weight):
    agents, hypotheses = len(offsets) - 1, len(prior)
    d, clamps = np.empty((agents, hypotheses), np.int32), np.empty(agents, np.int64)
    call(difference_segments, compiled, evidence, offsets, prior, weight, d, clamps)
    totals, status = np.empty(agents, np.int32), np.empty(agents, np.uint32)
    sum_segments(d.ravel(), hypotheses * np.arange(agents + 1), load_tables(), totals, status)
    call(normalise_each, compiled, d, clamps, totals, status)
    return d, status


def direct_of(compiled, evidence, agent, prior):
    """Return agents, posteriors and status, as the cpu does for rows of weight 1 in any order."""
    records = np.zeros((agent.max() + 2, 24), np.int64)
    call(add_rows, compiled, evidence, agent, records)
    posterior = np.empty((len(records), len(prior)), np.int32)
    status, places = np.empty(len(records), np.uint32), np.empty(len(records), np.int64)
    with np.errstate(over="ignore"):
        kernel = finish_each if compiled else finish_each.py_func
        count = kernel(records, prior, load_tables(), posterior, status, places)
    return places[:count], posterior[:count], status[:count]


@pytest.mark.parametrize("weighted", [False, True])
def test_posteriors_equal_the_golden_model(compiled, weighted):
    rng = np.random.default_rng(3)
    for trial in range(200 if compiled else 12):
        agents, hypotheses = int(rng.integers(1, 9)), int(rng.integers(2, 17))
        counts = rng.integers(1, 6, agents)
        offsets = np.cumsum([0, *counts]).astype(np.int64)
        rows = int(offsets[-1])
        scale = rng.choice([1, 3 << 16, 1 << 31])
        evidence = -rng.integers(-scale + 1, scale, (rows, hypotheses))
        evidence[rng.random(evidence.shape) < 0.1] = ZERO
        evidence = evidence.astype(np.int32)
        prior = rng.choice([0, -65536, -12345, ZERO], hypotheses).astype(np.int32)
        weight = rng.choice([0, 1, 32768, 65535, 65536], rows).astype(np.uint32)
        given = weight if weighted else np.empty(0, np.uint32)
        posterior, status = posteriors_of(compiled, evidence, offsets, prior, given)
        expected = golden.posteriors(evidence, offsets, prior, weight if weighted else None)
        np.testing.assert_array_equal(posterior, expected[0], f"trial {trial}")
        np.testing.assert_array_equal(status, expected[1], f"trial {trial}")
        if not weighted:
            # Every second number is an agent; its rows lie anywhere.
            order = rng.permutation(rows)
            agent = 1 + 2 * np.repeat(np.arange(agents), counts)
            found = direct_of(compiled, evidence[order], agent[order], prior)
            np.testing.assert_array_equal(found[0], np.unique(agent))
            np.testing.assert_array_equal(found[1], expected[0], f"trial {trial}")
            np.testing.assert_array_equal(found[2], expected[1], f"trial {trial}")


def test_clamps_are_counted_one_by_one(compiled):
    """Two hypotheses share what is left: a third at the lowest difference goes below it."""
    evidence = np.array([[0, 0, LOW, LOW + 65536], [0, LOW, LOW, 0]], np.int32)
    offsets, prior = np.arange(3), np.zeros(4, np.int32)
    posterior, status = posteriors_of(compiled, evidence, offsets, prior, np.empty(0, np.uint32))
    assert (status >> CLAMPS_SHIFT).tolist() == [1, 2]
    expected = golden.posteriors(evidence, offsets, prior)
    _, direct, direct_status = direct_of(compiled, evidence, np.arange(2), prior)
    for found, found_status in ((posterior, status), (direct, direct_status)):
        np.testing.assert_array_equal(found, expected[0])
        np.testing.assert_array_equal(found_status, expected[1])


def test_differences_to_the_largest_sum(compiled):
    """Against fractions: what a unit is given whose log sum is made elsewhere."""
    rng = np.random.default_rng(5)
    offsets = np.array([0, 1, 3, 8])
    evidence = rng.integers(LOW, HIGH, (8, 3)).astype(np.int32)
    weight = rng.integers(0, 65537, 8).astype(np.uint32)
    evidence[0], weight[0] = ZERO, 65536
    prior = np.array([0, -65536, 5], np.int32)
    d, clamps = np.empty((3, 3), np.int32), np.empty(3, np.int64)
    call(difference_segments, compiled, evidence, offsets, prior, weight, d, clamps)
    assert clamps[0] == -1 and (d[0] == ZERO).all()
    for agent in (1, 2):
        rows = range(offsets[agent], offsets[agent + 1])
        sums = [
            int(prior[h]) + sum(Fraction(int(weight[r]) * int(evidence[r, h]), 65536) for r in rows)
            for h in range(3)
        ]
        exact = [round(total - max(sums)) for total in sums]
        assert d[agent].tolist() == [max(value, LOW) for value in exact]
        assert clamps[agent] == sum(value < LOW for value in exact)


def test_rounding_ties_go_to_even(compiled):
    """Weight 1/2 makes exact ties of odd codes."""
    evidence = np.array([[0, -1], [0, -3], [0, -5]], np.int32)
    offsets = np.arange(4)
    half = np.full(3, 32768, np.uint32)
    posterior, _ = posteriors_of(compiled, evidence, offsets, np.zeros(2, np.int32), half)
    # d is -0.5, -1.5, -2.5 ulp: 0, -2, -2.
    assert (posterior[:, 1] - posterior[:, 0]).tolist() == [0, -2, -2]


@pytest.mark.parametrize(
    ("weights", "d"),
    [((32767, 1), 0), ((65536, 32767, 1), -2), ((65536, 32767), -1), ((65536, 32769), -2)],
)
def test_the_last_bit_of_a_product_counts(compiled, weights, d):
    """Sums of odd products at a tie, and one unit of 2**-16 ulp beside it."""
    evidence = np.array([[0, -1]] * len(weights), np.int32)
    offsets, prior = np.array([0, len(weights)]), np.zeros(2, np.int32)
    posterior, _ = posteriors_of(compiled, evidence, offsets, prior, np.array(weights, np.uint32))
    assert posterior[0, 1] - posterior[0, 0] == d
