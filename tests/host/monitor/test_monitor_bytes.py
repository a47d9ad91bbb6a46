"""Canonical bytes of a monitor: damaged ones, and states that no sequence of updates leaves."""

import numpy as np
import pytest

from consilience.errors import BadInput, ImpossibleState
from consilience.monitor.monitor import Monitor
from consilience.monitor.monitor_bytes import MonitorFields, pack_monitor, unpack_monitor
from consilience.monitor.settings import monitor_settings

BIT = 65536
ZERO = -(2**31)
HEAD = 4 + 2 + 4 + 4 + 4 + 8
LARGE = np.uint64(2**63 + 100)


def filled(policy="latch", mode="restart"):
    promise = {"threshold": 3 * BIT}
    mon = Monitor(monitor_settings(2, mode=mode, policy=policy, enrolled=9, **promise))
    mon.update([1, 2, 1], [[BIT, 2 * BIT]] * 3)
    mon.update(["a", "a"], [[5, 6]] * 2, sequence=[7, 300])
    return mon


def changed(mon, row=0, **fields):
    """Return the monitor's bytes with other fields of one agent, in the order of their bytes."""
    found = unpack_monitor(bytes(mon))
    records = {name: values.copy() for name, values in found.records._asdict().items()}
    for name, value in fields.items():
        records[name][row] = value
    return pack_monitor(MonitorFields(found.settings, found.agents, type(found.records)(**records)))


NUMBERED = 2  # the row of agent "a"


@pytest.mark.parametrize(
    ("row", "fields", "words"),
    [
        (0, {"observations": 9}, "more observations since a renewal"),
        (0, {"since_scheduled": 2**63 - 1, "observations": 2**63 - 1}, None),
        (0, {"observations": 0}, "components without an observation"),
        (0, {"observations": 0, "components": [ZERO, ZERO]}, None),
        (0, {"flags": 8}, "a flag that does not exist"),
        (0, {"flags": 1 | 2}, None),
        (0, {"highest": 5}, "but none came"),
        (0, {"missing": 5}, "but none came"),
        (0, {"window": 1}, "but none came"),
        (0, {"late": 1}, "but none came"),
        (0, {"duplicates": 1}, "but none came"),
        (0, {"refused": 1}, "but none came"),
        (NUMBERED, {"missing": 301}, "more numbers missing than there are"),
        (NUMBERED, {"missing": 300, "late": 7, "duplicates": 2**32 - 1, "refused": 1}, None),
        (NUMBERED, {"highest": 3, "missing": 0, "window": 0b111}, None),
        (NUMBERED, {"highest": 3, "missing": 0, "window": 0b1000}, "seen below 0"),
        (NUMBERED, {"highest": 64, "missing": 0, "window": 2**64 - 1}, None),
        (NUMBERED, {"highest": 63, "missing": 0, "window": 2**64 - 1}, "seen below 0"),
        (NUMBERED, {"highest": 0, "missing": 0, "late": 1}, "but no number below"),
        (NUMBERED, {"highest": 64, "missing": 0, "refused": 1}, "none below the window"),
        (NUMBERED, {"highest": 65, "missing": 0, "refused": 1}, None),
        (NUMBERED, {"highest": LARGE, "window": 2**63}, None),
    ],
)
def test_what_no_updates_leave_is_refused(row, fields, words):
    data = changed(filled(), row, **fields)
    if words is None:
        assert bytes(Monitor.from_bytes(data)) == data
    else:
        with pytest.raises(ImpossibleState, match=words):
            Monitor.from_bytes(data)


@pytest.mark.parametrize("policy", ["renew", "recalibrate"])
def test_where_alarms_renew_none_waits(policy):
    mon = filled(policy)
    assert bytes(Monitor.from_bytes(bytes(mon))) == bytes(mon)
    for fields in ({"flags": 2}, {"components": [9 * BIT, ZERO]}):
        with pytest.raises(ImpossibleState, match="though alarms renew"):
            Monitor.from_bytes(changed(mon, 1, **fields))


@pytest.mark.parametrize("mode", ["restart", "cusum", "once", "spread"])
def test_no_cut_or_flipped_bytes_pass_for_others(mode):
    data = bytes(filled(mode=mode))
    for size in range(len(data)):
        with pytest.raises(ImpossibleState):
            Monitor.from_bytes(data[:size])
    with pytest.raises(ImpossibleState):
        Monitor.from_bytes(data + b"\0")
    for place in range(len(data)):
        for bit in (1, 16, 128):
            other = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
            try:
                found = Monitor.from_bytes(other)
            except BadInput:
                continue
            assert bytes(found) == other  # another state, as canonical


def test_agents_ascend_by_kind_and_bytes():
    one, other = filled(), Monitor(filled().settings)
    other.update(["a", "a"], [[5, 6]] * 2, sequence=[7, 300])
    other.update([2, 1, 1], [[BIT, 2 * BIT]] * 3)
    assert bytes(one) == bytes(other)
    assert unpack_monitor(bytes(one)).agents == [1, 2, "a"]


def test_ids_of_another_kind_are_another_agent():
    mon = Monitor(monitor_settings(1, arl=9))
    for agent in (-1, 2**64 - 1, "-1", b"-1"):
        mon.update([agent], [[1]])
    again = Monitor.from_bytes(bytes(mon))
    assert set(again.agents) == {-1, 2**64 - 1, "-1", b"-1"} and len(again) == 4
