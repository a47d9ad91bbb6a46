"""Events made long enough to be seen on an LED."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

__all__ = ["LedStretcher"]


class LedStretcher(wiring.Component):
    """Output that is on from an event until about a quarter of a second without another.

    Parameters
    ----------
    clock_hz : int

    Members
    -------
    time : in
        A free-running cycle counter, shared by all stretchers: each costs two registers.
    event : in
    lit : out
        From the cycle after an event on, for 1 to 2 periods of ``2**time_bits`` cycles.
    """

    def __init__(self, clock_hz: int) -> None:
        self.time_bits = ceil_log2(clock_hz // 8)
        super().__init__({"time": In(32), "event": In(1), "lit": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        recent = Signal()  # there was an event since the last mark
        mark = self.time[: self.time_bits] == 0
        with m.If(mark):
            m.d.sync += [recent.eq(0), self.lit.eq(recent)]
        with m.If(self.event):
            m.d.sync += [recent.eq(1), self.lit.eq(1)]
        return m
