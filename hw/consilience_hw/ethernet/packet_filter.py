"""Received frames to the packets that concern us, and a reason for each that does not."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..spec.network import NetworkAddress, PacketDrop
from . import packet_places as places
from .checksum import Checksum
from .header_checks import HeaderChecks
from .length_checks import LengthChecks
from .mac_receiver import received_layout
from .packet_buffer import packet_write_port
from .packet_places import BEYOND, placed_layout

__all__ = ["PEER_BYTES", "PacketFilter", "answer_layout"]

PEER_BYTES = 12
"""First bytes of each packet kept, who sent it: station address 6, IPv4 address 4, UDP port 2."""

ECHO_TO_REPLY = 0x0800
"""What the checksum of an echo grows by when its type becomes that of a reply (RFC 1624)."""


def answer_layout() -> data.StructLayout:
    """Return the layout of the note of a packet that is answered without the engine.

    ``arp``: it is a request of ARP, not an ICMP echo. ``checksum``: that of the echo's reply.
    """
    return data.StructLayout({"arp": 1, "checksum": 16})


class PacketFilter(wiring.Component):
    """Keeps UDP datagrams to our port, ICMP echo and ARP requests to us; drops all else, whole.

    Each is written to its buffer while it arrives, as its sender (`PEER_BYTES`) and its data, and
    kept or forgotten when its FCS and all checksums are known. Checked are: destination and type;
    of ARP all fixed fields and the target; of IPv4 version, header length (no options), total
    length, header checksum, that it is no fragment, source and destination; of UDP port, length and
    checksum (0 means none, RFC 768); of ICMP type, code and checksum. What follows the packet in
    its frame is padding. Nothing is remembered from one frame to the next, no address learned.

    Timing: takes a byte in each cycle; a packet is kept 3 cycles after its frame's ``end``. The
    next frame may begin then (`MacReceiver` sees to it).

    Parameters
    ----------
    address : NetworkAddress

    Members
    -------
    i : in, `received_layout`
    datagrams : `packet_write_port`
        Sender and data of UDP.
    answers : `packet_write_port` with a note of `answer_layout`
        The sender of ARP as it names itself, with 2 bytes that mean nothing in place of a port; or
        that of an ICMP echo, and the bytes after its checksum.
    dropped : out
        Strobe: a frame was dropped; `reason` is a `PacketDrop`.
    """

    def __init__(self, address: NetworkAddress) -> None:
        self.address = address
        super().__init__(
            {
                "i": In(received_layout()),
                "datagrams": Out(packet_write_port(0)),
                "answers": Out(packet_write_port(answer_layout().size)),
                "dropped": Out(1),
                "reason": Out(4),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        i = self.i
        place = Signal(range(BEYOND + 1))
        with m.If(i.end):
            m.d.sync += place.eq(0)
        with m.Elif(i.valid & (place != BEYOND)):
            m.d.sync += place.eq(place + 1)
        now = Signal(placed_layout())
        m.d.sync += [
            now.byte.eq(i.byte),
            now.at.eq(place),
            now.valid.eq(i.valid),
            now.as_arp.eq(_byte_at(m, place, places.bytes_of_arp(self.address))),
            now.as_ip.eq(_byte_at(m, place, places.bytes_of_ip(self.address))),
        ]
        m.submodules.headers = headers = HeaderChecks()
        m.submodules.lengths = lengths = LengthChecks()
        since = Signal(3)  # bit n: the frame ended n + 1 cycles ago
        m.d.sync += since.eq(Cat(i.end, since[:-1]))
        m.d.comb += [
            headers.i.eq(now),
            headers.clear.eq(since[1]),
            lengths.i.eq(now),
            lengths.clear.eq(since[1]),
        ]
        # As `lengths.inside` and the findings know it, a cycle later.
        then = Signal.like(now)
        m.d.sync += then.eq(now)
        header_right, inner_right = self._sums(m, then, headers, lengths)
        self._write(m, then, headers, lengths)

        found, is_ip = headers.o, ~headers.o.not_ip
        udp, icmp = is_ip & ~found.not_udp, is_ip & ~found.not_icmp
        damaged, damage = Signal(), Signal(2)
        m.d.sync += [damaged.eq(i.bad), damage.eq(i.reason)]
        against = {
            **{reason: damaged & (damage == reason) for reason in PacketDrop if reason < 3},
            PacketDrop.OTHER_STATION: found.not_ours & (found.not_all | is_ip),
            PacketDrop.OTHER_TYPE: found.not_ip & found.not_arp,
            PacketDrop.OTHER_ARP: ~found.not_arp & found.other_arp,
            PacketDrop.IP_HEADER: is_ip & found.ip_header,
            PacketDrop.IP_CHECKSUM: is_ip & ~header_right,
            PacketDrop.FRAGMENT: is_ip & found.fragment,
            PacketDrop.OTHER_ADDRESS: is_ip & found.other_address,
            PacketDrop.BAD_SOURCE: found.group_source
            | Mux(is_ip, found.ip_source, found.group_sender),
            PacketDrop.OTHER_PROTOCOL: is_ip & ~udp & (~icmp | found.not_echo),
            PacketDrop.OTHER_PORT: udp & found.other_port,
            PacketDrop.BAD_LENGTH: (is_ip & lengths.bad) | (udp & lengths.bad_udp),
            PacketDrop.BAD_CHECKSUM: (icmp | (udp & found.has_checksum)) & ~inner_right,
        }
        self._judge(m, since, udp, against)
        return m

    def _sums(
        self, m: Module, then: data.View, headers: HeaderChecks, lengths: LengthChecks
    ) -> tuple[Value, Value]:
        """Return whether the checksum of IPv4, and that of UDP or ICMP, are right."""
        at, valid = then.at, then.valid
        m.submodules.header_sum = header = Checksum()
        m.submodules.inner_sum = inner = Checksum()
        before = at == places.ETHERNET_BYTES - 1
        in_header = at < places.INNER
        m.d.comb += [
            header.begin.eq(valid & before),
            header.add.eq(valid & (at < places.INNER + 2)),
            header.byte.eq(Mux(in_header, then.byte, 0)),
        ]
        # UDP covers a pseudo header: its addresses are those of IPv4, its length is the total
        # length less 20, its protocol a constant. ICMP covers itself.
        pseudo = places.UDP - places.IP_BYTES + 0xFFFF
        echo = (at == places.INNER - 1) & ~headers.o.not_icmp
        at_length = (at == places.LENGTH) | (at == places.LENGTH + 1)
        m.d.comb += [
            inner.begin.eq(valid & (before | echo)),
            inner.initial.eq(Mux(before, pseudo, 0)),
            inner.add.eq(valid & (at_length | (at >= places.IP_SOURCE))),
            inner.byte.eq(Mux(lengths.inside, then.byte, 0)),
        ]
        return header.right, inner.right

    def _write(
        self, m: Module, then: data.View, headers: HeaderChecks, lengths: LengthChecks
    ) -> None:
        """Write sender and data; of ARP, whose type comes late, forget one sender for the other."""
        at, valid, found = then.at, then.valid, headers.o
        is_arp = (at >= places.ARP) & ~found.not_arp

        def among(first: int, count: int) -> Value:
            return (at >= first) & (at < first + count)

        peer = among(places.SOURCE, 6) | among(places.IP_SOURCE, 4) | among(places.INNER, 2)
        begins = Mux(found.not_udp, places.ICMP_DATA, places.UDP_DATA)
        inner = (at >= begins) & lengths.inside
        takes, again, byte = Signal(), Signal(), Signal(8)
        m.d.sync += [
            takes.eq(valid & Mux(is_arp, among(places.ARP_SENDER, PEER_BYTES), peer | inner)),
            again.eq(valid & is_arp & (at == places.ARP_SENDER - 1)),
            byte.eq(then.byte),
        ]
        checksum, grown = Signal(16), Signal(17)
        for number in range(2):
            with m.If(valid & (at == places.ICMP_CHECKSUM + number)):
                m.d.sync += checksum.word_select(1 - number, 8).eq(then.byte)
        m.d.sync += grown.eq(checksum + ECHO_TO_REPLY)
        note = data.View(answer_layout(), self.answers.note)
        m.d.sync += [
            note.arp.eq(~found.not_arp),
            note.checksum.eq(grown[:16] + grown[16]),
        ]
        m.d.comb += [
            self.datagrams.byte.eq(byte),
            self.datagrams.write.eq(takes),
            self.answers.byte.eq(byte),
            self.answers.write.eq(takes),
            self.answers.forget.eq(again),
        ]

    def _judge(
        self, m: Module, since: Signal, udp: Value, against: dict[PacketDrop, Value]
    ) -> None:
        """Keep the packet where it belongs, or forget it and tell the first reason against it."""
        wrong, is_udp = Signal(16), Signal()
        for reason, true in against.items():
            m.d.sync += wrong[reason].eq(true)
        m.d.sync += is_udp.eq(udp)
        good, first = Signal(), Signal(4)
        for reason in reversed(against):
            with m.If(wrong[reason]):
                m.d.comb += first.eq(reason)
        judged = since[2]
        is_udp_q, first_q = Signal(), Signal(4)
        m.d.sync += [good.eq(~wrong.any()), first_q.eq(first), is_udp_q.eq(is_udp)]
        full = Mux(is_udp_q, self.datagrams.full, self.answers.full)
        m.d.comb += [
            self.datagrams.keep.eq(judged & good & is_udp_q),
            self.datagrams.forget.eq(judged & ~(good & is_udp_q)),
            self.answers.keep.eq(judged & good & ~is_udp_q),
        ]
        with m.If(judged & ~(good & ~is_udp_q)):
            m.d.comb += self.answers.forget.eq(1)
        m.d.sync += [
            self.dropped.eq(judged & (~good | full)),
            self.reason.eq(Mux(good, PacketDrop.FULL, first_q)),
        ]


def _byte_at(m: Module, place: Signal, content: dict[int, int]) -> Signal:
    """Return the byte of a place; 0 where there is none."""
    byte = Signal(8)
    with m.Switch(place):
        for position, value in content.items():
            with m.Case(position):
                m.d.comb += byte.eq(value)
    return byte
