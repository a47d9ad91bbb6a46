"""Bins of scores to increments: a frozen table in front of a monitor."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..spec.counts import check_count
from ..spec.log_format import Q16_16
from .monitor_beat import monitor_beat_layout

__all__ = ["MAX_BINS", "BinIncrements", "IncrementSource", "binned_beat_layout"]

MAX_BINS = 1024


class IncrementSource(enum.Enum, shape=2):
    """Where the increments of a beat come from."""

    BEAT = 0
    """The beat itself."""
    TABLE = 1
    """The table, at the beat's bin."""
    LOAD = 2
    """The beat's increments become those of its bin; nothing is handed on."""


def binned_beat_layout(components: int, agents: int, bins: int) -> data.StructLayout:
    """Return the layout of a beat of `monitor_beat_layout` with where its increments come from.

    ``bin``: of TABLE and LOAD; one that is not there means nothing.
    """
    return data.StructLayout(
        {
            "source": IncrementSource,
            "bin": unsigned(ceil_log2(bins)),
            "beat": monitor_beat_layout(components, agents),
        }
    )


class BinIncrements(wiring.Component):
    """Looks up the increments of beats that bring a bin; all other beats pass, in order.

    The table is one memory of m words of K codes. It is not part of a reset: load every bin that
    will be asked for. A LOAD is in force for the next beat. Ready and valid depend on sources and
    on the pace of both sides alone, never on bins, increments or the table.

    Latency: `latency` cycles. Throughput: one beat per cycle.

    Parameters
    ----------
    components, agents : int
        As of `Monitor`.
    bins : int
        m, 2 to `MAX_BINS`.

    Members
    -------
    i : stream of `binned_beat_layout`
    o : stream of `monitor_beat_layout`
    """

    latency = 2

    def __init__(self, components: int, agents: int, bins: int) -> None:
        check_count("bins", bins, 2, MAX_BINS)
        self.components, self.bins = components, bins
        super().__init__(
            {
                "i": In(stream.Signature(binned_beat_layout(components, agents, bins))),
                "o": Out(stream.Signature(monitor_beat_layout(components, agents))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.table = table = Memory(
            shape=data.ArrayLayout(unsigned(Q16_16.code_bits), self.components),
            depth=self.bins,
            init=[],
            attrs={"ram_style": "block"},
        )
        moves = Signal()
        taken = self.i.p
        loads = taken.source == IncrementSource.LOAD
        write, read = table.write_port(), table.read_port()
        m.d.comb += [
            moves.eq(self.o.ready | ~self.o.valid),
            self.i.ready.eq(moves),
            write.addr.eq(taken.bin),
            write.data.eq(taken.beat.increments),
            write.en.eq(self.i.valid & moves & loads),
            read.addr.eq(taken.bin),
            read.en.eq(moves),
        ]
        # Block RAM is slow from clock to output: what it gives is registered before it is chosen.
        beat = Signal.like(taken.beat, reset_less=True)
        looked_up = Signal(reset_less=True)
        inside = Signal()
        with m.If(moves):
            m.d.sync += [
                inside.eq(self.i.valid & ~loads),
                looked_up.eq(taken.source == IncrementSource.TABLE),
                beat.eq(taken.beat),
                self.o.valid.eq(inside),
                self.o.p.eq(beat),
            ]
            for k in range(self.components):
                found = read.data[k].as_signed()
                m.d.sync += self.o.p.increments[k].eq(Mux(looked_up, found, beat.increments[k]))
        return m
