"""The monitor with a frozen table inside, against the golden table and the golden monitor."""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from consilience_hw.monitor.bin_increments import BinIncrements, IncrementSource
from consilience_hw.monitor.binned_monitor import BinnedMonitor
from consilience_hw.spec.monitor_format import MonitorMode
from consilience_sim.compiled.monitor_simulation import MonitorReadings
from consilience_sim.golden.frozen import frozen_limits, frozen_terms
from consilience_sim.testing.stream_bench import StreamBench, bits_of, fields_of
from tests.hw.monitor.monitor_script import BIT, MAX, UPDATE, ZERO, MonitorScript

AGENTS, BINS = 8, 5
BEAT, TABLE, LOAD = IncrementSource
COUNTS = [700, 200, 70, 29, 1]
KAPPAS = [Fraction(1, 4), Fraction(1, 2)]
LIMITS = frozen_limits(COUNTS, Fraction(1, 100))
TERMS = list(zip(*(frozen_terms(LIMITS, kappa) for kappa in KAPPAS), strict=True))


@cache
def bench_of(components):
    return StreamBench(BinnedMonitor(components, AGENTS, BINS))


class BinnedScript(MonitorScript):
    """Beats of which some bring a bin; a table is loaded beat by beat."""

    def __init__(self, mode):
        super().__init__(mode, [-BIT, -BIT], 6 * BIT, agents=AGENTS)
        self.table = {}

    def load(self, place, increments):
        """Give a bin its increments."""
        self.table[place] = [int(one) for one in increments]
        self._row(UPDATE, self.choose.integers(AGENTS), increments)
        self.rows[-1] |= {"source": LOAD, "bin": place}

    def observe(self, agent, place, *, commit=True, word=0):
        """Update an agent by a bin; the beat's own increments are anything."""
        self.update(agent, self.table[place], commit=commit, word=word)
        garbage = [int(one) for one in self._garbage()]
        self.rows[-1] |= {"source": TABLE, "bin": place, "increments": garbage}

    def run(self, **options):
        """Give all beats to a unit after reset in Amaranth's simulator; return its readings."""
        bench = bench_of(self.components)
        unit = bench.component
        shape = unit.i.payload.shape()
        beats = []
        for row in self.rows:
            beat = dict(row)
            source = beat.pop("source", BEAT)
            place = beat.pop("bin", int(self.choose.integers(BINS)))
            beats.append(bits_of(shape, {"source": source, "bin": place, "beat": beat}))
        run = bench.run(beats, len(self.expected), extra_cycles=1, **options)
        found = [fields_of(unit.o.payload.shape(), bits) for bits in run.outputs]
        names = MonitorReadings._fields[:5]
        columns = [np.array([int(getattr(one, name)) for one in found]) for name in names]
        return MonitorReadings(*columns, np.array(run.accepted), np.array(run.produced))


def loaded(mode=MonitorMode.RESTART, terms=TERMS):
    """Return a script that begins, and whose table is loaded."""
    script = BinnedScript(mode)
    script.begin()
    for place, increments in enumerate(terms):
        script.load(place, increments)
    return script


@pytest.mark.parametrize(
    "mode", [MonitorMode.RESTART, MonitorMode.SPREAD], ids=lambda one: one.name
)
def test_bins_and_increments_in_turn_are_golden(mode):
    script = loaded(mode)
    choose = script.choose
    for _ in range(60):
        agent, word = int(choose.integers(AGENTS)), int(choose.integers(3))
        if choose.random() < 0.2:
            script.random(1, 3 * BIT, lambda agent=agent: agent)
        else:
            bad = choose.random() < 0.5
            place = BINS - 1 if bad else int(choose.integers(BINS))
            script.observe(agent, place, commit=choose.random() < 0.8, word=word)
    script.scan(word=1)
    readings = script.run(gaps=0.1, stalls=0.2)
    script.check(readings)
    assert readings.alarm.any()


def test_a_bin_loaded_anew_is_in_force_for_the_next_beat():
    script = loaded()
    for place, increments in ((4, [ZERO, MAX]), (0, [7, -7]), (4, [-1, 1])):
        script.observe(1, place)
        script.load(place, increments)
        script.observe(1, place)
        script.observe(2, 4)
    for stalls in (0.0, 0.6):
        script.check(script.run(stalls=stalls))


def test_bins_that_wait_behind_the_same_agent():
    script = loaded()
    for place in (4, 0, 3, 1, 4, 2, 0, 4, 3):
        script.observe(1, place)
    script.check(script.run())


def test_one_beat_a_cycle_and_the_latency():
    unit = BinnedMonitor(2, AGENTS, BINS)
    script = loaded()
    for agent in range(AGENTS):
        script.observe(agent, agent % BINS)
    readings = script.run()
    script.check(readings)
    assert set(np.diff(readings.produced).tolist()) == {1}
    assert readings.produced[-1] - readings.accepted[-1] == unit.latency


def test_cycles_are_those_of_other_bins_and_tables():
    found = []
    for turn, terms in enumerate((TERMS, [(ZERO, MAX)] * BINS)):
        script = loaded(terms=terms)
        for place in range(30):
            script.observe(place * place % 3, (place * (turn + 1)) % BINS)
        readings = script.run(gaps=0.1, stalls=0.2)
        script.check(readings)
        found.append((readings.accepted.tolist(), readings.produced.tolist()))
    assert found[0] == found[1]


@pytest.mark.parametrize("bins", [0, 1, 1025])
def test_a_table_that_cannot_be(bins):
    with pytest.raises(ValueError, match=f"bins must be a whole number in 2..1024, not {bins}"):
        BinIncrements(2, AGENTS, bins)
