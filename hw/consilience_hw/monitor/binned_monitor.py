"""A monitor that takes bins of scores: a frozen table of increments inside."""

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .bin_increments import BinIncrements, binned_beat_layout
from .monitor import Monitor
from .monitor_beat import monitor_result_layout

__all__ = ["BinnedMonitor"]


class BinnedMonitor(wiring.Component):
    """`Monitor` behind `BinIncrements`: an observation is an agent and a bin.

    Everything else is that of the two. Latency: `latency` cycles. Throughput: one beat per cycle.

    Parameters
    ----------
    components, agents : int
        As of `Monitor`.
    bins : int
        As of `BinIncrements`.

    Members
    -------
    i : stream of `bin_increments.binned_beat_layout`
    o : stream of `monitor_beat.monitor_result_layout`
    """

    def __init__(self, components: int = 2, agents: int = 1 << 14, bins: int = 64) -> None:
        self.monitor = Monitor(components, agents)
        self.table = BinIncrements(components, agents, bins)
        super().__init__(
            {
                "i": In(stream.Signature(binned_beat_layout(components, agents, bins))),
                "o": Out(stream.Signature(monitor_result_layout(agents))),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from the acceptance of a beat that is not held to its valid result."""
        return self.table.latency + self.monitor.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.table = self.table
        m.submodules.monitor = self.monitor
        wiring.connect(m, wiring.flipped(self.i), self.table.i)
        wiring.connect(m, self.table.o, self.monitor.i)
        wiring.connect(m, self.monitor.o, wiring.flipped(self.o))
        return m
