"""`LogSumExp` between two AXI4-Streams, for designs that are not written in Amaranth."""

from amaranth.hdl import Cat, ClockDomain, Module
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from ..spec.log_format import Q16_16, LogFormat
from .log_sum_exp import LogSumExp
from .serial_log_sum_exp import SerialLogSumExp

__all__ = ["LANE_BITS", "AxiLogSumExp", "AxiTop"]

LANE_BITS = 32
"""Bits of ``tdata`` per code, sign-extended from any format; bits above the code are not read."""


class AxiLogSumExp(wiring.Component):
    """One log sum per input packet, from a `LogSumExp` or a `SerialLogSumExp`.

    Only ``tlast`` ends an input packet: without it no result ever comes. Lane k is used if all four
    bits of ``s_axis_tkeep`` for its bytes are set. A beat may have no used lane; a packet without
    any gives the log of zero.

    Every input packet gives one beat, in order. ``m_axis_tlast`` is the value of ``s_axis_tuser``
    in the beat with ``s_axis_tlast``: so the sender sets where a packet of results ends, for a DMA
    engine that waits for its end. Tie ``s_axis_tuser`` to 1 for packets of one result each.

    Latency and throughput are those of the unit. Timing depends on valid, ready and ``tlast``
    alone; ``s_axis_tready`` does not depend on ``m_axis_tready`` of the same cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        W, codes per beat.
    serial : bool
        Use the `SerialLogSumExp`: one packet at a time.

    Members
    -------
    s_axis_tvalid, s_axis_tready, s_axis_tdata, s_axis_tkeep, s_axis_tlast, s_axis_tuser
        Codes, lane 0 lowest.
    m_axis_tvalid, m_axis_tready, m_axis_tdata, m_axis_tlast, m_axis_tuser
        The code, sign-extended; ``tuser`` holds its `ResultStatus` flags.
    """

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1, *, serial: bool = False) -> None:
        self.unit = (SerialLogSumExp if serial else LogSumExp)(fmt, lanes)
        super().__init__(
            {
                "s_axis_tvalid": In(1),
                "s_axis_tready": Out(1),
                "s_axis_tdata": In(LANE_BITS * lanes),
                "s_axis_tkeep": In(LANE_BITS // 8 * lanes),
                "s_axis_tlast": In(1),
                "s_axis_tuser": In(1),
                "m_axis_tvalid": Out(1),
                "m_axis_tready": In(1),
                "m_axis_tdata": Out(LANE_BITS),
                "m_axis_tlast": Out(1),
                "m_axis_tuser": Out(8),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from the last beat of a packet to its valid result, if no other result waits."""
        return self.unit.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.unit = unit = self.unit
        # It has a place for every packet that the unit can hold, so there is always room.
        m.submodules.ends = ends = SyncFIFO(width=1, depth=unit.depth)
        bits = unit.fmt.code_bits
        keep = [self.s_axis_tkeep.word_select(lane, 4).all() for lane in range(unit.lanes)]
        m.d.comb += [
            unit.i.p.codes[lane].eq(self.s_axis_tdata.word_select(lane, LANE_BITS)[:bits])
            for lane in range(unit.lanes)
        ]
        m.d.comb += [
            unit.i.valid.eq(self.s_axis_tvalid),
            self.s_axis_tready.eq(unit.i.ready),
            unit.i.p.keep.eq(Cat(keep)),
            unit.i.p.last.eq(self.s_axis_tlast),
            ends.w_data.eq(self.s_axis_tuser),
            ends.w_en.eq(self.s_axis_tvalid & self.s_axis_tready & self.s_axis_tlast),
            self.m_axis_tvalid.eq(unit.o.valid),
            unit.o.ready.eq(self.m_axis_tready),
            self.m_axis_tdata.eq(unit.o.p.code),
            self.m_axis_tuser.eq(unit.o.p.status),
            self.m_axis_tlast.eq(ends.r_data),
            ends.r_en.eq(self.m_axis_tvalid & self.m_axis_tready),
        ]
        return m


class AxiTop(wiring.Component):
    """A unit behind AXI with a clock and a reset as AXI names them.

    Parameters
    ----------
    core : AxiLogSumExp or AxiLiteLogSumExp

    Members
    -------
    aclk : in
    aresetn : in
        Reset while low, at a rising edge of the clock.
    all members of the core
    """

    def __init__(self, core: wiring.Component) -> None:
        self.core = core
        super().__init__({"aclk": In(1), "aresetn": In(1), **dict(core.signature.members)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.sync = domain = ClockDomain()
        m.submodules.core = core = self.core
        m.d.comb += [domain.clk.eq(self.aclk), domain.rst.eq(~self.aresetn)]
        for name, member in core.signature.members.items():
            inner, outer = getattr(core, name), getattr(self, name)
            m.d.comb += inner.eq(outer) if member.flow == In else outer.eq(inner)
        return m
