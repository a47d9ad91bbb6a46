"""The monitor against the golden model: any beats, the same agent again, flags, handshakes."""

import random

import pytest

from consilience_hw.monitor.monitor import Monitor
from consilience_hw.spec.monitor_format import AgentFlag, MonitorMode, Policy
from tests.hw.monitor.monitor_script import (
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

AGENTS, WEIGHTS = 8, [-BIT, -BIT]
LATCH, RENEWS = Policy.LATCH, Policy.RENEW


def script_of(mode, threshold=6 * BIT, policy=Policy.LATCH, agents=AGENTS):
    script = MonitorScript(mode, WEIGHTS, threshold, policy, agents=agents)
    script.begin()
    return script


@pytest.mark.parametrize(
    ("mode", "policy"),
    [(one, LATCH) for one in MonitorMode] + [(MonitorMode.RESTART, RENEWS)],
    ids=lambda one: one.name,
)
def test_any_beats_are_golden(mode, policy):
    script = script_of(mode, policy=policy)
    choose = script.choose
    script.random(70, 3 * BIT, lambda: choose.integers(AGENTS))
    script.random(25, MAX // 4, lambda: choose.integers(2), provisional=0.6)
    script.scan(word=2)
    script.check(script.run(gaps=0.1, stalls=0.2))


@pytest.mark.parametrize("policy", [LATCH, RENEWS], ids=lambda one: one.name)
def test_the_same_agent_again(policy):
    """Updates alone, of which every one alarms soon: each depends on the one before it."""
    unit = Monitor(len(WEIGHTS), 64)
    script = script_of(MonitorMode.RESTART, 2 * BIT, policy, agents=64)
    others = list(range(8, 64))
    agents = [3] * 6 + [3, 4] * 4
    hold = unit.hold if policy is LATCH else unit.renewal_hold
    for distance in (hold - 2, hold - 1, hold):
        agents += [5, *others[:distance], 5, 5]
    for place, agent in enumerate(agents):
        script.update(agent, [BIT + place, BIT // 2])
    script.scan()
    script.check(script.run())


def test_flags_and_their_ends():
    script = script_of(MonitorMode.CUSUM, 0)
    for increment in (5 * BIT, 1, 1):
        script.update(2, [increment, 0])
    script.acknowledge(2)
    script.update(2, [-20 * BIT, -20 * BIT])
    script.update(2, [5 * BIT, ZERO])
    script.write(2, [7, ZERO], 3, AgentFlag.SATURATED)
    script.read(2, word=2)
    script.update(2, [BIT, BIT], commit=False)
    script.write(1, [MAX, 0])
    script.update(1, [MAX, 0], commit=False)
    script.read(1)
    script.update(1, [1, 0])
    script.update(1, [ZERO, ZERO])
    script.renew(1)
    script.update(1, [0, 0])
    # The threshold itself, and an ulp below it.
    script.update(5, [BIT, BIT], word=1)
    script.write(6, [0, 0])
    script.update(6, [0, ZERO])
    script.update(6, [BIT, ZERO])
    readings = script.run()
    script.check(readings)
    assert readings.alarm.tolist() == [1, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1]
    assert 0 in readings.statistic[readings.alarm == 1]
    assert set(readings.flags.tolist()) == {0, 1, 2, 3}


def test_spread_at_counts_near_powers_of_two():
    script = script_of(MonitorMode.SPREAD, 0)
    for agent, bits in enumerate((1, 2, 5, 18, 31)):
        script.write(agent, [ZERO, -30 * BIT], (1 << bits) - 2)
        for _ in range(2):
            script.update(agent, [BIT, BIT], word=2)
    script.check(script.run())


@pytest.mark.parametrize("policy", [LATCH, RENEWS], ids=lambda one: one.name)
def test_cycles_are_those_of_other_numbers(policy):
    """Operations and agents the same, all else different: the same cycles."""
    found = []
    for kind, mode in enumerate((MonitorMode.RESTART, MonitorMode.ONCE)):
        script = script_of(mode, [ZERO, MAX][kind], policy)
        control, choose = random.Random(5), random.Random(kind)
        for _ in range(60):
            agent = control.randrange(3)
            numbers = [choose.randint(ZERO, MAX) for _ in WEIGHTS] if kind else [ZERO, ZERO]
            what = control.choice([UPDATE, UPDATE, PROVISIONAL, READ, WRITE, RENEW])
            if what in (UPDATE, PROVISIONAL):
                script.update(agent, numbers, commit=what is UPDATE, word=kind)
            elif what is READ:
                script.read(agent, kind)
            elif what is WRITE:
                script.write(agent, numbers, choose.getrandbits(20), 3 * kind)
            else:
                script.renew(agent)
        readings = script.run(gaps=0.1, stalls=0.2)
        script.check(readings)
        found.append((readings.accepted.tolist(), readings.produced.tolist()))
    assert found[0] == found[1]


def test_one_beat_a_cycle_and_the_latency_of_the_contract():
    unit = Monitor(len(WEIGHTS), AGENTS)
    script = script_of(MonitorMode.RESTART)
    for agent in range(AGENTS):
        script.read(agent)
    script.random(1, BIT, lambda: 0, commands=0, provisional=0)
    for agent in range(1, AGENTS):
        script.update(agent, [agent, -agent])
    readings = script.run()
    script.check(readings)
    assert set((readings.produced[1:] - readings.produced[:-1])[-AGENTS + 1 :].tolist()) == {1}
    assert readings.produced[-1] - readings.accepted[-1] == unit.latency
    assert Monitor(4, 16_384).latency <= 64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0,), "components must be a whole number in 1..16, not 0"), ((17,), "not 17")]
    + [((2, agents), f"a power of two from 2 on, not {agents}") for agents in (0, 1, 24)],
)
def test_a_monitor_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        Monitor(*arguments)
