"""The compiled kernels against the golden model; also run uncompiled, line by line."""

from fractions import Fraction

import numpy as np
import pytest

from consilience.kernels import kernels
from consilience.kernels.kernel_tables import load_tables
from consilience.kernels.kernels import difference_segments, posterior_segments, sum_segments
from consilience_hw.spec.flags import CLAMPS_SHIFT
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

ZERO, LOW, HIGH = Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code


@pytest.fixture(params=[True, False], ids=["compiled", "interpreted"])
def compiled(request, monkeypatch):
    """Run the kernels as they are, or as the Python they are compiled from."""
    if not request.param:
        for name in ("_largest", "_cut_sums", "_log_sum"):
            monkeypatch.setattr(kernels, name, getattr(kernels, name).py_func)
    return request.param


def call(kernel, compiled, *arguments):
    # NumPy tells of a sum that is meant to wrap.
    with np.errstate(over="ignore"):
        (kernel if compiled else kernel.py_func)(*arguments)


def sums_of(compiled, codes, offsets):
    sums, status = np.empty(len(offsets) - 1, np.int32), np.empty(len(offsets) - 1, np.uint32)
    call(sum_segments, compiled, codes, offsets, load_tables(), sums, status)
    return sums, status


def segments(rng, count):
    """Return segments of mixed length and scale, special codes among them, as CSR."""
    parts = []
    for _ in range(count):
        length = rng.choice([0, 1, 2, 3, 8, 40])
        base = rng.integers(LOW, HIGH)
        scale = rng.choice([1, 1 << 16, 70 << 16, 1 << 31])
        part = np.maximum(base - rng.integers(0, scale, length), ZERO)
        special = rng.random(length) < 0.1
        parts.append(np.where(special, rng.choice([ZERO, LOW, HIGH, 0, -1], length), part))
    offsets = np.cumsum([0] + [len(part) for part in parts]).astype(np.int64)
    return np.concatenate(parts).astype(np.int32), offsets


def test_sums_equal_the_golden_model(compiled):
    codes, offsets = segments(np.random.default_rng(1), 20_000 if compiled else 300)
    sums, status = sums_of(compiled, codes, offsets)
    expected, expected_status = golden.log_sums(codes, offsets)
    np.testing.assert_array_equal(sums, expected)
    np.testing.assert_array_equal(status, expected_status)


@pytest.mark.parametrize("order", ["up", "down", "drawn", "zeros-first", "one-late"])
def test_a_top_that_rises_from_chunk_to_chunk(compiled, order, monkeypatch):
    """What was added under a lower top is added once more, all of it and nothing else."""
    chunk = kernels._CHUNK
    if not compiled:
        chunk = 10
        monkeypatch.setattr(kernels, "_CHUNK", chunk)
    rng = np.random.default_rng(3)
    for length in (chunk, chunk + 1, 4 * chunk - 1, 5 * chunk):
        codes = rng.integers(-30 << 16, 0, length).astype(np.int32)
        if order == "up":
            codes.sort()
        elif order == "down":
            codes[::-1].sort()
        elif order == "zeros-first":
            codes[: chunk + chunk // 2] = ZERO
        elif order == "one-late":
            codes[0], codes[-1] = 7 << 16, 8 << 16
        sums, _ = sums_of(compiled, codes, np.array([0, length]))
        assert sums[0] == golden.log_sums(codes, np.array([0, length]))[0][0]


def test_sums_that_aim_at_a_rounding_border(compiled):
    """Multisets whose exact sum is a border's integer part, or one beside it."""
    rng = np.random.default_rng(2)
    for f in rng.integers(0, 65536, 200 if compiled else 10):
        border = golden.borders.borders(16)[f] >> golden.borders.WIDTH - 60
        for total in (border - 1, border, border + 1):
            codes = np.array(golden.codes_for_sum(total, 0), np.int32)
            sums, _ = sums_of(compiled, codes, np.array([0, len(codes)]))
            assert sums[0] == golden.log_sum(codes.tolist())[0], f"sum {total}"


def test_single_units_count_and_less_does_not(compiled):
    """Codes at the lowest position of the window, and half a unit below it."""
    unit = -(Q16_16.window_bins * Q16_16.bin_width) << 16
    for f in range(0, 65536, 6007):
        border = golden.borders.borders(16)[f] >> golden.borders.WIDTH - 60
        codes = golden.codes_for_sum(border - 8, 0)
        for units, halves, step in ((8, 0, 0), (8, 50, 0), (9, 0, 1)):
            made = np.array(codes + [unit] * units + [unit - 1] * halves, np.int32)
            sums, _ = sums_of(compiled, made, np.array([0, len(made)]))
            assert sums[0] == golden.log_sum(codes)[0] + step


def test_every_fraction_returns_itself():
    codes = np.arange(-(1 << 16), 1 << 16, dtype=np.int32)
    sums, _ = sums_of(True, codes, np.arange(len(codes) + 1))
    np.testing.assert_array_equal(sums, codes)


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
        posterior = np.empty((agents, hypotheses), np.int32)
        status = np.empty(agents, np.uint32)
        given = weight if weighted else np.empty(0, np.uint32)
        call(
            posterior_segments,
            compiled,
            *(evidence, offsets, prior, given, load_tables(), posterior, status),
        )
        expected = golden.posteriors(evidence, offsets, prior, weight if weighted else None)
        np.testing.assert_array_equal(posterior, expected[0], f"trial {trial}")
        np.testing.assert_array_equal(status, expected[1], f"trial {trial}")


def test_clamps_are_counted_one_by_one(compiled):
    """Two hypotheses share what is left: a third at the lowest difference goes below it."""
    evidence = np.array([[0, 0, LOW, LOW + 65536], [0, LOW, LOW, 0]], np.int32)
    offsets, prior = np.arange(3), np.zeros(4, np.int32)
    posterior, status = np.empty((2, 4), np.int32), np.empty(2, np.uint32)
    weight = np.empty(0, np.uint32)
    call(
        posterior_segments,
        compiled,
        *(evidence, offsets, prior, weight, load_tables(), posterior, status),
    )
    assert (status >> CLAMPS_SHIFT).tolist() == [1, 2]
    expected = golden.posteriors(evidence, offsets, prior)
    np.testing.assert_array_equal(posterior, expected[0])
    np.testing.assert_array_equal(status, expected[1])


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
    posterior, status = np.empty((3, 2), np.int32), np.empty(3, np.uint32)
    prior = np.zeros(2, np.int32)
    call(
        posterior_segments,
        compiled,
        *(evidence, offsets, prior, half, load_tables(), posterior, status),
    )
    # d is -0.5, -1.5, -2.5 ulp: 0, -2, -2.
    assert (posterior[:, 1] - posterior[:, 0]).tolist() == [0, -2, -2]


@pytest.mark.parametrize(
    ("weights", "d"),
    [((32767, 1), 0), ((65536, 32767, 1), -2), ((65536, 32767), -1), ((65536, 32769), -2)],
)
def test_the_last_bit_of_a_product_counts(compiled, weights, d):
    """Sums of odd products at a tie, and one unit of 2**-16 ulp beside it."""
    evidence = np.array([[0, -1]] * len(weights), np.int32)
    posterior, status = np.empty((1, 2), np.int32), np.empty(1, np.uint32)
    offsets, prior = np.array([0, len(weights)]), np.zeros(2, np.int32)
    weight = np.array(weights, np.uint32)
    call(
        posterior_segments,
        compiled,
        *(evidence, offsets, prior, weight, load_tables(), posterior, status),
    )
    assert posterior[0, 1] - posterior[0, 0] == d
