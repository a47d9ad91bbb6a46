"""The monitor of the cpu against the golden model, bit by bit; and what it refuses."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import consilience as cs
from consilience.errors import BadInput, NoDevice
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings, monitor_settings
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import Arrival, MonitorMode, Policy, Source
from consilience_sim.golden.monitor import MonitorModel
from consilience_sim.golden.monitor_bytes import monitor_bytes

ZERO, MAX, BIT = Q16_16.log_of_zero, Q16_16.max_code, 65536
codes = (
    st.integers(-8 * BIT, 5 * BIT)
    | st.sampled_from([ZERO, ZERO + 1, MAX, MAX - 1, 0, 1, -1, 1 << 20, -(1 << 20), 1_083_229])
    | st.integers(ZERO, MAX)
)
agents = st.sampled_from([0, 1, -5, 2**63 + 1, "a", "b\u00e9"])
numbers = st.integers(0, 140) | st.sampled_from([2**63 - 1, 2**63, 2**63 + 70, 2**64 - 1])
row = st.tuples(agents, st.lists(codes, min_size=16, max_size=16), st.none() | numbers)
step = st.one_of(
    st.tuples(st.just("update"), st.lists(row, min_size=1, max_size=6), st.booleans()),
    st.tuples(st.sampled_from(["acknowledge", "renew", "scheduled"]), agents),
)


def of_settings(mode, weights, threshold, policy):
    return MonitorSettings(mode, tuple(weights), threshold, policy, Source.ASSERTED, None)


def both(mode, policy, threshold, count):
    weights = [-(count - 1).bit_length() * BIT] * count
    chosen = of_settings(mode, weights, threshold, policy)
    return Monitor(chosen), MonitorModel(mode, weights, threshold, policy)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(list(MonitorMode)),
    st.sampled_from(list(Policy)),
    st.sampled_from([1, 3 * BIT, 40 * BIT]),
    st.sampled_from([1, 2, 3, 4, 5, 16]),
    st.lists(step, min_size=1, max_size=25),
)
def test_statistics_alarms_and_state_are_those_of_the_golden_model(
    mode, policy, threshold, count, steps
):
    ours, golden = both(mode, policy, threshold, count)
    for kind, *rest in steps:
        if kind == "update":
            rows, commit = rest
            for agent, increments, number in rows:
                expected = golden.update(agent, increments[:count], commit, number)
                found = ours.update(
                    [agent], [increments[:count]], commit, None if number is None else [number]
                )
                assert found.statistic.tolist() == [expected.statistic]
                assert found.alarms.tolist() == [0] * expected.alarm
        elif rest[0] in golden.agents:
            (agent,) = rest
            golden.acknowledge(agent) if kind == "acknowledge" else golden.renew(
                agent, kind == "scheduled"
            )
            ours.acknowledge(agent) if kind == "acknowledge" else ours.renew(
                agent, kind == "scheduled"
            )
    expected = monitor_bytes(golden, Source.ASSERTED, None)
    assert bytes(ours) == expected
    again = Monitor.from_bytes(expected)
    assert bytes(again) == expected and again.settings == ours.settings
    for agent, state in golden.agents.items():
        found = again.state(agent)
        assert found.statistic == golden.statistic(state)[0]
        assert (found.highest, found.missing) == (state.highest, state.missing)
        assert list(found.components) == state.components


def test_a_batch_is_its_rows_one_by_one_in_any_interleaving():
    chance = np.random.default_rng(5)
    ids = chance.integers(0, 40, 20_000)
    ids[:300] = 7  # the same agent, over and over
    increments = chance.integers(-6 * BIT, 4 * BIT, (20_000, 2)).astype(np.int32)
    whole = cs.open("cpu").monitor(arl=1_000, source="asserted")
    found = whole.update(ids, increments)
    golden = MonitorModel(MonitorMode.RESTART, [-BIT, -BIT], whole.settings.threshold)
    expected = [golden.update(a, x) for a, x in zip(ids.tolist(), increments.tolist(), strict=True)]
    assert found.statistic.tolist() == [one.statistic for one in expected]
    assert found.alarms.tolist() == [place for place, one in enumerate(expected) if one.alarm]
    order = np.argsort(ids, kind="stable")
    sorted_ = cs.open("cpu").monitor(arl=1_000, source="asserted")
    sorted_.update(ids[order], increments[order])
    assert bytes(sorted_) == bytes(whole)


def test_what_arrives_twice_or_too_late_is_ignored():
    mon = Monitor(monitor_settings(1, arl=100))
    arrivals = []
    golden = MonitorModel(MonitorMode.RESTART, [0], mon.settings.threshold)
    for number in (5, 9, 9, 7, 7, 100, 36, 35):
        before = mon.statistics().tolist()
        arrivals.append(golden.update("a", [BIT], sequence=number).arrival)
        after = mon.update("a", [BIT], sequence=[number]).statistic.tolist()
        assert (before == after) == (arrivals[-1] in (Arrival.DUPLICATE, Arrival.REFUSED))
    state = mon.state("a")
    assert (state.late, state.duplicates, state.refused, state.missing) == (2, 2, 1, 93)


@pytest.mark.parametrize("gap", [1, 63, 64, 65, 200])
def test_the_number_64_below_the_highest_is_still_known(gap):
    mon = Monitor(monitor_settings(1, arl=100))
    mon.update("a", [BIT], sequence=[1000])
    mon.update("a", [BIT], sequence=[1000 + gap])
    mon.update("a", [BIT], sequence=[1000])
    state = mon.state("a")
    assert (state.duplicates, state.refused) == ((1, 0) if gap <= 64 else (0, 1))
    assert (state.observations, state.missing) == (2, gap - 1)


def test_provisional_updates_write_nothing_and_make_no_agent():
    mon = Monitor(monitor_settings(1, arl=4))
    found = mon.update([1, 1, 2], [[BIT], [3 * BIT], [BIT]], commit=False)
    assert found.statistic.tolist() == [BIT, 3 * BIT, BIT] and found.alarms.tolist() == [1]
    assert len(mon) == 0 and mon.agents == []


def test_merging_what_is_disjoint_is_as_if_it_had_been_one():
    parts = [Monitor(monitor_settings(arl=50)) for _ in range(3)]
    for place, ids in enumerate((["x", "a"], ["b"], ["x", "b", "a"])):
        parts[place].update(ids, [[place, 1]] * len(ids))
    with pytest.raises(BadInput, match="'b' is in both"):
        parts[1].merge_disjoint(parts[2])
    parts[0].merge_disjoint(parts[1])
    one = Monitor(monitor_settings(arl=50))
    one.update(["x", "a", "b"], [[0, 1], [0, 1], [1, 1]])
    assert bytes(parts[0]) == bytes(one)
    with pytest.raises(BadInput, match="different settings"):
        one.merge_disjoint(Monitor(monitor_settings(arl=51)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m.update([1.5], [[1, 1]]), "agent ids must be integers or text"),
        (lambda m: m.update([1], [[1, 1, 1]]), r"increments \(n, 2\) must fit"),
        (lambda m: m.update([1], [[0.5, 1]]), "increments must be integers"),
        (lambda m: m.update([1], [[1, 1]], sequence=[-1]), "below 0"),
        (lambda m: m.update([1], [[1, 1]], sequence=[0.5]), "must be 1 integers"),
        (lambda m: m.update([1, 2, 3], [[1, 1]] * 3), "3 agents, but 2 are enrolled"),
        (lambda m: m.state("nobody"), "unknown to this monitor"),
        (lambda m: m.state(2**70), "wider than 64 bits"),
        (lambda m: m.state(1.0), "must be an integer or text"),
        (lambda m: m.update(["a", "b\ud800"], [[1, 1]] * 2), "no text that UTF-8 can write"),
        (lambda m: m.fleet(alpha="0"), "a share between 0 and 1"),
    ],
)
def test_what_cannot_be_right_is_refused_and_changes_nothing(call, words):
    mon = Monitor(monitor_settings(arl=1_000, enrolled=2))
    before = bytes(mon)
    with pytest.raises(BadInput, match=words):
        call(mon)
    assert bytes(mon) == before


def test_a_closed_monitor_says_so():
    with cs.open("cpu").monitor(arl=10) as mon:
        mon.update(1, [1, 2])
    with pytest.raises(NoDevice, match="closed"):
        mon.update(1, [1, 2])


@pytest.mark.parametrize("enrolled", [None, 200_000, 2**40])
def test_the_first_row_of_an_unknown_agent_is_not_lost_as_the_table_grows(enrolled):
    mon = Monitor(monitor_settings(1, arl=10, enrolled=enrolled))
    ids = np.arange(200_000) * 7919 - 5_000_000
    mon.update(ids, np.arange(200_000, dtype=np.int32)[:, None])
    mon.update(ids[::-1], np.zeros((200_000, 1), np.int32), commit=False)
    assert mon.agents == ids.tolist()
    assert mon.statistics().tolist() == list(range(200_000))


def test_an_interruption_left_agents_without_their_records(monkeypatch):
    """Ctrl-C between index and records: the next update wrote beyond the array."""
    mon = Monitor(monitor_settings(1, arl=9))
    mon.update(["a"], [[5]])
    before = bytes(mon)
    grow = type(mon._records).grow

    def interrupted(self, count):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(mon._records), "grow", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mon.update([7, 8, "b", "c"][:2], [[1], [1]])
    with pytest.raises(KeyboardInterrupt):
        mon.update(["b", "c"], [[1], [1]])
    monkeypatch.setattr(type(mon._records), "grow", grow)
    assert len(mon) == 1 and bytes(mon) == before
    mon.update([8, "b"][:1], [[3]])
    mon.update(["b"], [[4]])
    assert mon.agents == ["a", 8, "b"] and mon.statistics().tolist() == [5, 3, 4]


def test_big_endian_ids_and_the_order_of_large_ones():
    mon = Monitor(monitor_settings(1, arl=9))
    mon.update(np.array([1, 2**63 + 5, 2], ">u8"), [[1]] * 3)
    mon.update(np.array([2**63 + 5], np.uint64), [[1]])
    assert mon.agents == [1, 2**63 + 5, 2]


def test_two_monitors_that_take_each_other_in_do_not_wait_for_ever():
    parts = [Monitor(monitor_settings(1, arl=9)) for _ in range(2)]
    threads = [
        threading.Thread(target=lambda a=a, b=b: [a.merge_disjoint(b) for _ in range(300)])
        for a, b in (parts, parts[::-1])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
