"""Bench top for `SerialLogSumExp`, with the stimulus and the sink of `WideBench`."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import Out

from ..log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from ..primitives.table import READ_CYCLES, Table
from ..reduction.beat import beat_layout
from ..spec.log_format import Q16_16
from .wide_bench import ResultSignature, lanes_in_a_row, stimulus_words

__all__ = ["PacedSource", "SerialBench"]


class PacedSource(wiring.Component):
    """The beats of `WideSource`, each offered until it is taken; the next follows cycles later.

    Parameters
    ----------
    lanes : int
        See `WideSource`.

    Members
    -------
    o : stream of `beat_layout`
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__({"o": Out(stream.Signature(beat_layout(Q16_16, lanes)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        words = stimulus_words()
        address = Signal(range(len(words)))
        age = Signal(range(READ_CYCLES + 1))  # cycles since the address changed
        filled = Signal()
        word = Table(m, platform, "stimulus", words).read(m, address)
        moves = Signal()
        m.d.comb += moves.eq(~self.o.valid & (age == READ_CYCLES))
        with m.If(moves):
            m.d.sync += [address.eq(address + 1), age.eq(0)]
            with m.If(filled | (address == self.lanes - 1)):
                m.d.sync += [filled.eq(1), self.o.valid.eq(1)]
        with m.Elif(~self.o.valid):
            m.d.sync += age.eq(age + 1)
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        lanes_in_a_row(m, word, self.o.p, moves)
        return m


class SerialBench(wiring.Component):
    """`PacedSource`, `SerialLogSumExp`, `ResultSignature` and a pin.

    Parameters
    ----------
    lanes : int
        Lanes of the unit.

    Members
    -------
    pin : out
        See `WideBench`.
    """

    def __init__(self, lanes: int) -> None:
        self.source = PacedSource(lanes)
        self.unit = SerialLogSumExp(Q16_16, lanes)
        self.sink = ResultSignature()
        super().__init__({"pin": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.source = source = self.source
        m.submodules.log_sum_exp = unit = self.unit
        m.submodules.sink = sink = self.sink
        wiring.connect(m, source.o, unit.i)
        m.d.comb += [
            unit.o.ready.eq(1),
            sink.i.p.eq(unit.o.p),
            sink.i.valid.eq(unit.o.valid),
        ]
        m.d.sync += self.pin.eq(sink.value[-1])
        return m
