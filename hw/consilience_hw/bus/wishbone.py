"""The registers of a log sum unit behind Wishbone."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..spec.log_format import Q16_16, LogFormat
from ..spec.register_map import WINDOW_BYTES
from .log_sum_exp_registers import WORD_BITS, LogSumExpRegisters

__all__ = ["WishboneLogSumExp"]

_ADDRESS_BITS = (WINDOW_BYTES // 4 - 1).bit_length()


class WishboneLogSumExp(wiring.Component):
    """`LogSumExpRegisters` as a Wishbone B4 classic slave of 32 bits; refusals answer ERR.

    An access is done in the first cycle of ``cyc & stb`` and answered in the next: 2 cycles. No
    output depends on an input of the same cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    serial : bool
        Use the `SerialLogSumExp`: one packet at a time.

    Members
    -------
    wb_cyc, wb_stb, wb_we, wb_adr, wb_dat_w, wb_sel : in
        ``wb_adr`` counts words. A write of less than a word is refused; a read gives all of it.
    wb_dat_r, wb_ack, wb_err : out
    irq : out
        High as long as a condition that is enabled lasts.
    """

    def __init__(self, fmt: LogFormat = Q16_16, *, serial: bool = False) -> None:
        self.registers = LogSumExpRegisters(fmt, serial=serial)
        super().__init__(
            {
                "wb_cyc": In(1),
                "wb_stb": In(1),
                "wb_we": In(1),
                "wb_adr": In(_ADDRESS_BITS),
                "wb_dat_w": In(WORD_BITS),
                "wb_sel": In(WORD_BITS // 8),
                "wb_dat_r": Out(WORD_BITS),
                "wb_ack": Out(1),
                "wb_err": Out(1),
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
        begins = Signal()
        m.d.comb += [
            begins.eq(self.wb_cyc & self.wb_stb & ~self.wb_ack & ~self.wb_err),
            registers.write.eq(begins & self.wb_we),
            registers.write_word.eq(self.wb_adr),
            registers.write_data.eq(self.wb_dat_w),
            registers.write_legal.eq(self.wb_sel.all()),
            registers.read.eq(begins & ~self.wb_we),
            registers.read_word.eq(self.wb_adr),
            registers.read_legal.eq(1),
            self.irq.eq(registers.irq),
        ]
        refused = registers.write_refused | registers.read_refused
        m.d.sync += [self.wb_ack.eq(begins & ~refused), self.wb_err.eq(begins & refused)]
        with m.If(begins):
            m.d.sync += self.wb_dat_r.eq(registers.read_data)
        return m
