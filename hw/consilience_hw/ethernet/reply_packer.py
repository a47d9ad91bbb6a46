"""The engine's link bytes to datagrams, one per frame."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .datagram_reader import peer_port
from .packet_buffer import packet_write_port
from .packet_filter import PEER_BYTES

__all__ = ["ReplyPacker"]


class ReplyPacker(wiring.Component):
    """Writes each frame, its zero included, to a buffer as a packet to the peer.

    Throughput: a byte per cycle, 14 cycles per frame more.

    Members
    -------
    i : stream of link bytes
        No frame is longer than a datagram (`LARGEST_DATAGRAM`).
    peer : `peer_port`
    packet : `packet_write_port`
        The peer, and the datagram.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "peer": Out(peer_port()),
                "packet": Out(packet_write_port(0)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        packet, peer = self.packet, self.peer
        place = Signal.like(peer.place)
        m.d.comb += peer.place.eq(place)
        with m.FSM():
            with m.State("Peer"):
                m.d.comb += [
                    packet.byte.eq(peer.byte),
                    packet.write.eq(self.i.valid & packet.ready),
                ]
                with m.If(packet.write):
                    m.d.sync += place.eq(place + 1)
                    with m.If(place == PEER_BYTES - 1):
                        m.d.sync += place.eq(0)
                        m.next = "Frame"
            with m.State("Frame"):
                m.d.comb += [
                    packet.byte.eq(self.i.p),
                    packet.write.eq(self.i.valid & packet.ready),
                    self.i.ready.eq(packet.ready),
                ]
                with m.If(packet.write & (self.i.p == 0)):
                    m.next = "Keep"
            with m.State("Keep"):
                m.d.comb += packet.keep.eq(1)
                m.next = "Peer"
        return m
