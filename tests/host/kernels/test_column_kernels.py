"""Log sums of columns as they lie: those of the same values brought together in rows."""

import numpy as np
import pytest

from consilience.devices import cpu_shares
from consilience.devices.cpu import CpuDevice
from consilience.devices.opening import open_device
from consilience.kernels import column_kernels, vector_terms
from consilience.kernels.column_kernels import sum_columns
from consilience.kernels.float_kernels import SATURATED
from consilience.kernels.kernel_tables import load_tables
from consilience.numbers.convert import to_codes
from consilience_sim import golden

INF, NAN = np.inf, np.nan


@pytest.fixture(params=[True, False], ids=["compiled", "interpreted"])
def compiled(request, monkeypatch):
    """Run the kernel as it is, or as the Python that it is compiled from."""
    if not request.param:
        monkeypatch.setattr(column_kernels, "_COLUMNS", 5)
        for name in ("code_of", "is_odd", "flag_of", "cut_term", "_rounded"):
            monkeypatch.setattr(column_kernels, name, getattr(column_kernels, name).py_func)
        monkeypatch.setattr(vector_terms, "mantissa_bits", vector_terms.mantissa_bits.py_func)
    return request.param


def sums_of(compiled, table, first=0):
    count = table.shape[1] - first
    sums, flags = np.empty(count, np.int32), np.empty(count, np.uint32)
    kernel = sum_columns if compiled else sum_columns.py_func
    with np.errstate(over="ignore", invalid="ignore"):
        kernel(table, first, load_tables(), sums, flags)
    return sums, flags


def expected(table):
    offsets = np.arange(table.shape[1] + 1) * table.shape[0]
    return golden.log_sums(to_codes(table.T).reshape(-1), offsets)[0]


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (2, 17), (40, 7), (30, 1_100)])
def test_tables_of_every_shape(compiled, shape, kind):
    if not compiled:
        shape = (shape[0], min(shape[1], 11))
    rng = np.random.default_rng(shape[1])
    table = rng.normal(-20, rng.choice([0.01, 8, 300], shape[1]), shape).astype(kind)
    table[rng.random(shape) < 0.1] = -INF
    table[:, rng.random(shape[1]) < 0.1] = -INF
    sums, flags = sums_of(compiled, table)
    np.testing.assert_array_equal(sums, expected(table))
    assert not flags.any()
    np.testing.assert_array_equal(sums_of(compiled, table, shape[1] // 2)[0], sums[shape[1] // 2 :])


def test_what_is_odd_is_told_of_its_column_alone(compiled):
    """Wherever it lies in the column."""
    odd = {NAN: 1, INF: 2, 30_000.0: 4, -30_000.0: 8, -INF: 0, 1.0: 0}
    for row in (0, 2, 4):
        table = np.full((5, len(odd)), -70.0)
        table[1] = -1.0
        for place, value in enumerate(odd):
            table[row, place] = value
        sums, flags = sums_of(compiled, table)
        assert (flags & (SATURATED - 1)).tolist() == list(odd.values())
        np.testing.assert_array_equal(sums[4:], expected(table[:, 4:]))


def test_a_sum_beyond_the_largest_code_is_saturated(compiled):
    largest = (2**31 - 1) / 65536 * np.log(2) - 1e-6
    sums, flags = sums_of(compiled, np.array([[largest, largest], [largest, 0.0]]))
    assert flags.tolist() == [SATURATED, 0]
    assert sums[0] == 2**31 - 1


@pytest.mark.parametrize("threads", [1, 3])
def test_logsumexp_over_leading_axes_is_that_of_rows(threads, monkeypatch):
    monkeypatch.setattr(cpu_shares, "_LEAST", 50)
    table = np.random.default_rng(1).normal(-20, 30, (4, 5, 6, 7))
    with open_device(f"cpu?threads={threads}") as device, CpuDevice() as plain:
        for values in (table, table.astype(np.float32), np.asfortranarray(table)):
            for axes in ((0,), (0, 1), (1, 0), (0, 1, 2), (3,), (2, 3), (1,)):
                kept = [axis for axis in range(4) if axis not in axes]
                rows = np.ascontiguousarray(values.transpose(*kept, *axes))
                found = device.logsumexp(values, axes)
                by_rows = plain.logsumexp(rows, tuple(range(len(kept), 4)))
                np.testing.assert_array_equal(found, by_rows)
