"""Received datagrams to link bytes, and to whom the replies go."""

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .packet_buffer import packet_port
from .packet_filter import PEER_BYTES

__all__ = ["QUIET_CYCLES", "DatagramReader", "peer_port"]

QUIET_CYCLES = 256
"""Cycles in a row in which the engine must be idle before its peer changes. Inside an engine a
request or a reply is on its way, and not seen at its ends, for less: a reply that is queued waits
for its turn for as many cycles as there are credits, up to 128."""


def peer_port() -> wiring.Signature:
    """Return the signature of the peer's address as its reader sees it.

    ``byte``: byte `place` of it (`packet_filter.PEER_BYTES`), in the same cycle.
    """
    return wiring.Signature({"place": Out(range(PEER_BYTES)), "byte": In(8)})


class DatagramReader(wiring.Component):
    """Passes the bytes of datagrams to the engine, each followed by a zero.

    A datagram holds whole frames, so the zero is one more between frames, which leaves no trace;
    where a datagram ends inside a frame, it keeps that from damaging the next one.

    Replies go to the peer, who sent the request that they answer. The engine does not know peers:
    so before a datagram of another sender is passed on, all that is in the engine is answered
    first. A sender who alternates with others is served, but slower.

    Throughput: a byte per cycle, 18 cycles per datagram more; with another sender than before also
    the time that the engine needs to become idle and `QUIET_CYCLES`.

    Members
    -------
    packet : the reader's side of `packet_port`
    o : stream of link bytes
    busy : in
        The engine has a request, or a reply that has not left (`Engine.busy`).
    peer : the memory's side of `peer_port`
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "packet": In(packet_port(0)),
                "o": Out(stream.Signature(8)),
                "busy": In(1),
                "peer": In(peer_port()),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        i = self.packet.o
        # Two places: the peer, and the sender of the datagram that comes.
        m.submodules.senders = senders = Memory(shape=unsigned(8), depth=32, init=[])
        write = senders.write_port()
        peer, compared = senders.read_port(domain="comb"), senders.read_port(domain="comb")
        current = Signal()
        place = Signal(range(PEER_BYTES))
        other = Signal()
        quiet = Signal(range(QUIET_CYCLES))
        m.d.comb += [
            peer.addr.eq(Cat(self.peer.place, current)),
            self.peer.byte.eq(peer.data),
            compared.addr.eq(Cat(place, current)),
            write.addr.eq(Cat(place, ~current)),
            write.data.eq(i.p.byte),
        ]
        with m.FSM():
            with m.State("Sender"):
                m.d.comb += [i.ready.eq(1), write.en.eq(i.valid)]
                m.d.sync += quiet.eq(0)
                with m.If(i.valid):
                    differs = other | (i.p.byte != compared.data)
                    m.d.sync += [place.eq(place + 1), other.eq(differs)]
                    with m.If(place == PEER_BYTES - 1):
                        m.d.sync += [place.eq(0), other.eq(0)]
                        m.next = "Data"
                        with m.If(differs):
                            m.next = "Change"
            with m.State("Change"):
                m.d.sync += quiet.eq(quiet + 1)
                with m.If(self.busy):
                    m.d.sync += quiet.eq(0)
                with m.Elif(quiet == QUIET_CYCLES - 1):
                    m.d.sync += current.eq(~current)
                    m.next = "Data"
            with m.State("Data"):
                m.d.comb += [
                    self.o.valid.eq(i.valid),
                    self.o.p.eq(i.p.byte),
                    i.ready.eq(self.o.ready),
                ]
                with m.If(i.valid & i.ready & i.p.last):
                    m.next = "End"
            with m.State("End"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.next = "Sender"
        return m
