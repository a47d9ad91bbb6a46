"""An exported core between the streams of the unit that it holds: to be simulated as that one."""

from typing import Any

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, ResetSignal, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.log2.log2 import result_layout
from consilience_hw.log_sum_exp.axi_log_sum_exp import LANE_BITS
from consilience_hw.reduction.beat import beat_layout
from consilience_hw.spec.log_format import Q16_16, LogFormat

__all__ = ["AxiShell"]


class AxiShell(wiring.Component):  # type: ignore[misc]  # Amaranth has no types
    """An instance of a module with the ports of `AxiTop`; each result ends a packet of results.

    Parameters
    ----------
    module : str
        Its name.
    lanes : int
    fmt : LogFormat

    Members
    -------
    i : stream of `beat_layout`
    o : stream of `log2.result_layout`
    """

    def __init__(self, module: str, lanes: int, fmt: LogFormat = Q16_16) -> None:
        self.module = module
        self.lanes = lanes
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(fmt, lanes))),
                "o": Out(stream.Signature(result_layout(fmt))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        """Extend codes by their sign, and connect the wires."""
        m = Module()
        words = [Signal(LANE_BITS, name=f"word_{lane}") for lane in range(self.lanes)]
        m.d.comb += [word.eq(self.i.p.codes[lane]) for lane, word in enumerate(words)]
        code = Signal(LANE_BITS)
        m.d.comb += self.o.p.code.eq(code)
        m.submodules.core = Instance(
            self.module,
            i_aclk=ClockSignal(),
            i_aresetn=~ResetSignal(),
            i_s_axis_tvalid=self.i.valid,
            o_s_axis_tready=self.i.ready,
            i_s_axis_tdata=Cat(words),
            i_s_axis_tkeep=Cat(self.i.p.keep[lane].replicate(4) for lane in range(self.lanes)),
            i_s_axis_tlast=self.i.p.last,
            i_s_axis_tuser=Const(1, 1),
            o_m_axis_tvalid=self.o.valid,
            i_m_axis_tready=self.o.ready,
            o_m_axis_tdata=code,
            o_m_axis_tlast=Signal(name="last"),
            o_m_axis_tuser=self.o.p.status,
        )
        return m
