"""`ObservationChecks` and `ObservationReader` alone: an observation a cycle, and a pause."""

import random

import pytest
from amaranth.sim import Simulator

from consilience_hw.observations.observation_checks import ObservationChecks, checked_layout
from consilience_hw.observations.observation_reader import ObservationReader, observation_layout
from consilience_sim.testing.stream_bench import bits_of, run_stream

AGENTS, BINS = 32, 5


def run(rows, **options):
    """Give observations of which all exist; check which come out, and return the run."""
    highest, wanted = {}, []
    for agent, place, sequence in rows:
        ahead = (sequence - highest.get(agent, sequence - 1)) % 65_536
        if 0 < ahead < 32_768:
            highest[agent] = sequence
            wanted.append({"agent": agent, "bin": place, "sequence": sequence})
    given = [{"agent": a, "bin": b, "sequence": s} for a, b, s in rows]
    beats = [bits_of(observation_layout(), one) for one in given]
    unit = ObservationChecks(AGENTS, BINS)
    found = run_stream(unit, beats, len(wanted), extra_cycles=8, **options)
    assert found.outputs == [bits_of(checked_layout(AGENTS, BINS), one) for one in wanted]
    return found


@pytest.mark.parametrize("stalls", [0.0, 0.5])
def test_each_number_counts_once_at_any_pace(stalls):
    choose = random.Random(3)
    rows = [(choose.randrange(6), choose.randrange(BINS), choose.randrange(40)) for _ in range(600)]
    run(rows, stalls=stalls, gaps=stalls / 2)


def test_nothing_is_taken_before_all_numbers_are_forgotten():
    # The last agent is the one whose number is forgotten last.
    found = run([(AGENTS - 1, 0, 7)] * 2)
    assert found.accepted[0] >= AGENTS


def test_an_observation_a_cycle_of_different_agents_and_the_latency():
    found = run([(agent, 0, 9) for agent in range(AGENTS)] * 2 + [(0, 0, 10)] * 2)
    steps = [late - early for early, late in zip(found.accepted, found.accepted[1:], strict=False)]
    assert set(steps[:-1]) == {1} and steps[-1] == ObservationChecks.hold
    assert found.produced[0] - found.accepted[0] == ObservationChecks.latency


def test_a_pause_lets_a_datagram_end_and_none_begin():
    reader = ObservationReader()
    packet, taken = bytes(20), []

    async def give(ctx):
        ctx.set(reader.o.ready, 1)
        ctx.set(reader.packet.length, len(packet))
        ctx.set(reader.packet.o.valid, 1)
        for at in range(len(packet)):
            ctx.set(reader.pause, at > 0)
            ctx.set(reader.packet.o.p.last, at == len(packet) - 1)
            taken.append(ctx.get(reader.packet.o.ready))
            await ctx.tick()
        ctx.set(reader.packet.o.p.last, 0)
        inside = []
        for _ in range(4):
            taken.append(ctx.get(reader.packet.o.ready))
            inside.append(ctx.get(reader.inside))
            await ctx.tick()
        assert inside == [1, 0, 0, 0]

    simulator = Simulator(reader)
    simulator.add_clock(1e-6)
    simulator.add_testbench(give)
    simulator.run()
    assert taken == [1] * len(packet) + [0] * 4
