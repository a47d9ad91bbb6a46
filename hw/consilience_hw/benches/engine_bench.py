"""Bench top for `Engine`: its streams end in registers, and all of it has one pin."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from ..engine.engine import Engine
from ..spec.engine_config import EngineConfig

__all__ = ["EngineBench"]

_TAPS = (0, 2, 3, 5)
"""Of a shift register of 16 bits, whose sequence has 2**16 - 1 places."""


class EngineBench(wiring.Component):
    """A source of bytes, `Engine`, a register for what it sends, and a pin.

    It is only placed and routed: the bytes are no frames. What matters is that synthesis cannot
    foresee them, and that every path of the engine lies between registers, as it does between the
    buffers of a PHY.

    Parameters
    ----------
    config : EngineConfig

    Members
    -------
    pin : out
        A bit to which every byte sent contributes.
    """

    def __init__(self, config: EngineConfig) -> None:
        self.unit = Engine(config)
        super().__init__({"pin": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.engine = unit = self.unit
        turns = Signal(16, init=1)
        time = Signal(32)
        sent = Signal(8)
        has_sent, parity, lost = Signal(), Signal(), Signal()
        m.d.sync += [
            turns.eq(turns >> 1),
            turns[-1].eq(Cat(turns[tap] for tap in _TAPS).xor()),
            time.eq(time + 1),
            unit.gap.eq(turns[:12].all()),
            unit.o.ready.eq(turns[7]),
            sent.eq(unit.o.p),
            has_sent.eq(unit.o.valid & unit.o.ready),
            parity.eq(sent.xor() & has_sent),
            lost.eq(unit.dropped),
            self.pin.eq(self.pin ^ parity ^ lost),
        ]
        with m.If(~unit.i.valid | unit.i.ready):
            m.d.sync += [unit.i.valid.eq(turns[3]), unit.i.p.eq(turns[8:])]
        m.d.comb += unit.entropy.eq(time)
        return m
