"""A log sum unit behind the registers of `spec.register_map`, without a bus."""

from amaranth.hdl import Cat, Const, Module, Mux, ResetInserter, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..log_sum_exp.log_sum_exp import LogSumExp
from ..log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from ..primitives.stream_register import StreamRegister
from ..spec.engine_config import EngineConfig
from ..spec.log_format import Q16_16, LogFormat
from ..spec.register_map import (
    MAGIC,
    MAP_REVISION,
    REGISTERS,
    WINDOW_BYTES,
    Control,
    Interrupt,
    register,
)

__all__ = ["WORD_BITS", "LogSumExpRegisters"]

WORD_BITS = 32
"""Bits of a register."""

_ADDRESS_BITS = (WINDOW_BYTES // 4 - 1).bit_length()


class LogSumExpRegisters(wiring.Component):
    """The registers: one access of each kind a cycle, answered in the same cycle.

    A code is taken in the cycle in which it is written; its packet's result is there `latency`
    cycles after the packet's end. A bus brings one code at a time: so the unit has one lane.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    serial : bool
        Use the `SerialLogSumExp`: one packet at a time.

    Members
    -------
    write, read : in
        An access is made in this cycle.
    write_legal, read_legal : in
        Whether the bus' access is one that a register can have: whole, at a word of the window. One
        that is not is refused.
    write_word, read_word : in
        Number of the register: its offset / 4.
    write_data : in
    read_data : out
        0 if it is refused.
    write_refused, read_refused : out
        In the cycle of the access: it was not done.
    irq : out
        High as long as `PENDING` is not 0.
    """

    def __init__(self, fmt: LogFormat = Q16_16, *, serial: bool = False) -> None:
        self.fmt = fmt
        self.unit = (SerialLogSumExp if serial else LogSumExp)(fmt, 1)
        super().__init__(
            {
                "write": In(1),
                "write_legal": In(1),
                "write_word": In(_ADDRESS_BITS),
                "write_data": In(WORD_BITS),
                "write_refused": Out(1),
                "read": In(1),
                "read_legal": In(1),
                "read_word": In(_ADDRESS_BITS),
                "read_data": Out(WORD_BITS),
                "read_refused": Out(1),
                "irq": Out(1),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from a packet's end to its result, if no other result waits."""
        return 1 + self.unit.latency

    def _writes(self, name: str) -> Value:
        """Return whether a register is written, as far as the bus is concerned."""
        here = self.write_word == register(name).offset // 4
        return self.write & self.write_legal & here

    def elaborate(self, platform: object) -> Module:
        m = Module()
        reset = Signal()
        m.d.comb += reset.eq(self._writes("CONTROL") & self._asks(Control.RESET))
        m.submodules.unit = ResetInserter(reset)(self.unit)
        unit = self.unit
        # The unit may cease to be ready by itself, some cycles after a packet: who has read that it
        # is must still be heard. This register is ready until something is written.
        entry = StreamRegister(unit.i.p.shape())
        m.submodules.entry = ResetInserter(reset)(entry)
        wiring.connect(m, entry.o, unit.i)

        data, bits = self.write_data, self.fmt.code_bits
        is_code = data == Cat(data[:bits], data[bits - 1].replicate(WORD_BITS - bits))
        brings = (self._writes("CODE") | self._writes("LAST")) & is_code
        ends = (self._writes("LAST") & is_code) | self._writes("END")
        goes = Signal()  # a result
        m.d.comb += [
            entry.i.valid.eq(brings | ends),
            entry.i.p.codes[0].eq(data[:bits]),
            entry.i.p.keep.eq(brings),
            entry.i.p.last.eq(ends),
            goes.eq(self._writes("NEXT") & unit.o.valid),
            unit.o.ready.eq(goes),
        ]
        done = (entry.i.valid & entry.i.ready) | goes
        done |= self._writes("CONTROL") | self._writes("INTERRUPTS")
        m.d.comb += self.write_refused.eq(self.write & ~done)

        counts = {name: Signal(WORD_BITS, name=name) for name in ("CODES", "PACKETS", "RESULTS")}
        enabled = Signal(len(Interrupt))
        refusals = Signal(WORD_BITS)
        with m.If(entry.i.valid & entry.i.ready):
            m.d.sync += counts["CODES"].eq(counts["CODES"] + brings)
            m.d.sync += counts["PACKETS"].eq(counts["PACKETS"] + ends)
        m.d.sync += counts["RESULTS"].eq(counts["RESULTS"] + goes)
        with m.If(self._writes("INTERRUPTS")):
            m.d.sync += enabled.eq(data)
        total = refusals + self.write_refused + self.read_refused
        m.d.sync += refusals.eq(Mux(total[WORD_BITS:].any(), 2**WORD_BITS - 1, total))
        with m.If(self._writes("CONTROL") & (self._asks(Control.FORGIVE) | reset)):
            m.d.sync += refusals.eq(0)
        with m.If(reset):
            m.d.sync += [count.eq(0) for count in counts.values()]
            m.d.sync += enabled.eq(0)

        was_refused = refusals != 0
        pending = enabled & Cat(unit.o.valid, was_refused)
        m.d.comb += self.irq.eq(pending.any())
        inside = counts["PACKETS"] != counts["RESULTS"]
        values: dict[str, Value] = {
            **self._constants(),
            "STATUS": Cat(entry.i.ready, unit.o.valid, inside, was_refused),
            "INTERRUPTS": enabled,
            "PENDING": pending,
            "RESULT": unit.o.p.code,
            "RESULT_STATUS": unit.o.p.status,
            "REFUSALS": refusals,
            **counts,
        }
        m.d.comb += self.read_refused.eq(self.read)
        with m.Switch(self.read_word):
            for one in REGISTERS:
                if one.readable:
                    waits = one.name in ("RESULT", "RESULT_STATUS")
                    there = unit.o.valid if waits else Const(1, 1)
                    with m.Case(one.offset // 4), m.If(self.read & self.read_legal & there):
                        m.d.comb += self.read_data.eq(values[one.name])
                        m.d.comb += self.read_refused.eq(0)
        return m

    def _asks(self, flag: Control) -> Value:
        return self.write_data[flag.bit_length() - 1]

    def _constants(self) -> dict[str, Value]:
        """Return what never changes, by register."""
        major, minor, patch = EngineConfig().version
        fmt = self.fmt
        numbers = {
            "MAGIC": MAGIC,
            "VERSION": major << 24 | minor << 16 | patch << 8 | MAP_REVISION,
            "FORMAT": fmt.integer_bits | fmt.fraction_bits << 8 | fmt.mantissa_bits << 16,
            "LATENCY": self.latency,
        }
        return {name: Const(number, WORD_BITS) for name, number in numbers.items()}
