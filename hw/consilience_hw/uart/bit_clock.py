"""Ticks at a baud rate."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .bit_rate import BitRate

__all__ = ["BitClock"]


class BitClock(wiring.Component):
    """One tick per bit, from a phase accumulator: no drift, jitter below one cycle.

    Parameters
    ----------
    rate : BitRate

    Members
    -------
    start : in
        Set the phase to `to` in this cycle.
    tick : out
        Strobe: a bit is over. Not in the cycle of `start`.
    """

    def __init__(self, rate: BitRate, to: int) -> None:
        if not 0 <= to < rate.period:
            raise ValueError(f"to must be in 0..{rate.period - 1}, not {to}")
        self.rate = rate
        self.to = to
        super().__init__({"start": In(1), "tick": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        step, period = self.rate.step, self.rate.period
        phase = Signal(range(period))  # before the step of this cycle
        ends = phase >= period - step
        m.d.comb += self.tick.eq(ends & ~self.start)
        # If the period is a power of two this is the wrap of the register: no comparison remains.
        following = Mux(ends, phase - (period - step), phase + step)
        m.d.sync += phase.eq(Mux(self.start, self.to, following))
        return m
