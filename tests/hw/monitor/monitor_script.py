"""Beats for a monitor, and what the golden model answers to each."""

from functools import lru_cache

import numpy as np

from consilience_hw.monitor.monitor import Monitor
from consilience_hw.monitor.monitor_beat import MonitorOperation
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import AgentFlag, Policy
from consilience_sim.compiled.monitor_simulation import MonitorReadings
from consilience_sim.golden.monitor import AgentModel, MonitorModel
from consilience_sim.testing.stream_bench import StreamBench, bits_of, fields_of

UPDATE, PROVISIONAL, READ, WRITE, RENEW, ACKNOWLEDGE, SCAN, BEGIN = MonitorOperation
ZERO, MAX = Q16_16.log_of_zero, Q16_16.max_code
BIT = Q16_16.fractions
SPECIAL = [ZERO, ZERO + 1, MAX, MAX - 1, 0, -1, 1]
DISTANCES = [0, 1, 1023, 1024, (1 << 20) - 1, 1 << 20, 1_083_228, 1_083_229]


@lru_cache(maxsize=4)
def bench_of(components, agents):
    return StreamBench(Monitor(components, agents))


class MonitorScript:
    """Beats, each of which the golden model follows at once."""

    def __init__(self, mode, weights, threshold, policy=Policy.LATCH, *, agents=16, seed=1):
        self.model = MonitorModel(mode, weights, threshold, policy)
        self.agents, self.components = agents, len(weights)
        self.choose = np.random.default_rng(seed)
        self.rows, self.expected = [], []

    def begin(self):
        """Let the unit take the model's configuration; the model's agents are forgotten."""
        model = self.model
        model.agents.clear()
        self._row(
            BEGIN, 0, model.weights, count=model.threshold, mode=model.mode, policy=model.policy
        )

    def update(self, agent, increments, *, commit=True, word=0):
        increments = [int(one) for one in increments]
        before = self.state(agent)
        reading = self.model.update(agent, increments, commit=commit)
        # What the word shows is the state before a renewal.
        after, _ = self.model._stepped(before, increments)
        words = [*after, before.observations + 1]
        flags = self.flags(agent)
        self._row(UPDATE if commit else PROVISIONAL, agent, increments, word=word)
        self._expect(agent, reading.statistic, reading.alarm, flags, words[word])

    def read(self, agent, word=0):
        self._row(READ, agent, self._garbage(), word=word)
        self._expect_state(agent, word)

    def scan(self, word=0):
        self._row(SCAN, self.choose.integers(self.agents), self._garbage(), word=word)
        for agent in range(self.agents):
            self._expect_state(agent, word)

    def write(self, agent, components, count=0, flags=0):
        self.model.agents[agent] = AgentModel(
            [int(one) for one in components],
            observations=count,
            saturated=bool(flags & AgentFlag.SATURATED),
            latched=bool(flags & AgentFlag.LATCHED),
        )
        self._row(WRITE, agent, components, count=count, flags=flags)

    def renew(self, agent):
        self.model.agents[agent] = self.state(agent)
        self.model.renew(agent)
        self._row(RENEW, agent, self._garbage())

    def acknowledge(self, agent):
        self.model.agents[agent] = self.state(agent)
        self.model.acknowledge(agent)
        self._row(ACKNOWLEDGE, agent, self._garbage())

    def state(self, agent):
        """The model's state of an agent; that of a new one if it has none."""
        found = self.model.agents.get(agent)
        if found is not None:
            return AgentModel(**vars(found))
        return AgentModel(self.model._start())

    def flags(self, agent):
        state = self.state(agent)
        return AgentFlag.SATURATED * state.saturated + AgentFlag.LATCHED * state.latched

    def increment(self, scale):
        """A number that drifts down, with rare special codes."""
        if self.choose.random() < 0.02:
            return int(self.choose.choice(SPECIAL))
        return int(self.choose.normal(-scale / 8, scale))

    def random(self, count, scale, agents, *, commands=0.1, provisional=0.3):
        """Add operations of all kinds but BEGIN and SCAN, on agents drawn by `agents`."""
        choose = self.choose
        for _ in range(count):
            agent, word = int(agents()), int(choose.integers(self.components + 1))
            increments = [self.increment(scale) for _ in range(self.components)]
            if choose.random() >= commands:
                self.update(agent, increments, commit=choose.random() >= provisional, word=word)
                continue
            kind = choose.integers(4)
            if kind == 0:
                self.read(agent, word)
            elif kind == 1:
                self.write(agent, increments, int(choose.integers(100)), int(choose.integers(4)))
            elif kind == 2:
                self.renew(agent)
            else:
                self.acknowledge(agent)

    def run_on(self, simulation, **options):
        """Give all beats to a simulated unit; return its readings."""
        columns = {name: [row[name] for row in self.rows] for name in self.rows[0]}
        return simulation.give(**columns, **options)

    def run(self, **options):
        """Give all beats to a unit after reset in Amaranth's simulator; return its readings."""
        bench = bench_of(self.components, self.agents)
        unit = bench.component
        beats = [bits_of(unit.i.payload.shape(), row) for row in self.rows]
        run = bench.run(beats, len(self.expected), extra_cycles=1, **options)
        found = [fields_of(unit.o.payload.shape(), bits) for bits in run.outputs]
        names = MonitorReadings._fields[:5]
        columns = [np.array([int(getattr(one, name)) for one in found]) for name in names]
        return MonitorReadings(*columns, np.array(run.accepted), np.array(run.produced))

    def check(self, readings):
        """Compare with what was expected, in order."""
        found = np.stack([np.asarray(one, np.int64) for one in readings[:5]], axis=1)
        wanted = np.array(self.expected, np.int64).reshape(-1, 5)
        assert found.shape == wanted.shape
        wrong = np.flatnonzero((found != wanted).any(axis=1))
        assert not len(wrong), (int(wrong[0]), found[wrong[0]], wanted[wrong[0]])

    def _row(self, operation, agent, increments, **fields):
        self.rows.append(
            {
                "operation": operation.value,
                "agent": int(agent),
                "increments": [int(one) for one in increments],
                "count": 0,
                "flags": 0,
                "word": 0,
                "mode": 0,
                "policy": 0,
                **{name: int(value) for name, value in fields.items()},
            }
        )

    def _garbage(self):
        return self.choose.integers(ZERO, MAX + 1, self.components)

    def _expect_state(self, agent, word):
        state = self.state(agent)
        words = [*state.components, state.observations]
        statistic, _ = self.model.statistic(state)
        self._expect(agent, statistic, False, self.flags(agent), words[word])

    def _expect(self, agent, statistic, alarm, flags, word):
        self.expected.append((agent, statistic, alarm, flags, word & 0xFFFF_FFFF))
