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


def test_a_group_is_read_as_a_fleet_of_its_own():
    mon = once(enrolled=1000)
    mon.update(["a", "b", "c", "d"], [[4 * BIT], [9 * BIT], [4 * BIT], [0]])
    assert mon.fleet("1/5") == []  # log2(1000 / 0.2) = 12.3 bits for one
    assert mon.fleet("1/5", ["c", "a", "never heard"], 3) == ["c", "a"]  # log2(3 / 0.4) = 2.9
    assert mon.fleet("1/5", ["d", "a", "a"], 3) == ["a"]  # log2(3 / 0.2) = 3.9
    assert mon.fleet("1/5", [], 3) == [] and mon.fleet("1/5", ["a"], 4) == []
    with pytest.raises(BadInput, match="2 agents of the group, but 1 are enrolled"):
        mon.fleet("1/5", ["a", "b"], 1)
    with pytest.raises(BadInput, match="needs enrolled"):
        mon.fleet("1/5", ["a", "b"])


def test_a_fleet_grows_before_a_reading():
    mon = Monitor(monitor_settings(1, arl=16, enrolled=2))
    mon.update([1, 2], [[7 * BIT]] * 2)
    before = bytes(mon)
    for enrolled, threshold, words in (
        (1, None, "2 agents are, and a fleet may only grow"),
        (3, 4 * BIT - 1, "from 262144, that of before"),
        (3, 1 << 31, "the most"),
        (3.5, None, "no integer"),
    ):
        with pytest.raises(BadInput, match=words):
            mon.enrol(enrolled, threshold)
    assert bytes(mon) == before
    mon.enrol(400)
    assert mon.settings.enrolled == 400 and mon.settings.threshold == 4 * BIT
    assert mon.fleet("1/5") == []
    mon.enrol(400, 8 * BIT)
    assert not len(mon.update([3], [[7 * BIT]]).alarms) and len(mon.update([4], [[8 * BIT]]).alarms)
    assert bytes(Monitor.from_bytes(bytes(mon))) == bytes(mon)
    unsaid = Monitor(monitor_settings(1, arl=16))
    unsaid.update([1, 2], [[0]] * 2)
    with pytest.raises(BadInput, match="2 agents are"):
        unsaid.enrol(1)
    unsaid.enrol(2)
