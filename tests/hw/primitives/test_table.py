"""`Table`: every word at every read, also in columns."""

import random

import pytest
from amaranth.hdl import Module, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.primitives.pipeline import delayed, flow
from consilience_hw.primitives.table import READ_CYCLES, Table
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream


class Reader(wiring.Component):
    """A table, read at as many places at once as there are."""

    latency = READ_CYCLES

    def __init__(self, words, places, columns=None):
        self.words, self.columns = words, columns
        address = unsigned((len(words) - 1).bit_length())
        self.width = max(1, max(words).bit_length())
        super().__init__(
            {
                "i": In(flow(data.ArrayLayout(address, places))),
                "o": Out(flow(data.ArrayLayout(unsigned(self.width), places))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        table = Table(m, self.columns, "table", self.words)
        for place, word in enumerate(self.o.p):
            read = table.read(m, self.i.p[place])
            assert len(read) == self.width
            m.d.comb += word.eq(read)
        m.d.comb += self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True))
        return m


class Columns:
    table_column_bits = 4


@pytest.mark.parametrize("places", [1, 2, 3])
@pytest.mark.parametrize("columns", [None, Columns()])
def test_every_word(places, columns):
    choose = random.Random(places)
    words = [choose.getrandbits(11) for _ in range(64)]
    dut = Reader(words, places, columns)
    asked = [[choose.randrange(64) for _ in range(places)] for _ in range(200)]
    asked += [[address] * places for address in range(64)]
    beats = [bits_of(dut.i.payload.shape(), addresses) for addresses in asked]
    run = run_stream(dut, beats, len(beats), gaps=0.1)
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {dut.latency}
    for addresses, bits in zip(asked, run.outputs, strict=True):
        found = fields_of(dut.o.payload.shape(), bits)
        assert list(found) == [words[address] for address in addresses]
