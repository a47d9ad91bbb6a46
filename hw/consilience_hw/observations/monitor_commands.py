"""The commands by which a monitor begins, from a table of constants."""

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Out

from ..monitor.bin_increments import IncrementSource, binned_beat_layout
from ..monitor.monitor_beat import MonitorOperation
from ..spec.observations import MonitorSetup

__all__ = ["MonitorCommands"]


class MonitorCommands(wiring.Component):
    """Gives, once after each reset, a LOAD for each bin of the table, and then BEGIN.

    Parameters
    ----------
    setup : MonitorSetup
    agents : int

    Members
    -------
    o : stream of `bin_increments.binned_beat_layout`
    """

    def __init__(self, setup: MonitorSetup, agents: int) -> None:
        self.setup = setup
        layout = binned_beat_layout(len(setup.weights), agents, len(setup.increments))
        super().__init__({"o": Out(stream.Signature(layout))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        setup, layout = self.setup, self.o.p.shape()
        begin = {
            "operation": MonitorOperation.BEGIN,
            "mode": setup.mode,
            "policy": setup.policy,
            "count": setup.threshold & 0xFFFF_FFFF,
            "increments": list(setup.weights),
        }
        beats = [
            {"source": IncrementSource.LOAD, "bin": place, "beat": {"increments": list(row)}}
            for place, row in enumerate(setup.increments)
        ]
        beats.append({"source": IncrementSource.BEAT, "beat": begin})
        words = [layout.const(beat).as_bits() for beat in beats]
        m.submodules.table = table = Memory(
            shape=unsigned(layout.size), depth=len(words), init=words
        )
        read = table.read_port()
        place = Signal(range(len(words) + 1))
        fetched = Signal()
        m.d.comb += [read.addr.eq(place), read.en.eq(1)]
        # Block RAM is slow from clock to output: what it gives is registered before it is offered.
        with m.If(~self.o.valid):
            m.d.sync += [
                fetched.eq(1),
                Cat(self.o.p).eq(read.data),
                self.o.valid.eq(fetched & (place != len(words))),
            ]
        with m.Elif(self.o.ready):
            m.d.sync += [place.eq(place + 1), fetched.eq(0), self.o.valid.eq(0)]
        return m
