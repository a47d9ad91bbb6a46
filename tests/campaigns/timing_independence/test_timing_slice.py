"""A slice of the timing campaign: leaks are found, and what is alike is not told apart."""

import numpy as np
import pytest

from tests.campaigns.timing_independence.paths import planted
from tests.campaigns.timing_independence.welch import Measured, measured, welch


def test_planted_leaks_are_found():
    for path in planted():
        found = measured(path.call, path.classes, 3_000, np.random.default_rng(2))
        assert found.leaks, (path.name, found)
        assert found.apart_ns < 0  # random inputs differ early


def test_t_is_that_of_its_definition():
    one, other = np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0, 5.0, 7.0])
    expected = (5 - 7 / 3) / np.sqrt((7 / 3) / 3 + (8 / 3) / 4)
    assert welch(one, other) == pytest.approx(expected)
    assert welch(one, one.copy()) == 0


def test_a_leak_is_seen_in_both_halves_with_one_sign():
    assert Measured(1, 5.0, 6.0, 1, 1, 1).leaks and Measured(1, -5.0, -6.0, 1, 1, 1).leaks
    for first, second in ((5.0, 4.0), (5.0, -6.0), (0.0, 9.0)):
        assert not Measured(1, first, second, 1, 1, 1).leaks
