"""The compiled log sums against the golden model; also run uncompiled, line by line."""

import numpy as np
import pytest

from consilience.kernels import sum_kernels, vector_terms
from consilience.kernels.kernel_tables import load_tables
from consilience.kernels.sum_kernels import sum_segments
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

ZERO, LOW, HIGH = Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code


@pytest.fixture(params=[True, False], ids=["compiled", "interpreted"])
def compiled(request, monkeypatch):
    """Run the kernels as they are, or as the Python they are compiled from."""
    if not request.param:
        for name in ("_largest", "_cut_term", "cut_sums", "_cut_total", "_few_total", "_rounded"):
            monkeypatch.setattr(sum_kernels, name, getattr(sum_kernels, name).py_func)
        for name in ("cut_term", "mantissa_bits"):
            monkeypatch.setattr(vector_terms, name, getattr(vector_terms, name).py_func)
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
    chunk = sum_kernels._CHUNK
    if not compiled:
        chunk = 10
        monkeypatch.setattr(sum_kernels, "_CHUNK", chunk)
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
