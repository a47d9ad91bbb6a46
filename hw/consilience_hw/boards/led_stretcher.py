"""Events made long enough to be seen on an LED."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

__all__ = ["LedStretcher"]


class LedStretcher(wiring.Component):
    """Lit from an event until a quarter of a second or so has passed without another.

    Parameters
    ----------
    clock_hz : int

    Members
    -------
    time : in
        Cycles since any time, modulo 2**32: shared, so that each LED costs two registers.
    event : in
    lit : out
        From the cycle after an event, for 1 to 2 of the periods of `time_bits`.
    """

    def __init__(self, clock_hz: int) -> None:
        self.time_bits = ceil_log2(clock_hz // 8)
        super().__init__({"time": In(32), "event": In(1), "lit": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        recent = Signal()  # there was an event since the last of the marks
        mark = self.time[: self.time_bits] == 0
        with m.If(mark):
            m.d.sync += [recent.eq(0), self.lit.eq(recent)]
        with m.If(self.event):
            m.d.sync += [recent.eq(1), self.lit.eq(1)]
        return m
