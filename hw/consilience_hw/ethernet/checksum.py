"""The Internet checksum, a byte per cycle."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Checksum"]


class Checksum(wiring.Component):
    """Ones' complement sum of 16-bit words (RFC 1071), taken as bytes, the upper of a word first.

    Carries go where they belong by themselves: that of an upper byte is worth 2^16, which is 1, so
    it joins the lower byte that comes next; that of a lower byte joins the next upper one. So two
    bytes change places, and one adder of 8 bits is enough. Zeros after the last byte add nothing
    but the last carry: two at least must follow before ``right`` is read.

    Latency: a cycle.

    Members
    -------
    begin : in
        Strobe: the sum becomes `initial`; wins over ``add``.
    initial : in
        16 bits.
    add, byte : in
    right : out
        The sum is 0xffff, as that of data with their checksum is.
    sum : out
        The sum after an even number of bytes, 3 zeros or more the last of them.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "begin": In(1),
                "initial": In(16),
                "add": In(1),
                "byte": In(8),
                "right": Out(1),
                "sum": Out(16),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        next_one, other, carry = Signal(8), Signal(8), Signal()
        total = Signal(9)
        m.d.comb += [
            total.eq(next_one + self.byte + carry),
            self.sum.eq(Cat(other, next_one)),
            self.right.eq((next_one == 0xFF) & (other == 0xFF) & ~carry),
        ]
        with m.If(self.begin):
            m.d.sync += [
                next_one.eq(self.initial[8:]),
                other.eq(self.initial[:8]),
                carry.eq(0),
            ]
        with m.Elif(self.add):
            m.d.sync += [next_one.eq(other), other.eq(total[:8]), carry.eq(total[8])]
        return m
