"""What the bytes of a frame's headers say against it."""

from amaranth.hdl import Module, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from . import packet_places as places
from .packet_places import ICMP, UDP, placed_layout

__all__ = ["HeaderChecks", "findings_layout"]


def findings_layout() -> data.StructLayout:
    """Return the layout of the findings; each is meaningful for the frames it can be about."""
    names = (
        *("not_ours", "not_all", "not_arp", "not_ip", "group_source"),
        *("other_arp", "group_sender"),
        *("ip_header", "fragment", "ip_source", "other_address", "not_udp", "not_icmp"),
        *("not_echo", "other_port", "has_checksum"),
    )
    return data.StructLayout(dict.fromkeys(names, 1))


class HeaderChecks(wiring.Component):
    """Compares each byte of a frame with what it must be there; what differs is noted.

    Latency: 1 cycle.

    Members
    -------
    i : in, `placed_layout`
    clear : in
        Strobe: the findings are of a frame that is over.
    o : out, `findings_layout`
    """

    def __init__(self) -> None:
        super().__init__({"i": In(placed_layout()), "clear": In(1), "o": Out(findings_layout())})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        at, byte, o = self.i.at, self.i.byte, self.o
        no_arp, no_ip = byte != self.i.as_arp, byte != self.i.as_ip

        def among(first: int, count: int) -> Value:
            return (at >= first) & (at < first + count)

        when = {
            "not_ours": (at < places.SOURCE) & no_arp,
            "not_all": (at < places.SOURCE) & no_ip,
            "not_arp": among(places.TYPE, 2) & no_arp,
            "not_ip": among(places.TYPE, 2) & no_ip,
            "group_source": (at == places.SOURCE) & byte[0],
            "other_arp": (among(places.ARP, 8) | among(places.ARP_TARGET, 4)) & no_arp,
            "group_sender": (at == places.ARP_SENDER) & byte[0],
            "ip_header": (at == places.ETHERNET_BYTES) & no_ip,
            # Of the flags, "do not fragment" alone may be set.
            "fragment": ((at == places.PARTS) & (byte & 0xBF).any())
            | ((at == places.PARTS + 1) & byte.any()),
            "ip_source": (at == places.IP_SOURCE) & ((byte == 0) | (byte == 127) | (byte >= 224)),
            "other_address": among(places.IP_TARGET, 4) & no_ip,
            "not_udp": (at == places.PROTOCOL) & (byte != UDP),
            "not_icmp": (at == places.PROTOCOL) & (byte != ICMP),
            "not_echo": among(places.INNER, 2) & no_ip,
            "other_port": among(places.UDP_PORT, 2) & no_ip,
            "has_checksum": among(places.UDP_CHECKSUM, 2) & byte.any(),
        }
        with m.If(self.clear):
            m.d.sync += o.eq(0)
        with m.Elif(self.i.valid):
            for finding, true in when.items():
                with m.If(true):
                    m.d.sync += o[finding].eq(1)
        return m
