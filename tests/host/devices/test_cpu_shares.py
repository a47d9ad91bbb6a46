"""Threads give the bits of one: any number of them, wherever the highest codes lie."""

import numpy as np
import pytest

from consilience.devices import cpu_shares
from consilience.devices.cpu import CpuDevice
from consilience.devices.opening import open_device
from consilience.errors import BadInput, OutOfRange
from consilience_hw.spec.log_format import Q16_16

ZERO, HIGH = Q16_16.log_of_zero, Q16_16.max_code


@pytest.fixture(params=["2", "3", "7", "all"])
def device(request, monkeypatch):
    """A device whose threads start for a few codes."""
    monkeypatch.setattr(cpu_shares, "_LEAST", 4)
    with open_device(f"cpu?threads={request.param}") as device:
        yield device


@pytest.fixture(scope="module")
def one():
    with CpuDevice() as device:
        yield device


@pytest.mark.parametrize("order", ["drawn", "up", "down", "zeros", "largest"])
def test_a_sum_is_that_of_one_thread(device, one, order):
    rng = np.random.default_rng(1)
    for length in (0, 1, 7, 8, 30, 1_001):
        codes = rng.integers(-90 << 16, 20 << 16, length).astype(np.int32)
        codes[rng.random(length) < 0.1] = ZERO
        if order in ("up", "down"):
            codes.sort()
            codes = codes if order == "up" else codes[::-1].copy()
        elif order == "zeros":
            codes[: max(length - 1, 0)] = ZERO
        elif order == "largest":
            codes[:] = HIGH
        found, expected = device.reduce_with_status(codes), one.reduce_with_status(codes)
        np.testing.assert_array_equal(found.codes, expected.codes)
        np.testing.assert_array_equal(found.status, expected.status)


def test_segments_and_rows_are_those_of_one_thread(device, one):
    rng = np.random.default_rng(2)
    codes = rng.integers(-90 << 16, 0, 3_000).astype(np.int32)
    for lengths in (rng.integers(0, 9, 400), [2_900, 0, 0, 1], [0, 0, 2_990], [0] * 5):
        offsets = np.append(0, np.cumsum(lengths))
        part = codes[: offsets[-1]]
        np.testing.assert_array_equal(device.reduce(part, offsets), one.reduce(part, offsets))
    nats = rng.normal(-20, 30, (50, 23))
    for axis in (None, 0, 1):
        for values in (nats, nats.astype(np.float32)):
            found = device.logsumexp(values, axis)
            np.testing.assert_array_equal(found, one.logsumexp(values, axis))


def test_what_a_piece_raises_is_raised_and_no_thread_goes_on(device):
    """Also an IndexError, in whichever thread; the device works on."""
    shares, begun = device._shares, []

    def share(first, last):
        begun.append(first)
        raise IndexError(first)

    for _ in range(20):
        with pytest.raises(IndexError):
            shares._each(share, np.arange(0, 90, 3))
        assert len(begun) <= shares.threads
        begun.clear()
    assert shares._each(lambda first, last: last, np.arange(0, 90, 3)) == list(range(3, 90, 3))


def test_what_is_odd_in_one_part_is_told_of_all(device):
    values = np.zeros(100)
    values[70] = np.inf
    assert device.logsumexp(values) == np.inf
    values[10] = np.nan
    assert np.isnan(device.logsumexp(values))
    values[[10, 70]] = 0, 30_000.0
    with pytest.raises(OutOfRange):
        device.logsumexp(values)


@pytest.mark.parametrize("url", ["cpu?threads=", "cpu?threads=0", "cpu?threads=2&threads=3"])
def test_another_option_is_refused(url):
    with pytest.raises(BadInput, match="give cpu, cpu"):
        open_device(url)
