"""Packets with the address of a peer to frames of Ethernet."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Mux, Signal, ValueLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..spec.network import NetworkAddress
from . import packet_places as places
from .checksum import Checksum
from .mac_transmitter import byte_layout
from .packet_buffer import packet_port
from .packet_filter import PEER_BYTES, answer_layout
from .packet_headers import LIFETIME, HeaderFields, arp_reply, echo_reply, udp_datagram
from .packet_places import ICMP, IP_BYTES, UDP, UDP_BYTES

__all__ = ["PacketBuilder"]

ICMP_BYTES = 4
"""Header of an ICMP echo before what is sent back."""


class PacketBuilder(wiring.Component):
    """Puts headers before packets, addressed to the peer that each begins with (`PEER_BYTES`).

    Replies of the engine become UDP from our port, with no checksum (0, RFC 768): FCS and the
    frames' own CRC cover them. Answers become an ARP reply, or an ICMP echo reply with the same
    data. IPv4 is sent unfragmented (DF set, and so without an identification: RFC 6864). If both
    wait, they take turns.

    Timing: a byte per cycle once a frame has begun, and 15 cycles from the packet's first byte to
    the frame's.

    Parameters
    ----------
    address : NetworkAddress

    Members
    -------
    answers : the reader's side of `packet_port` with a note of `answer_layout`
    replies : the reader's side of `packet_port`
    o : stream of `byte_layout`
        Frames from the destination address on, without padding and FCS.
    """

    def __init__(self, address: NetworkAddress) -> None:
        self.address = address
        super().__init__(
            {
                "answers": In(packet_port(answer_layout().size)),
                "replies": In(packet_port(0)),
                "o": Out(stream.Signature(byte_layout())),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        o, answers, replies = self.o, self.answers, self.replies
        answers_now, answered = Signal(), Signal()
        source = Signal(byte_layout())
        source_valid, source_ready = Signal(), Signal()
        m.d.comb += [
            source.eq(Mux(answers_now, answers.o.p, replies.o.p)),
            source_valid.eq(Mux(answers_now, answers.o.valid, replies.o.valid)),
            answers.o.ready.eq(source_ready & answers_now),
            replies.o.ready.eq(source_ready & ~answers_now),
        ]
        note = Signal(answer_layout())
        total, udp_length = Signal(16), Signal(16)

        peer = Signal(8 * PEER_BYTES)  # in turn: its next byte is the lowest
        place = Signal(6)
        m.submodules.checksum = checksum = Checksum()
        # A register before it, whose sum is long; what it says is needed only cycles later.
        summed, adds = Signal(8), Signal()
        m.d.sync += [checksum.byte.eq(summed), checksum.add.eq(adds)]
        # A header's byte waits a cycle in a register: to choose it takes as long as a cycle has.
        byte, chosen, step, turns = Signal(8), Signal(8), Signal(), Signal()
        # No place is compared by subtraction: a carry chain in the way of a byte is too slow.
        last_place = Mux(answers_now & ~note.arp, places.ICMP_DATA - 1, places.UDP_DATA - 1)
        m.d.comb += step.eq(~o.valid | o.ready)
        with m.If(o.ready):
            m.d.sync += o.valid.eq(0)
        with m.FSM():
            with m.State("Choose"):
                m.d.sync += place.eq(0)
                with m.If(answers.o.valid | replies.o.valid):
                    m.d.sync += answers_now.eq(answers.o.valid & ~(replies.o.valid & answered))
                    m.next = "About"
            with m.State("About"):
                # Held: that of ARP is read before its headers, and the next packet is offered then.
                with m.If(answers_now):
                    m.d.sync += total.eq(answers.length + (IP_BYTES + ICMP_BYTES - PEER_BYTES))
                with m.Else():
                    m.d.sync += total.eq(replies.length + (IP_BYTES + UDP_BYTES - PEER_BYTES))
                m.d.sync += [
                    answered.eq(answers_now),
                    note.eq(Mux(answers_now, answers.note, 0)),
                    udp_length.eq(replies.length + (UDP_BYTES - PEER_BYTES)),
                ]
                m.d.comb += checksum.begin.eq(1)
                m.next = "Peer"
            with m.State("Peer"):
                m.d.comb += [source_ready.eq(1), adds.eq(source_valid)]
                with m.Switch(place):
                    with m.Case(0, 1):
                        m.d.comb += summed.eq(Mux(place[0], total[:8], total[8:]))
                    with m.Case(6, 7, 8, 9):
                        m.d.comb += summed.eq(source.byte)
                with m.If(source_valid):
                    m.d.sync += [place.eq(place + 1), peer.eq(Cat(peer[8:], source.byte))]
                    with m.If(place == PEER_BYTES - 1):
                        m.d.sync += place.eq(0)
                        m.next = "Headers"
            with m.State("Headers"):
                # Two zeros more for the last carries, while the checksum is not yet sent.
                m.d.comb += adds.eq(step & ~place[1:].any())
                with m.If(step):
                    m.d.sync += [
                        chosen.eq(byte),
                        o.valid.eq(place.any()),
                        o.p.byte.eq(chosen),
                        o.p.last.eq(0),
                        place.eq(place + 1),
                    ]
                    with m.If(turns):
                        m.d.sync += peer.eq(Cat(peer[8:], peer[:8]))
                    with m.If(place == last_place):
                        m.next = "Last of headers"
            with m.State("Last of headers"), m.If(step):
                m.d.sync += [o.valid.eq(1), o.p.byte.eq(chosen), o.p.last.eq(note.arp)]
                m.next = "Data"
                with m.If(note.arp):
                    m.next = "Choose"
            with m.State("Data"):
                m.d.comb += source_ready.eq(step)
                with m.If(step):
                    m.d.sync += [o.valid.eq(source_valid), o.p.eq(source)]
                    with m.If(source_valid & source.last):
                        m.next = "Choose"
        m.d.comb += checksum.initial.eq(
            Mux(answers_now, self._constant_sum(ICMP), self._constant_sum(UDP))
        )
        fields = HeaderFields(peer[:8], ~checksum.sum, total, udp_length, note.checksum)
        with m.If(note.arp):
            _choose(m, place, arp_reply(self.address, fields), byte)
            m.d.comb += turns.eq(place.matches(*range(6), *range(14, 20), *range(32, 64)))
        with m.Else():
            m.d.comb += turns.eq(place.matches(*range(6), *range(30, 34), *range(36, 64)))
            with m.If(answers_now):
                _choose(m, place, echo_reply(self.address, fields), byte)
            with m.Else():
                _choose(m, place, udp_datagram(self.address, fields), byte)
        return m

    def _constant_sum(self, protocol: int) -> int:
        """Return the ones' complement sum of what is constant in a header of IPv4."""
        header = bytes([0x45, 0, 0, 0, 0, 0, 0x40, 0, LIFETIME, protocol]) + self.address.ip_bytes
        total = sum(int.from_bytes(header[at : at + 2], "big") for at in range(0, len(header), 2))
        return (total - 1) % 0xFFFF + 1


def _choose(m: Module, place: Signal, header: Sequence[ValueLike], byte: Signal) -> None:
    """Set a byte to that of a header at a place."""
    with m.Switch(place):
        for position, value in enumerate(header):
            with m.Case(position):
                m.d.comb += byte.eq(value)
