"""The length of an IPv4 packet in its frame, and those that must fit it."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..spec.network import LARGEST_DATAGRAM
from . import packet_places as places
from .packet_places import IP_BYTES, UDP_BYTES, placed_layout

__all__ = ["LengthChecks"]

FCS_BYTES = 4


class LengthChecks(wiring.Component):
    """Follows the packet by its total length; what comes after it in the frame is padding and FCS.

    Latency: 2 cycles, of ``inside`` 1.

    Members
    -------
    i : in, `placed_layout`
    clear : in
        Strobe: the findings are of a frame that is over.
    inside : out
        The byte of a cycle ago is one of the packet; meaningful from its third on.
    bad : out
        The packet is shorter than its headers, longer than its frame or than `LARGEST_DATAGRAM`.
    bad_udp : out
        UDP: its length is not what IPv4 leaves it, or there are no data.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(placed_layout()),
                "clear": In(1),
                "inside": Out(1),
                "bad": Out(1),
                "bad_udp": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        at, byte = self.i.at, self.i.byte
        total, inner = Signal(16), Signal(16)
        position = Signal(11)  # in the packet
        after = Signal(range(FCS_BYTES + 1))  # bytes since its end
        differs = Signal()
        counts = position != (1 << len(position)) - 1
        inside = Signal()
        m.d.comb += inside.eq((at <= places.LENGTH + 1) | (position < total))
        m.d.sync += self.inside.eq(inside)
        with m.If(self.i.valid):
            with m.If(at < places.ETHERNET_BYTES):
                m.d.sync += [position.eq(0), after.eq(0)]
            with m.Else():
                m.d.sync += position.eq(position + counts)
                m.d.sync += after.eq(after + (~inside & (after != FCS_BYTES)))
            with m.If(at == places.LENGTH):
                m.d.sync += total[8:].eq(byte)
            with m.If(at == places.LENGTH + 1):
                m.d.sync += total[:8].eq(byte)
            at_length = (at == places.UDP_LENGTH) | (at == places.UDP_LENGTH + 1)
            with m.If(at_length & (byte != Mux(at[0], inner[:8], inner[8:]))):
                m.d.sync += differs.eq(1)
        with m.If(self.clear):
            m.d.sync += differs.eq(0)
        headers = IP_BYTES + UDP_BYTES
        m.d.sync += [
            inner.eq(total - IP_BYTES),
            self.bad.eq(
                (total < headers) | (total > headers + LARGEST_DATAGRAM) | (after != FCS_BYTES)
            ),
            self.bad_udp.eq(differs | (total == headers)),
        ]
        return m
