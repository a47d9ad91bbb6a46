"""The bins of codes in compiled loops: those that NumPy makes, for any format, in another way."""

import numpy as np
import pytest

from consilience.exact import bins
from consilience.exact.bins import Bins
from consilience.exact.log_sum import LogSum
from consilience.kernels import bin_kernels, vector_terms
from consilience_hw.spec.log_format import Q16_16

ZERO, LOW, HIGH = Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code


@pytest.fixture(params=[True, False], ids=["compiled", "interpreted"])
def compiled(request, monkeypatch):
    """Run the kernels as they are, or as the Python that they are compiled from."""
    if not request.param:
        monkeypatch.setattr(bin_kernels, "_CHUNK", 40)
        monkeypatch.setattr(bin_kernels, "mantissa_bits", vector_terms.mantissa_bits.py_func)
        for name in ("finite_range", "add_to_bins"):
            monkeypatch.setattr(bins, name, getattr(bins, name).py_func)
    return request.param


def same(codes):
    codes = np.asarray(codes, np.int32)
    with np.errstate(over="ignore"):  # the row of a code outside, which is not used, may wrap
        found = Bins.of_q16_16(codes)
    wanted = Bins.of(codes[codes != ZERO], Q16_16)
    assert found.first == wanted.first
    np.testing.assert_array_equal(found.sums, wanted.sums)
    np.testing.assert_array_equal(found.terms, wanted.terms)


@pytest.mark.parametrize("scale", [1, 1 << 12, 1 << 21, HIGH])
def test_bins_are_those_of_numpy(compiled, scale):
    rng = np.random.default_rng(scale)
    chunk = bin_kernels._CHUNK
    for length in (1, 2, chunk - 1, chunk, chunk + 1, 3 * chunk + 5):
        codes = rng.integers(-scale, scale, length)
        same(codes)
        same(np.where(rng.random(length) < 0.2, rng.choice([ZERO, LOW, HIGH], length), codes))


def test_every_fraction_at_every_place_in_a_bin():
    for position in range(8):
        same((position << 16) + np.arange(1 << 16))


def test_no_finite_code(compiled):
    for codes in ([], [ZERO], [ZERO] * 30):
        same(codes)


@pytest.mark.parametrize("later", [-90 << 16, 90 << 16, ZERO, 0, LOW, HIGH])
def test_later_codes_outside_the_bins_of_the_first(compiled, later, monkeypatch):
    """The bins are judged by the first codes: one that is in none of them widens them."""
    monkeypatch.setattr(bins, "_FIRST", 30)
    if not compiled and later in (LOW, HIGH):
        later >>= 8  # fewer bins to go through
    near_by = (0, -20 << 16, 20 << 16, ZERO)
    for seed, first in enumerate((*near_by, LOW, HIGH) if compiled else near_by):
        rng = np.random.default_rng(seed)
        count = 500 if compiled else 100
        near = rng.integers(max(first - 1000, ZERO), min(first + 1000, HIGH), count, endpoint=True)
        for place in (30, 47, count - 1):
            codes = near.copy()
            codes[place:] = np.where(rng.random(count - place) < 0.5, later, codes[place:])
            codes[place] = later
            same(codes)


def test_many_codes_of_few_bins_take_tables_in_turn(compiled):
    """As many as it takes at least, and the codes that are left of a round."""
    rng = np.random.default_rng(7)
    for length in (700, 701, 5_000 if compiled else 720):
        same(np.where(rng.random(length) < 0.1, ZERO, rng.integers(-30 << 16, 9 << 16, length)))


def test_more_codes_than_a_table_holds(monkeypatch):
    monkeypatch.setattr(bins, "MOST", 1_000)
    rng = np.random.default_rng(5)
    for length in (1_000, 1_001, 3_500):
        same(rng.integers(-(1 << 20), 1 << 20, length))


def test_a_total_of_bytes_does_not_overflow():
    codes = np.full(bin_kernels.MOST, 7 << 16 | 0xFFFF, np.int32)
    codes[:4] = ZERO
    state = LogSum.of(codes)
    assert (state.count, state.zeros) == (bin_kernels.MOST - 4, 4)
    once = Bins.of(codes[5:6], Q16_16)
    np.testing.assert_array_equal(state._held.bins.sums, once.sums * np.uint64(state.count))
