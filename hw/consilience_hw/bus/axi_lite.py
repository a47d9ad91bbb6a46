"""The registers of a log sum unit behind AXI4-Lite."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..spec.log_format import Q16_16, LogFormat
from ..spec.register_map import WINDOW_BYTES
from .log_sum_exp_registers import WORD_BITS, LogSumExpRegisters

__all__ = ["AxiLiteLogSumExp"]

_ADDRESS_BITS = (WINDOW_BYTES - 1).bit_length()
_OKAY, _SLVERR = 0, 2


class AxiLiteLogSumExp(wiring.Component):
    """`LogSumExpRegisters` as an AXI4-Lite subordinate of 32 bits; refusals answer SLVERR.

    An address and its data may come in any order. No output depends on an input of the same cycle.
    A write is done in the cycle after both are there, and answered in the one after that; a read
    likewise: an access takes 3 cycles if the manager is always ready, reads and writes go on side
    by side.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    serial : bool
        Use the `SerialLogSumExp`: one packet at a time.

    Members
    -------
    s_axi_* : AXI4-Lite
        Addresses are offsets in bytes within the window; `prot` is not looked at.
    irq : out
        High as long as a condition that is enabled lasts.
    """

    def __init__(self, fmt: LogFormat = Q16_16, *, serial: bool = False) -> None:
        self.registers = LogSumExpRegisters(fmt, serial=serial)
        super().__init__(
            {
                "s_axi_awvalid": In(1),
                "s_axi_awready": Out(1),
                "s_axi_awaddr": In(_ADDRESS_BITS),
                "s_axi_awprot": In(3),
                "s_axi_wvalid": In(1),
                "s_axi_wready": Out(1),
                "s_axi_wdata": In(WORD_BITS),
                "s_axi_wstrb": In(WORD_BITS // 8),
                "s_axi_bvalid": Out(1),
                "s_axi_bready": In(1),
                "s_axi_bresp": Out(2),
                "s_axi_arvalid": In(1),
                "s_axi_arready": Out(1),
                "s_axi_araddr": In(_ADDRESS_BITS),
                "s_axi_arprot": In(3),
                "s_axi_rvalid": Out(1),
                "s_axi_rready": In(1),
                "s_axi_rdata": Out(WORD_BITS),
                "s_axi_rresp": Out(2),
                "irq": Out(1),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from a packet's end in the unit to its result, if no other result waits."""
        return self.registers.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.registers = registers = self.registers
        m.d.comb += self.irq.eq(registers.irq)

        # What has come, one of each, and waits to be done.
        write_address, read_address = Signal(_ADDRESS_BITS), Signal(_ADDRESS_BITS)
        has_write_address, has_read_address = Signal(), Signal()
        has_data, data, strobes = Signal(), Signal(WORD_BITS), Signal(WORD_BITS // 8)
        m.d.comb += [
            self.s_axi_awready.eq(~has_write_address),
            self.s_axi_wready.eq(~has_data),
            self.s_axi_arready.eq(~has_read_address),
        ]
        with m.If(self.s_axi_awvalid & self.s_axi_awready):
            m.d.sync += [has_write_address.eq(1), write_address.eq(self.s_axi_awaddr)]
        with m.If(self.s_axi_wvalid & self.s_axi_wready):
            m.d.sync += [has_data.eq(1), data.eq(self.s_axi_wdata), strobes.eq(self.s_axi_wstrb)]
        with m.If(self.s_axi_arvalid & self.s_axi_arready):
            m.d.sync += [has_read_address.eq(1), read_address.eq(self.s_axi_araddr)]

        m.d.comb += [
            registers.write.eq(has_write_address & has_data & ~self.s_axi_bvalid),
            registers.write_word.eq(write_address[2:]),
            registers.write_data.eq(data),
            registers.write_legal.eq((write_address[:2] == 0) & strobes.all()),
            registers.read.eq(has_read_address & ~self.s_axi_rvalid),
            registers.read_word.eq(read_address[2:]),
            registers.read_legal.eq(read_address[:2] == 0),
        ]
        with m.If(self.s_axi_bvalid & self.s_axi_bready):
            m.d.sync += self.s_axi_bvalid.eq(0)
        with m.If(registers.write):
            m.d.sync += [
                has_write_address.eq(0),
                has_data.eq(0),
                self.s_axi_bvalid.eq(1),
                self.s_axi_bresp.eq(Mux(registers.write_refused, _SLVERR, _OKAY)),
            ]
        with m.If(self.s_axi_rvalid & self.s_axi_rready):
            m.d.sync += self.s_axi_rvalid.eq(0)
        with m.If(registers.read):
            m.d.sync += [
                has_read_address.eq(0),
                self.s_axi_rvalid.eq(1),
                self.s_axi_rdata.eq(registers.read_data),
                self.s_axi_rresp.eq(Mux(registers.read_refused, _SLVERR, _OKAY)),
            ]
        return m
