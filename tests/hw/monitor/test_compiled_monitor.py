"""The compiled monitor against the golden model: long runs, every wait, its ends."""

import numpy as np
import pytest

from consilience_hw.monitor.monitor import Monitor
from consilience_hw.spec.monitor_format import AgentFlag, MonitorMode, Policy
from consilience_sim.compiled.monitor_simulation import MonitorSimulation
from tests.hw.monitor.monitor_script import (
    ACKNOWLEDGE,
    BIT,
    MAX,
    PROVISIONAL,
    READ,
    RENEW,
    UPDATE,
    WRITE,
    ZERO,
    MonitorScript,
)

pytestmark = pytest.mark.slow

AGENTS, WEIGHTS = 16, [-BIT, -BIT]
HOLD, RENEWAL_HOLD, LATENCY = 18, 38, 44
MODES, POLICIES = list(MonitorMode), [Policy.LATCH, Policy.RENEW]


@pytest.fixture(scope="module")
def unit():
    with MonitorSimulation(len(WEIGHTS), AGENTS) as simulation:
        yield simulation


def script_of(mode=MonitorMode.RESTART, threshold=8 * BIT, policy=Policy.LATCH, seed=1):
    script = MonitorScript(mode, WEIGHTS, threshold, policy, agents=AGENTS, seed=seed)
    script.begin()
    return script


@pytest.mark.parametrize("policy", POLICIES, ids=lambda one: one.name)
@pytest.mark.parametrize("mode", MODES, ids=lambda one: one.name)
def test_any_beats_are_golden(unit, mode, policy):
    script = script_of(mode, policy=policy)
    choose = script.choose
    script.random(400, 3 * BIT, lambda: choose.integers(AGENTS))
    script.random(150, 3 * BIT, lambda: 7, provisional=0.6)
    script.scan(word=2)
    script.random(150, 400 * BIT, lambda: choose.integers(3))
    script.random(150, MAX // 4, lambda: choose.integers(AGENTS))
    script.scan(word=1)
    readings = script.run_on(unit)
    script.check(readings)
    assert readings.alarm.any()
    assert set(readings.flags.tolist()) == {0, 1, 2, 3}
    script.check(script.run_on(unit, gaps=0.3, stalls=0.5, seed=3))


def worst_patterns():
    """Agents one after the other, with what the pipeline holds in mind."""
    yield "one agent", [3] * 40
    yield "two in turn", [3, 4] * 25
    yield "three in turn", [0, 15, 7] * 20
    others = list(range(4, 16)) * 4
    for distance in (HOLD - 2, HOLD - 1, HOLD, RENEWAL_HOLD - 1, RENEWAL_HOLD):
        yield f"every {distance + 1} beats", [3, *others[:distance], 3, *others[:distance], 3, 3]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "mode", [MonitorMode.RESTART, MonitorMode.SPREAD], ids=lambda one: one.name
)
def test_the_same_agent_again(unit, mode, policy):
    """Updates alone, of which every one alarms soon: each depends on the one before it."""
    for name, agents in worst_patterns():
        script = script_of(mode, 2 * BIT, policy)
        for place, agent in enumerate(agents):
            script.update(agent, [BIT + place, BIT // 2])
            if place % 5 == 4:
                script.acknowledge(agent)
        script.scan()
        try:
            script.check(script.run_on(unit))
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error


def settle(unit):
    """Let all that was given before leave the pipeline."""
    unit.give([READ.value] * (AGENTS + 2 * LATENCY), 0, 0)


def entering_cycles(beats, policy):
    """When each beat is taken and when it enters, by the rule; the first is taken at cycle 0."""
    writers = {UPDATE, WRITE, RENEW, ACKNOWLEDGE}
    taken, entered, last = [], [], {}
    for kind, agent in beats:
        # There are two places: the one of a beat is free when that before it has gone on.
        taken.append(max([0, *(one + 1 for one in taken[-1:]), *entered[-2:-1]]))
        cycle = max([taken[-1] + 2, *(one + 1 for one in entered[-1:])])
        for before, (hold, when) in [(a, one) for a, ones in last.items() for one in ones]:
            if before == agent:
                cycle = max(cycle, when + hold)
        entered.append(cycle)
        if kind in writers:
            renews = kind is RENEW or (kind is UPDATE and policy is Policy.RENEW)
            last.setdefault(agent, []).append((RENEWAL_HOLD if renews else HOLD, cycle))
    return np.array(taken), np.array(entered)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda one: one.name)
def test_a_beat_is_held_exactly_as_long_as_it_must_be(unit, policy):
    choose = np.random.default_rng(5)
    assert (unit_of := Monitor(len(WEIGHTS), AGENTS)).hold == HOLD
    assert (unit_of.renewal_hold, unit_of.latency) == (RENEWAL_HOLD, LATENCY)
    kinds = [UPDATE, UPDATE, PROVISIONAL, READ, WRITE, RENEW, ACKNOWLEDGE]
    for spread in (1, 3, AGENTS):
        script_of(policy=policy).run_on(unit)
        beats = [
            (kinds[choose.integers(len(kinds))], int(choose.integers(spread))) for _ in range(150)
        ]
        operations, agents = [kind.value for kind, _ in beats], [agent for _, agent in beats]
        settle(unit)
        readings = unit.give(operations, agents, 5)
        taken, entered = entering_cycles(beats, policy)
        assert (readings.accepted - readings.accepted[0] == taken).all()
        answered = np.isin(operations, [one.value for one in (UPDATE, PROVISIONAL, READ)])
        produced = readings.produced - readings.accepted[0]
        assert (produced == entered[answered] + LATENCY - 2).all()


@pytest.mark.parametrize("policy", POLICIES, ids=lambda one: one.name)
def test_cycles_are_those_of_other_numbers(unit, policy):
    """Operations and agents the same, all else different: the same cycles."""
    choose = np.random.default_rng(6)
    operations = choose.choice([UPDATE.value, PROVISIONAL.value, WRITE.value, RENEW.value], 300)
    agents = choose.integers(0, 4, 300)
    found = []
    for kind in range(4):
        script_of(MODES[kind], [0, BIT, MAX, ZERO][kind], policy).run_on(unit)
        settle(unit)
        data = choose.integers(ZERO, MAX + 1, (300, 2)) if kind else ZERO
        options = {"count": choose.integers(1 << 32, size=300), "flags": kind, "word": kind % 3}
        readings = unit.give(operations, agents, data, **options, gaps=0.2, stalls=0.4, seed=8)
        found.append((readings.accepted.tolist(), readings.produced.tolist()))
    assert found[0] == found[1] == found[2] == found[3]


def test_one_update_a_cycle_of_different_agents(unit):
    script_of(policy=Policy.LATCH).run_on(unit)
    settle(unit)
    readings = unit.give([UPDATE.value] * AGENTS, [(5 * k) % AGENTS for k in range(AGENTS)], 1)
    assert np.diff(readings.accepted).tolist() == [1] * (AGENTS - 1)
    assert np.diff(readings.produced).tolist() == [1] * (AGENTS - 1)
    reads = unit.give([PROVISIONAL.value] * 160, 3, 1)
    assert np.diff(reads.produced).tolist() == [1] * 159
    assert reads.produced[0] - reads.accepted[0] == LATENCY


def test_latch_acknowledge_and_write(unit):
    script = script_of(MonitorMode.CUSUM, 0, seed=4)
    for increment in (5 * BIT, 1, 1):
        script.update(2, [increment, 0])
    script.acknowledge(2)
    script.update(2, [-20 * BIT, -20 * BIT])
    script.update(2, [5 * BIT, ZERO])
    script.write(2, [7, ZERO], 3, AgentFlag.SATURATED)
    script.read(2, word=2)
    script.update(2, [BIT, BIT], commit=False)
    script.update(2, [BIT, BIT], word=2)
    script.write(2, [MAX, MAX], 9, AgentFlag.LATCHED)
    script.update(2, [1, 1])
    readings = script.run_on(unit)
    script.check(readings)
    assert readings.alarm.tolist() == [1, 0, 0, 0, 1, 0, 1, 1, 0]
    assert readings.flags.tolist() == [2, 2, 2, 0, 2, 1, 1, 3, 3]


@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_the_threshold_itself_alarms(unit, spare):
    for increments, statistic in (([BIT, BIT], BIT), ([-BIT, ZERO], -2 * BIT)):
        script = script_of(MonitorMode.ONCE, statistic - spare)
        script.update(5, increments)
        readings = script.run_on(unit)
        script.check(readings)
        assert readings.statistic.tolist() == [statistic]
        assert readings.alarm.tolist() == [spare >= 0]


def test_saturation_is_sticky_and_of_committed_updates_alone(unit):
    script = script_of(MonitorMode.ONCE, MAX, policy=Policy.RENEW)
    script.update(1, [MAX, 0])
    script.update(1, [MAX, 0], commit=False)
    script.read(1)
    script.update(1, [1, 0])
    script.update(1, [ZERO, ZERO])
    script.renew(1)
    script.update(1, [0, 0])
    readings = script.run_on(unit)
    script.check(readings)
    assert readings.flags.tolist() == [0, 0, 0, 1, 1, 1]


def test_the_log_of_zero_absorbs_until_it_is_renewed(unit):
    for mode in MODES:
        script = script_of(mode)
        for increment in (ZERO + 1, -1, 0, ZERO, MAX, 3):
            script.update(4, [increment, increment])
        script.renew(4)
        script.update(4, [3, ZERO])
        script.update(4, [3, 3])
        script.check(script.run_on(unit))


@pytest.mark.parametrize("count", [(1 << bits) - 2 for bits in (1, 2, 5, 18, 31)])
def test_spread_at_counts_near_powers_of_two(unit, count):
    script = script_of(MonitorMode.SPREAD, 0)
    script.write(1, [ZERO, -30 * BIT], count)
    for _ in range(2):
        script.update(1, [BIT, BIT], word=2)
    script.check(script.run_on(unit))


def test_the_largest_count_stays(unit):
    """From there on a count of the model goes on, and the weight is the same for as long again."""
    script = script_of(MonitorMode.SPREAD, 0)
    full = (1 << 32) - 1
    script.write(1, [ZERO, ZERO], full)
    script.run_on(unit)
    readings = unit.give([UPDATE.value] * 2, 1, [[BIT, 0], [0, 7]], word=2)
    assert readings.word.tolist() == [full, full]
    model = script.model
    expected = [model.update(1, increments).statistic for increments in ([BIT, 0], [0, 7])]
    assert readings.statistic.tolist() == expected


def test_a_reset_begins_every_agent(unit):
    script = script_of(MonitorMode.RESTART)
    for agent in range(AGENTS):
        script.update(agent, [20 * BIT, 0])
    script.run_on(unit)
    unit.reset()
    fresh = MonitorScript(MonitorMode.RESTART, [0, 0], 0, agents=AGENTS)
    fresh.scan(word=2)
    fresh.update(3, [0, 0])
    readings = fresh.run_on(unit)
    fresh.check(readings)
    assert readings.accepted[0] == AGENTS


def test_scans_wait_for_their_sink(unit):
    script = script_of()
    script.random(60, 3 * BIT, lambda: script.choose.integers(AGENTS))
    for word in (0, 1, 2, 2, 1):
        script.scan(word)
    script.check(script.run_on(unit, stalls=0.9, seed=2))
