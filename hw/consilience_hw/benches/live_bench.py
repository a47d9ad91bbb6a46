"""Bench top for `LiveLogSum`, with the stimulus and the sink of `WideBench`."""

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
"""Codes in the state once as many rounds have passed."""


class LiveSource(wiring.Component):
    """One beat per cycle, in rounds: a code is added, read, an old one removed, read.

    Round k has four beats: add the code of word k, modulo the number of words; read; remove the
    code of word ``k - AGENTS``, which came in `AGENTS` rounds ago, or read where there was no such
    round; and read. The source waits until the unit is ready for the first time, when it has
    cleared its memories. It ignores ``ready`` from then on: with a sink that never stalls the unit
    stays ready.

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
        # The word half the table away differs in the highest address bit only.
        address = delayed(m, word ^ Cat(Const(0, len(word) - 1), removes), 1, "address")
        code = Table(m, platform, "stimulus", codes).read(m, address)
        # Registers before and behind the block RAM: no wire to it or from it counts as the unit's.
        cycles = 1 + READ_CYCLES + 1
        m.d.comb += [
            self.o.p.code.eq(delayed(m, code, 1, "code")),
            self.o.p.operation.eq(delayed(m, kind, cycles, "kind")),
            self.o.valid.eq(delayed(m, started, cycles, "valid", reset=True)),
        ]
        return m


class LiveBench(wiring.Component):
    """`LiveSource`, `LiveLogSum`, `ResultSignature` and a pin.

    Members
    -------
    pin : out
        See `wide_bench.WideBench`.
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
            # Every field is folded in, so that synthesis removes no part of the unit as unused.
            sink.i.p.status.eq(unit.o.p.status ^ folded[:8] ^ folded[8:]),
            sink.i.valid.eq(unit.o.valid),
        ]
        m.d.sync += self.pin.eq(sink.value[-1])
        return m
