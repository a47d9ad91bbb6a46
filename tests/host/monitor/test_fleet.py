"""e-BH over a fleet, against its definition in whole powers."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.errors import BadInput
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import monitor_settings
from consilience_sim.golden.promises import bh_count, least_code

BIT = 65536
ALPHA = Fraction(1, 5)


def once(**chosen):
    return Monitor(monitor_settings(1, mode="once", threshold=1, **chosen))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-BIT, 6 * BIT), min_size=1, max_size=12), st.integers(0, 6), st.data())
def test_named_are_the_k_highest_and_ties(values, silent, data):
    fleet = len(values) + silent
    for k in range(1, len(values) + 1):  # statistics just at the borders
        border = least_code(fleet / (k * ALPHA))
        values[k - 1] = data.draw(st.sampled_from([values[k - 1], border - 1, border]))
    mon = once(enrolled=fleet)
    mon.update(list(range(len(values))), np.array(values, np.int32)[:, None])
    count = bh_count(values, fleet, ALPHA)
    lowest = sorted(values, reverse=True)[count - 1] if count else None
    expected = [agent for agent, one in enumerate(values) if count and one >= lowest]
    assert mon.fleet("1/5") == expected


def test_restart_pays_for_its_observations_and_a_renewed_agent_is_nothing():
    mon = Monitor(monitor_settings(1, arl=1_000, enrolled=3))
    mon.update([1, 2, 3], [[9 * BIT]] * 3)
    mon.update([1, 1, 1], [[0]] * 3)
    mon.renew(3, scheduled=True)
    # c_1 = log2(3 / 0.02) = 7.23 bits, c_2 = 6.23: agent 1 pays 2 bits of four, agent 3 is at zero.
    assert mon.fleet("0.02") == [1, 2]
    mon.update([1], [[-2 * BIT]])
    assert mon.fleet("0.02") == [2]


def test_ids_of_any_kind_are_named():
    mon = once(enrolled=4)
    mon.update(["a", "b"], [[9 * BIT], [0]])
    mon.update([2**63 + 5], [[9 * BIT]])
    assert mon.fleet("1/100") == ["a", 2**63 + 5]


def test_what_a_reading_needs():
    with pytest.raises(BadInput, match="needs enrolled"):
        once().fleet("1/100")
    with pytest.raises(BadInput, match="not cusum"):
        Monitor(monitor_settings(1, mode="cusum", arl=9, enrolled=1)).fleet("1/100")
    assert once(enrolled=5).fleet("1/100") == []


def test_a_border_that_is_met_exactly_names():
    mon = once(enrolled=8)  # c_5 = log2(8 / (5 / 5)) = 3 bits
    mon.update(list(range(5)), [[3 * BIT]] * 5)
    assert mon.fleet("1/5") == [0, 1, 2, 3, 4]
    below = once(enrolled=8)
    below.update(list(range(5)), [[3 * BIT]] * 4 + [[3 * BIT - 1]])
    assert below.fleet("1/5") == []
