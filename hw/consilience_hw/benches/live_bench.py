"""A bench top for `LiveLogSum`, with the stimulus and the sink of the wide unit's."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import Out

from ..live.live_log_sum import LiveLogSum
from ..live.live_operation import LiveOperation, live_beat_layout
from ..primitives.pipeline import delayed
from ..primitives.table import READ_CYCLES, Table
from ..spec.log_format import Q16_16
from .wide_bench import WORDS, ResultSignature, stimulus_words

__all__ = ["AGENTS", "LiveBench", "LiveSource"]

AGENTS = WORDS // 2
"""Codes in the state after as many rounds."""


class LiveSource(wiring.Component):
    """A beat in every cycle: rounds of a code that comes in, one that goes out, and readings.

    Round k has four beats: add the code of word k, modulo the number of words; read; remove the
    code of word ``k - AGENTS``, which came in `AGENTS` rounds ago, or read where there was no such
    round; and read. It waits until the unit is ready for the first time, has cleared its memories,
    and does not look at ``ready`` any more: with a sink that never stalls the unit stays ready.

    Members
    -------
    o : stream of `live_beat_layout`
    """

    def __init__(self) -> None:
        super().__init__({"o": Out(stream.Signature(live_beat_layout(Q16_16)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        codes = [word & (1 << Q16_16.code_bits) - 1 for word in stimulus_words()]
        started = Signal()
        step = Signal(2)
        word = Signal(range(WORDS))
        full = Signal()  # `AGENTS` rounds are over
        with m.If(self.o.ready):
            m.d.sync += started.eq(1)
        with m.If(started):
            m.d.sync += [Cat(step, word).eq(Cat(step, word) + 1), full.eq(full | word[-1])]
        removes = (step == 2) & (full | word[-1])
        kind = Mux(
            step == 0, LiveOperation.ADD, Mux(removes, LiveOperation.REMOVE, LiveOperation.READ)
        )
        # Half of the words away is the highest bit.
        address = word ^ Cat(Const(0, len(word) - 1), removes)
        m.d.comb += [
            self.o.p.code.eq(Table(m, platform, "stimulus", codes).read(m, address)),
            self.o.p.operation.eq(delayed(m, kind, READ_CYCLES, "kind")),
            self.o.valid.eq(delayed(m, started, READ_CYCLES, "valid", reset=True)),
        ]
        return m


class LiveBench(wiring.Component):
    """`LiveSource`, `LiveLogSum`, `ResultSignature` and a pin.

    Members
    -------
    pin : out
        As of `wide_bench.WideBench`.
    """

    def __init__(self) -> None:
        self.source = LiveSource()
        self.unit = LiveLogSum()
        self.sink = ResultSignature()
        super().__init__({"pin": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.source = source = self.source
        m.submodules.live_log_sum = unit = self.unit
        m.submodules.sink = sink = self.sink
        wiring.connect(m, source.o, unit.i)
        folded = Signal(16)
        m.d.comb += folded.eq(unit.o.p.count ^ (unit.o.p.count >> 16) ^ unit.o.p.zeros)
        m.d.comb += [
            unit.o.ready.eq(1),
            sink.i.p.code.eq(unit.o.p.code),
            # All fields go in, so that nothing of the unit is left out as unused.
            sink.i.p.status.eq(unit.o.p.status ^ folded[:8] ^ folded[8:]),
            sink.i.valid.eq(unit.o.valid),
        ]
        m.d.sync += self.pin.eq(sink.value[-1])
        return m
