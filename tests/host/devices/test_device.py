"""What every device checks before it computes, and the API of `Device`."""

import numpy as np
import pytest

from consilience.devices.cpu import CpuDevice
from consilience.errors import BadInput
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import Decision
from consilience_sim import golden

ZERO, HIGH = Q16_16.log_of_zero, Q16_16.max_code


@pytest.fixture
def device():
    with CpuDevice() as one:
        yield one


def test_reduce_is_one_segment_or_many(device):
    codes = np.array([0, 0, 0, 0, ZERO], np.int32)
    assert device.reduce(codes).tolist() == [2 << 16]
    assert device.reduce(codes, [0, 2, 2, 3, 5]).tolist() == [1 << 16, ZERO, 0, 0]
    assert device.reduce([]).tolist() == [ZERO]
    assert device.reduce([], [0]).tolist() == []
    assert device.reduce([], [0, 0]).tolist() == [ZERO]
    assert device.reduce(codes[::2]).dtype == np.int32


def test_reduce_with_status_says_what_saturated(device):
    codes, status = device.reduce_with_status([HIGH, HIGH, 0], [0, 2, 3])
    assert codes.tolist() == [HIGH, 0]
    assert status.tolist() == [ResultStatus.SATURATED, 0]
    assert device.info.counters["saturated"] == 1


@pytest.mark.parametrize(
    ("codes", "offsets", "message"),
    [
        ([0.5], None, "codes must be integers"),
        ([[1]], None, "one dimension, not 2; ravel"),
        ([2**31], None, "wider than 32 bits"),
        ([1, 2], [0, 1], "from 0 to the number of codes, 2,"),
        ([1, 2], [1, 2], "they go from 1 to 2"),
        ([1, 2], [0, 2, 1, 2], "never decrease"),
        ([1, 2], [0.0, 2.0], "offsets must be integers"),
        ([1, 2], [[0, 2]], "offsets must be integers of one dimension"),
        ([1, 2], np.array([], int), "0 first"),
    ],
)
def test_reduce_refuses(device, codes, offsets, message):
    with pytest.raises(BadInput, match=message):
        device.reduce(codes, offsets)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("names", [False, True])
def test_posterior_groups_rows_by_agent(device, names, weighted):
    rng = np.random.default_rng(1)
    agent = rng.integers(-5, 5, 60)
    evidence = rng.integers(-9 << 16, 0, (60, 3)).astype(np.int32)
    weight = rng.integers(0, 65537, 60)
    prior = np.array([0, -65536, -65536])
    ids = np.array([f"agent {k}" for k in agent]) if names else agent
    if not weighted:
        weight[:] = 65_536
    result = device.posterior(evidence, ids, prior, weight if weighted else None)
    assert result.ids.dtype == ids.dtype
    assert result.ids.tolist() == sorted(set(ids.tolist()))
    for name, row, status in zip(*result, strict=True):
        mine = ids == name
        expected = golden.posterior(evidence[mine], weight[mine], prior)
        assert (row.tolist(), status) == expected


def test_posterior_of_no_rows(device):
    result = device.posterior(np.zeros((0, 2), int), np.zeros(0, int), [0, 0])
    assert result.ids.shape == (0,)
    assert result.posterior.shape == (0, 2)
    assert result.status.shape == (0,)


ROWS = np.zeros((2, 3), np.int32)


@pytest.mark.parametrize(
    ("evidence", "agent", "prior", "weight", "message"),
    [
        (ROWS[0], [0, 0, 0], [0] * 3, None, r"must fit, not \(3,\)"),
        (ROWS, [0], [0] * 3, None, "must fit"),
        (ROWS, [0, 1], [0] * 2, None, "must fit"),
        (ROWS[:, :1], [0, 1], [0], None, "2 to 16 hypotheses, not 1"),
        (np.zeros((1, 17), int), [0], [0] * 17, None, "2 to 16 hypotheses, not 17"),
        (ROWS + 0.5, [0, 1], [0] * 3, None, "evidence must be integers"),
        (ROWS, [0, 1], [0.5] * 3, None, "prior must be integers"),
        (ROWS, [0.5, 1], [0] * 3, None, "agent ids must be integers or text, not float64"),
        (ROWS, [1, "1"], [0] * 3, None, "all integers or all text, but 1 is no text"),
        (ROWS, [0, 1], [0] * 3, [1], "weight must be 2 integers"),
        (ROWS, [0, 1], [0] * 3, [0.5, 1], "weight must be 2 integers, one per row, not float64"),
        (ROWS, [0, 1], [0] * 3, [1, 65537], r"weight 65537 of row 1 is not in 0 .. 65536"),
        (ROWS, [0, 1], [0] * 3, [-1, 1], "weight -1 of row 0"),
    ],
)
def test_posterior_refuses(device, evidence, agent, prior, weight, message):
    with pytest.raises(BadInput, match=message):
        device.posterior(evidence, agent, prior, weight)


def test_robust_decides_against_zero_unless_told(device):
    ratios = np.zeros(4, np.int32)
    assert device.robust(ratios, 1, 128).decision == Decision.UNDECIDED
    assert device.robust(ratios, 1, 128, -1).decision == Decision.ABOVE
