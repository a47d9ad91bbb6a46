"""Datagrams to alarms, against the golden monitor and a plain account of sequence numbers."""

import random
from collections import Counter
from fractions import Fraction
from functools import cache

import pytest
from amaranth.hdl import Cat, Module, Signal

from consilience_hw.ethernet.packet_filter import PEER_BYTES
from consilience_hw.monitor.bin_increments import IncrementSource
from consilience_hw.monitor.monitor_beat import MonitorOperation
from consilience_hw.observations.observation_checks import ObservationChecks
from consilience_hw.observations.observation_monitor import ObservationMonitor
from consilience_hw.observations.observation_reader import WORD_BYTES
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MonitorMode, Policy
from consilience_hw.spec.observations import Observation, ObservationCount
from consilience_sim.golden.frozen import frozen_limits, frozen_terms
from consilience_sim.golden.monitor import MonitorModel
from consilience_sim.testing.reused_simulator import ReusedSimulator
from consilience_sim.testing.stream_bench import bits_of

AGENTS, BINS = 8, 5
WEIGHTS, THRESHOLD = [-Q16_16.fractions] * 2, 6 * Q16_16.fractions
LIMITS = frozen_limits([700, 200, 70, 29, 1], Fraction(1, 100))
TERMS = list(
    zip(*(frozen_terms(LIMITS, kappa) for kappa in (Fraction(1, 4), Fraction(1, 2))), strict=True)
)
DOES = MonitorOperation
REST = 200
"""Cycles after which nothing is inside any more."""

COUNT = ObservationCount
OUTSIDE = {COUNT.UNSENT_ALARMS, COUNT.NO_ROOM, COUNT.OTHER_DROPS}
"""What the unit is told of."""


class Account:
    """What must become of every observation, kept in plain integers and the golden monitor."""

    def __init__(self, policy=Policy.LATCH):
        self.policy, self.counts, self.alarms = policy, Counter(), []
        self.begin()

    def begin(self):
        self.model = MonitorModel(MonitorMode.RESTART, WEIGHTS, THRESHOLD, self.policy)
        self.highest = {}

    def datagram(self, payload):
        if len(payload) % 8:
            self.counts[COUNT.BAD_LENGTH] += 1
            return
        for at in range(0, len(payload), 8):
            agent, place, sequence = (
                int.from_bytes(payload[at + low : at + high], "little")
                for low, high in ((0, 4), (4, 6), (6, 8))
            )
            self.observation(agent, place, sequence)

    def observation(self, agent, place, sequence):
        if agent >= AGENTS:
            self.counts[COUNT.OTHER_AGENT] += 1
            return
        if place >= BINS:
            self.counts[COUNT.OTHER_BIN] += 1
            return
        if agent in self.highest:
            ahead = (sequence - self.highest[agent]) % 65536
            if not 0 < ahead < 32768:
                self.counts[COUNT.NOT_ABOVE] += 1
                return
            self.counts[COUNT.MISSING] += ahead - 1
        self.highest[agent] = sequence
        self.counts[COUNT.TAKEN] += 1
        state = self.model.agents.get(agent)
        t = (state.observations if state else 0) + 1
        reading = self.model.update(agent, TERMS[place])
        if reading.alarm:
            self.alarms.append((agent, sequence, reading.statistic, t))


def command(operation, source=IncrementSource.BEAT, place=0, **fields):
    """A command with the rest of its fields 0."""
    beat = {"operation": operation, "agent": 0, "increments": [0, 0], **fields}
    return {"source": source, "bin": place, "beat": beat}


def set_up(policy=Policy.LATCH):
    """The commands by which a monitor begins."""
    loads = [
        command(DOES.UPDATE, IncrementSource.LOAD, place, increments=list(terms))
        for place, terms in enumerate(TERMS)
    ]
    fields = {"mode": MonitorMode.RESTART, "policy": policy, "count": THRESHOLD}
    return [*loads, command(DOES.BEGIN, increments=WEIGHTS, **fields)]


@cache
def simulated():
    """Return a monitor, a count of cycles, and their simulator."""
    unit = ObservationMonitor(2, AGENTS, BINS)
    m = Module()
    m.submodules.unit = unit
    cycle = Signal(32)
    m.d.sync += cycle.eq(cycle + 1)
    return unit, cycle, ReusedSimulator(m)


class Run:
    """A simulated monitor: of `script`, commands are dicts, datagrams bytes, rests cycles."""

    def __init__(self, script, *, gaps=0.0, stalls=0.0, seed=1, rest=REST):
        unit, cycle, simulator = simulated()
        self.unit = unit
        self.choose = random.Random(seed)
        self.alarms, self.produced, self.taken = [], [], []
        self.refused, self.counts = 0, {}
        self._done = False

        async def until(ctx, ready):
            while True:
                _, _, now, yes = await ctx.tick().sample(cycle, ready)
                if yes:
                    return now

        async def give(ctx):
            for one in script:
                if isinstance(one, int):
                    await ctx.tick().repeat(one)
                    continue
                if isinstance(one, dict):
                    bits = bits_of(unit.command.p.shape(), one)
                    ctx.set(Cat(unit.command.p), bits)
                    ctx.set(unit.command.valid, 1)
                    await until(ctx, unit.command.ready)
                    ctx.set(unit.command.valid, 0)
                    ctx.set(Cat(unit.command.p), self.choose.getrandbits(40))
                    continue
                packet = self.choose.randbytes(PEER_BYTES) + one
                ctx.set(unit.packet.length, len(packet))
                length = len(packet)
                # What a word holds beyond the packet means nothing.
                packet += self.choose.randbytes(-length % WORD_BYTES)
                for at in range(0, length, WORD_BYTES):
                    while self.choose.random() < gaps:
                        await ctx.tick()
                    word = int.from_bytes(packet[at : at + WORD_BYTES], "little")
                    ctx.set(unit.packet.o.p.bytes, word)
                    ctx.set(unit.packet.o.p.last, at + WORD_BYTES >= length)
                    ctx.set(unit.packet.o.valid, 1)
                    self.taken.append(await until(ctx, unit.packet.o.ready))
                    ctx.set(unit.packet.o.valid, 0)
                    ctx.set(unit.packet.o.p.bytes, self.choose.getrandbits(8 * WORD_BYTES))
                ctx.set(unit.packet.length, self.choose.randrange(2048))
            await ctx.tick().repeat(rest)
            self._done = True

        async def take(ctx):
            o, offered = unit.o, None
            while not self._done:
                ctx.set(o.ready, self.choose.random() >= stalls)
                sampled = ctx.tick().sample(cycle, o.valid, o.ready, o.p, unit.refused)
                _, _, now, valid, ready, p, refused = await sampled
                alarm = (p.agent, p.sequence, p.statistic, p.observation)
                assert offered is None or (valid and alarm == offered), "an alarm was withdrawn"
                offered = alarm if valid and not ready else None
                self.refused += refused
                if valid and ready:
                    self.alarms.append(alarm)
                    self.produced.append(now)
            self.counts = {one: ctx.get(unit.counts[one]) for one in ObservationCount}

        simulator.run(take, beside=[give])

    def check(self, account):
        """Compare alarms, in order, and all counters."""
        assert self.alarms == account.alarms
        assert self.counts == {one: account.counts[one] for one in ObservationCount}


def payload(*observations):
    return b"".join(bytes(Observation(*one)) for one in observations)


def accounted(datagrams, policy=Policy.LATCH):
    account = Account(policy)
    for one in datagrams:
        account.datagram(one)
    return account


def traffic(choose, count):
    """Datagrams with gaps, repeats, swapped neighbours, strangers and broken lengths."""
    numbers = {agent: choose.randrange(65536) for agent in range(AGENTS)}
    sent = []
    for _ in range(count):
        rows = []
        for _ in range(choose.randrange(1, 9)):
            agent = choose.randrange(AGENTS)
            numbers[agent] += choose.choice([1, 1, 1, 1, 3, 32767, 32768, 40000, 65536])
            place = choose.choice([0, 1, 4, 4, 4])
            kind = choose.random()
            if kind < 0.1:
                agent += choose.choice([AGENTS, 1 << 16, 1 << 31])
            elif kind < 0.2:
                place = choose.choice([BINS, BINS + 2, 8, 256, 65535])
            rows.append((agent, place, numbers[agent % AGENTS] % 65536))
        sent.append(payload(*rows))
        if choose.random() < 0.2:
            sent.append(choose.choice(sent))
        if choose.random() < 0.1:
            sent[-2:] = sent[:-3:-1]
        if choose.random() < 0.1:
            sent.append(choose.randbytes(choose.choice([1, 7, 9, 15, 20])))
    return sent


@pytest.mark.parametrize("policy", [Policy.LATCH, Policy.RENEW], ids=lambda one: one.name)
@pytest.mark.parametrize("pace", [0.0, 0.3])
def test_alarms_and_counters_are_those_of_the_account(policy, pace):
    sent = traffic(random.Random(f"{policy}{pace}"), 40)
    account = accounted(sent, policy)
    assert set(account.counts) == set(COUNT) - OUTSIDE and account.alarms
    run = Run([*set_up(policy), *sent], gaps=pace, stalls=2 * pace)
    run.check(account)


def test_a_datagram_that_comes_twice_counts_once():
    one, two = payload((3, 4, 65535), (5, 0, 7)), payload((3, 4, 0), (3, 4, 1))
    sent = [one, one, two, one, two, two]
    account = accounted(sent)
    assert (account.counts[COUNT.TAKEN], account.counts[COUNT.NOT_ABOVE]) == (4, 8)
    Run([*set_up(), *sent]).check(account)


def test_rows_of_one_agent_back_to_back():
    sent = [payload(*((2, 4, number) for number in (0, 0, 1, 1, 2, 9, 8, 10)))]
    account = accounted(sent)
    assert account.counts[COUNT.MISSING] == 6
    Run([*set_up(), *sent]).check(account)


def test_a_begin_forgets_agents_and_their_numbers_and_not_what_came_before():
    # As many of one agent as wait for each other up to the checks.
    sent = [payload((2, 4, 9), *((1, 4, number) for number in range(8)))] * 2
    account = Account()
    account.datagram(sent[0])
    account.begin()
    account.datagram(sent[1])
    assert account.counts[COUNT.TAKEN] == 18 and len(account.alarms) >= 2
    Run([*set_up(), sent[0], set_up()[-1], sent[1]]).check(account)


def test_observations_wait_for_commands_and_none_is_lost():
    # The table is loaded with what it holds, again and again, while an observation arrives.
    sent = [payload((1, 4, number)) for number in range(4)]
    script = [part for one in sent for part in (one, *set_up()[:-1] * 3)]
    Run([*set_up(), *script]).check(accounted(sent))


def test_what_gives_a_result_of_its_own_is_no_command():
    wrong = [command(one) for one in (DOES.UPDATE, DOES.PROVISIONAL, DOES.READ, DOES.SCAN)]
    sent = [payload((1, 4, 5), (1, 4, 6), (1, 4, 7))]
    run = Run([*set_up(), *wrong, *sent])
    assert run.refused == len(wrong)
    run.check(accounted(sent))
    assert run.alarms


def test_a_latched_agent_alarms_again_when_it_is_acknowledged():
    rows = [payload((1, 4, number)) for number in range(6)]
    account = Account()
    for one in rows[:4]:
        account.datagram(one)
    account.model.acknowledge(1)
    for one in rows[4:]:
        account.datagram(one)
    assert len(account.alarms) == 2
    acknowledge = command(DOES.ACKNOWLEDGE, agent=1)
    Run([*set_up(), *rows[:4], REST, acknowledge, *rows[4:]]).check(account)


@pytest.mark.parametrize("others", [0, 5])
def test_an_observation_a_cycle_and_the_latency(others):
    rows = [(agent, 0, 0) for agent in range(others)]
    sent = [payload((7, 4, 0)), payload(*rows, (7, 4, 1))]
    account = accounted(sent)
    assert [alarm[:2] for alarm in account.alarms] == [(7, 1)]
    run = Run([*set_up(), REST, sent[0], REST, sent[1]])
    run.check(account)
    last = 2 + 1 + others  # words
    assert run.taken[-1] - run.taken[-last] == last - 1
    assert run.produced == [run.taken[-1] + run.unit.latency]


@pytest.mark.parametrize(
    ("agents", "bins", "message"),
    [
        (12, 5, "agents must be a power of two from 2 on, not 12"),
        (1, 5, "not 1"),
        (8, 1, r"bins must be a whole number in 2..65536, not 1"),
        (8, 65537, "not 65537"),
    ],
)
def test_refused(agents, bins, message):
    with pytest.raises(ValueError, match=message):
        ObservationChecks(agents, bins)
