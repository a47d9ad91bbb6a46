"""`DeepMemory` as one memory and as columns of a platform's block RAMs."""

import random

import pytest
from amaranth.hdl import Fragment, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.primitives.deep_memory import DEEP_READ_CYCLES, DeepMemory
from consilience_hw.primitives.ecp5 import Ecp5Fabric
from consilience_hw.primitives.pipeline import delayed, flow
from consilience_sim.testing.stream_bench import bits_of, run_stream

WIDTH, DEPTH = 11, 32
ACCESS = data.StructLayout({"agent": 5, "place": 5, "word": WIDTH, "writes": 1})


class Narrow:
    """A platform with columns of 4 bits."""

    @staticmethod
    def deep_column_bits(depth):
        assert depth == DEPTH
        return 4


class Stored(wiring.Component):
    """Writes a word at an agent, and reads that of another place."""

    def __init__(self, platform):
        self.platform = platform
        super().__init__({"i": In(flow(ACCESS)), "o": Out(flow(WIDTH))})

    def elaborate(self, platform):
        m = Module()
        memory = DeepMemory(m, self.platform, "words", WIDTH, DEPTH)
        access = self.i.p
        memory.write(m, access.agent, access.word, self.i.valid & access.writes)
        m.d.comb += [
            self.o.p.eq(memory.read(m, access.place)),
            self.o.valid.eq(delayed(m, self.i.valid, DEEP_READ_CYCLES, "valid", reset=True)),
        ]
        return m


@pytest.mark.parametrize("platform", [None, Narrow()], ids=["whole", "columns"])
def test_words_come_back(platform):
    choose = random.Random(1)
    stored, beats, expected = [0] * DEPTH, [], []
    for _ in range(400):
        agent, word = choose.randrange(DEPTH), choose.getrandbits(WIDTH)
        place = choose.choice([one for one in range(DEPTH) if one != agent])
        writes = choose.random() < 0.7
        beats.append(
            bits_of(ACCESS, {"agent": agent, "place": place, "word": word, "writes": writes})
        )
        expected.append(stored[place])
        if writes:
            stored[agent] = word
    run = run_stream(Stored(platform), beats, len(beats))
    assert run.outputs == expected
    assert run.produced[0] - run.accepted[0] == DEEP_READ_CYCLES


@pytest.mark.parametrize(
    ("depth", "bits"), [(64, 18), (1024, 18), (1025, 9), (4096, 4), (8192, 2), (16_384, 1)]
)
def test_a_block_ram_of_the_ecp5_holds_a_column(depth, bits):
    assert Ecp5Fabric.deep_column_bits(depth) == bits
    assert depth * bits <= 18 * 1024


def test_columns_are_memories_of_their_own():
    whole, columns = (Fragment.get(Stored(one), None) for one in (None, Narrow()))
    assert (len(whole.subfragments), len(columns.subfragments)) == (1, 3)
