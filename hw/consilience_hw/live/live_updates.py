"""Updates of agents to beats of a live log sum, and results matched to their updates."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from ..spec.flags import UpdateStep
from ..spec.log_format import Q16_16, LogFormat
from .live_log_sum import LiveLogSum
from .live_operation import LiveOperation, live_result_layout

__all__ = ["LiveUpdates", "live_update_layout", "updated_layout"]

ID_BITS = 32
"""Width of the number of an agent, and of an operation."""


def live_update_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of an update.

    ``steps``: `UpdateStep` flags. ``old`` and ``new``: the codes that leave and enter. ``agent``
    and ``operation`` come back on the result.
    """
    return data.StructLayout(
        {
            "agent": unsigned(ID_BITS),
            "operation": unsigned(ID_BITS),
            "old": signed(fmt.code_bits),
            "new": signed(fmt.code_bits),
            "steps": unsigned(len(UpdateStep)),
        }
    )


def updated_layout(fmt: LogFormat, codes: int) -> data.StructLayout:
    """Return the layout of the result of an update: its agent and operation, and ``result``."""
    return data.StructLayout(
        {
            "result": live_result_layout(fmt, codes),
            "agent": unsigned(ID_BITS),
            "operation": unsigned(ID_BITS),
        }
    )


class LiveUpdates(wiring.Component):
    """The log sum of the codes of all agents, after each update of one of them.

    An update takes a cycle for each of its steps: clear or remove the old code, add the new one,
    read. It is accepted with the last of them. The sender of updates must know the code of each
    agent: the unit holds the sum, not the agents.

    Latency: `latency` cycles from the acceptance of an update that reads to its valid result, when
    the output buffer is empty; `update_cycles` from the cycle in which an update that removes one
    code and adds one is offered. Both hold for all data and any number of agents.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    codes : int
        Most agents; see `LiveLogSum`.

    Members
    -------
    i : stream of `live_update_layout`
    o : stream of `updated_layout`
        One result per update that reads, in order.
    """

    def __init__(self, fmt: LogFormat = Q16_16, codes: int = 1 << 24) -> None:
        self.fmt = fmt
        self.live = LiveLogSum(fmt, codes)
        super().__init__(
            {
                "i": In(stream.Signature(live_update_layout(fmt))),
                "o": Out(stream.Signature(updated_layout(fmt, codes))),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from the acceptance of an update to its result."""
        return self.live.latency

    @property
    def update_cycles(self) -> int:
        """Cycles from the offer of an update to its result: the old code first, then the new."""
        return 2 + self.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.live = live = self.live
        m.submodules.asked = asked = SyncFIFOBuffered(width=2 * ID_BITS, depth=live.depth)
        update = self.i.p
        done = Signal(3)
        clears, leaves, enters, reads = update.steps
        left = Cat(clears | leaves, enters, reads) & ~done
        first = left & (~left + 1)[: len(left)]
        last = left == first  # also true if no step is left
        out_operation = Mux(clears, LiveOperation.CLEAR, LiveOperation.REMOVE)
        m.d.comb += [
            live.i.p.code.eq(Mux(first[0], update.old, update.new)),
            live.i.p.operation.eq(
                Mux(first[0], out_operation, Mux(first[1], LiveOperation.ADD, LiveOperation.READ))
            ),
            live.i.valid.eq(self.i.valid & left.any()),
            self.i.ready.eq(last & (live.i.ready | ~left.any())),
        ]
        with m.If(live.i.valid & live.i.ready):
            m.d.sync += done.eq(Mux(last, 0, done | first))

        # As many wait here as results are inside, so it never overflows.
        m.d.comb += [
            asked.w_data.eq(Cat(update.agent, update.operation)),
            asked.w_en.eq(live.i.valid & live.i.ready & first[2]),
            asked.r_en.eq(self.o.valid & self.o.ready),
            self.o.p.result.eq(live.o.p),
            Cat(self.o.p.agent, self.o.p.operation).eq(asked.r_data),
            self.o.valid.eq(live.o.valid),
            live.o.ready.eq(self.o.ready),
        ]
        return m
