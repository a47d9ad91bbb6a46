"""The cpu device: identity, counters, capacity; its arithmetic is tested with the kernels."""

import numpy as np
import pytest

from consilience.devices.cpu import CpuDevice
from consilience.errors import BadInput, NoDevice
from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus
from consilience_hw.spec.log_format import Q16_16


def test_info():
    device = CpuDevice()
    info = device.info
    assert (info.url, info.board, info.clock_hz) == ("cpu", "cpu", 0)
    assert info.format == Q16_16
    assert info.features == ("posterior", "weights", "monitor", "live", "robust")
    assert (info.hypotheses, info.components, info.error_bound_ulp) == (16, 16, 0.55)
    assert len(info.build) == 16
    device.reduce([1, 2], [0, 1, 2])
    device.posterior([[1, 2]], [0], [0, 0])
    assert info.counters["calls"] == 0, "what was told does not change"
    assert device.info.counters == {"calls": 2, "codes": 4, "results": 3, "saturated": 0}


def test_a_segment_over_capacity_is_refused():
    # 2**33 codes in one page of memory.
    codes = np.lib.stride_tricks.as_strided(np.zeros(1, np.int32), (1 << 33,), (0,))
    with pytest.raises(BadInput, match="more than 4294967296 codes; split them"):
        CpuDevice().sums(codes, np.array([0, 1 << 33]))


def test_an_agent_of_too_many_rows_is_refused():
    rows = np.broadcast_to(np.zeros((1, 2), np.int32), ((1 << 32) + 1, 2))
    with pytest.raises(BadInput, match="an agent has more than 4294967296 rows; split them"):
        CpuDevice().posteriors(rows, np.array([0, len(rows)]), np.zeros(2, np.int32), None)


@pytest.mark.slow
def test_sums_of_more_than_two_to_the_31_rows():
    """Their difference is wider than 64 bits; the evidence is one row, seen again and again."""
    largest = Q16_16.max_code
    rows = np.broadcast_to(np.array([[largest, -largest]], np.int32), ((1 << 31) + 8, 2))
    offsets = np.array([0, len(rows)])
    posterior, status = CpuDevice().posteriors(rows, offsets, np.zeros(2, np.int32), None)
    assert posterior.tolist() == [[0, -largest]]
    assert status.tolist() == [ResultStatus.CLAMPED | 1 << CLAMPS_SHIFT]


def test_a_closed_device_still_computed():
    device = CpuDevice()
    device.close()
    for call in (device.reduce, device.leave_one_out, device.logsumexp):
        with pytest.raises(NoDevice, match="this device is closed"):
            call([1, 2])
    with pytest.raises(NoDevice, match="this device is closed"):
        device.live()
    with pytest.raises(NoDevice, match="this device is closed"):
        device.robust([1, 2], 0, 128)
