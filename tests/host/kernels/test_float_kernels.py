"""Log sums of floats in one pass: what `to_codes` and the log sums of codes give, bit for bit."""

import numpy as np
import pytest

from consilience.kernels import float_kernels, sum_kernels, vector_terms
from consilience.kernels.float_kernels import sum_rows
from consilience.kernels.kernel_tables import load_tables
from consilience.numbers.convert import to_codes
from consilience_sim import golden

INF, NAN = np.inf, np.nan
CHUNK = float_kernels._CHUNK


@pytest.fixture(params=[True, False], ids=["compiled", "interpreted"])
def compiled(request, monkeypatch):
    """Run the kernel as it is, or as the Python that it is compiled from."""
    if not request.param:
        monkeypatch.setattr(float_kernels, "_CHUNK", 40)
        inlined = "code_of is_odd flag_of _taken _flags _largest cut_sums _rounded "
        for name in (inlined + "_row_total _cut_total _few_total").split():
            monkeypatch.setattr(float_kernels, name, getattr(float_kernels, name).py_func)
        for name in ("_largest", "cut_sums"):
            monkeypatch.setattr(sum_kernels, name, getattr(float_kernels, name))
        for name in ("cut_term", "mantissa_bits"):
            monkeypatch.setattr(vector_terms, name, getattr(vector_terms, name).py_func)
    return request.param


def sums_of(compiled, rows):
    sums, flags = np.empty(len(rows), np.int32), np.empty(len(rows), np.uint32)
    kernel = sum_rows if compiled else sum_rows.py_func
    with np.errstate(over="ignore", invalid="ignore"):
        kernel(np.ascontiguousarray(rows).reshape(-1), rows.shape[1], load_tables(), sums, flags)
    return sums, flags


def expected(rows):
    offsets = np.arange(len(rows) + 1) * rows.shape[1]
    return golden.log_sums(to_codes(rows).reshape(-1), offsets)[0]


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("length", [0, 1, 3, 16, 17, 39, 41, 95])
def test_rows_of_every_length(compiled, length, kind):
    rng = np.random.default_rng(length)
    count = 9_000 // (length + 1) if compiled else 30
    rows = rng.normal(-20, rng.choice([0.01, 8, 300], (count, 1)), (count, length)).astype(kind)
    rows[rng.random(rows.shape) < 0.1] = -INF
    sums, flags = sums_of(compiled, rows)
    np.testing.assert_array_equal(sums, expected(rows))
    assert not flags.any()


@pytest.mark.parametrize("order", ["drawn", "up", "one-late", "zeros-first"])
def test_a_top_that_rises_from_chunk_to_chunk(compiled, order):
    chunk = CHUNK if compiled else 40
    for length in (chunk, chunk + 1, 5 * chunk - 1):
        rows = np.random.default_rng(3).uniform(-60, 0, (2, length))
        if order == "up":
            rows.sort(axis=1)
        elif order == "one-late":
            rows[0, -1] = 9.0
        elif order == "zeros-first":
            rows[:, : chunk + chunk // 2] = -INF
        np.testing.assert_array_equal(sums_of(compiled, rows)[0], expected(rows))


@pytest.mark.parametrize("length", [3, 50])
def test_what_is_odd_is_told_of_its_row_alone(compiled, length):
    odd = {NAN: 1, INF: 2, 30_000.0: 4, -30_000.0: 8, -INF: 0, 1.0: 0}
    rows = np.full((len(odd), length), -1.0)
    for place, value in enumerate(odd):
        rows[place, :2] = value
    sums, flags = sums_of(compiled, rows)
    # Two values cut to the largest code are more than it, too.
    assert (flags & (float_kernels.SATURATED - 1)).tolist() == list(odd.values())
    plain = [place for place, flag in enumerate(odd.values()) if not flag]
    np.testing.assert_array_equal(sums[plain], expected(rows[plain]))


def test_a_sum_beyond_the_largest_code_is_saturated(compiled):
    largest = (2**31 - 1) / 65536 * np.log(2) - 1e-6
    sums, flags = sums_of(compiled, np.array([[largest, largest], [largest, 0.0]]))
    assert flags.tolist() == [float_kernels.SATURATED, 0]
    assert sums[0] == 2**31 - 1
