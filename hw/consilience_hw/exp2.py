"""Code to term: the mantissa and position of 2**(code / 2**fraction_bits)."""

from amaranth.hdl import Module, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .exp2_rom import exp2_rom
from .log_format import Q16_16, LogFormat
from .pipeline import delayed, flow

__all__ = ["Exp2", "term_layout"]


def term_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of a term: ``mantissa * 2**(position - P)`` if `present`, else nothing.

    ``mantissa``: P + 1 bits, M[f] of `exp2_table`. ``position``: signed, the code's integer part.
    ``present``: 0 for the log of zero and for an unused lane.
    """
    return data.StructLayout(
        {
            "mantissa": unsigned(fmt.mantissa_bits + 1),
            "position": signed(fmt.integer_bits),
            "present": 1,
        }
    )


class Exp2(wiring.Component):
    """``code -> M[code & (2**F - 1)], code >> F``, exact for every code.

    Two table reads and one product (`exp2_rom`). No rounding is left to chance: every mantissa
    equals the correctly rounded one.

    Latency: `latency` cycles for all data. Throughput: one code per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.

    Members
    -------
    i : flow of {code: signed, keep: 1}
        ``keep`` = 0 marks an unused lane.
    o : flow of `term_layout`
    """

    latency = 4

    def __init__(self, fmt: LogFormat = Q16_16) -> None:
        self.fmt = fmt
        layout = data.StructLayout({"code": signed(fmt.code_bits), "keep": 1})
        super().__init__({"i": In(flow(layout)), "o": Out(flow(term_layout(fmt)))})

    def elaborate(self, platform) -> Module:
        m = Module()
        fmt = self.fmt
        rom = exp2_rom(fmt)
        code = self.i.p.code

        m.submodules.base = base_memory = Memory(
            shape=unsigned(rom.base_bits), depth=len(rom.base), init=rom.base
        )
        m.submodules.ratio = ratio_memory = Memory(
            shape=unsigned(rom.ratio_bits), depth=len(rom.ratio), init=rom.ratio
        )
        base_port = base_memory.read_port(domain="sync")
        ratio_port = ratio_memory.read_port(domain="sync")
        m.d.comb += [
            base_port.addr.eq(code[rom.low_bits : fmt.fraction_bits]),
            ratio_port.addr.eq(code[: rom.low_bits]),
            base_port.en.eq(1),
            ratio_port.en.eq(1),
        ]
        # Block RAM is slow from clock to output: its data are registered once more (_q2).
        base_q2 = delayed(m, base_port.data, 1, "base")
        ratio_q2 = delayed(m, ratio_port.data, 1, "ratio")

        factor = base_q2[rom.mantissa_bits + rom.guard - rom.factor_bits :]
        product_q3 = Signal(len(factor) + rom.ratio_bits, reset_less=True)
        m.d.sync += product_q3.eq(factor * ratio_q2)
        base_q3 = delayed(m, base_q2, 1, "base_q2")

        total = base_q3 + (product_q3 >> rom.factor_bits) + (1 << rom.guard - 1)
        present = self.i.p.keep & (code != fmt.log_of_zero)
        m.d.sync += self.o.p.mantissa.eq(total[rom.guard : rom.base_bits])
        m.d.comb += [
            self.o.p.position.eq(
                delayed(m, code[fmt.fraction_bits :].as_signed(), self.latency, "position")
            ),
            self.o.p.present.eq(delayed(m, present, self.latency, "present")),
        ]
        m.d.comb += self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True))
        return m
