"""Received datagrams to observations, and who has registered for alarms."""

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..ethernet.datagram_reader import peer_port
from ..ethernet.packet_buffer import packet_port
from ..ethernet.packet_filter import PEER_BYTES
from ..spec.observations import OBSERVATION_BYTES, REGISTRATION, SEQUENCE_BITS

__all__ = ["ObservationReader", "observation_layout"]


def observation_layout() -> data.StructLayout:
    """Return the layout of an observation as it came; see `spec.observations.Observation`."""
    return data.StructLayout(
        {"agent": unsigned(32), "bin": unsigned(16), "sequence": unsigned(SEQUENCE_BITS)}
    )


class ObservationReader(wiring.Component):
    """Cuts datagrams into observations; who sent them makes no difference.

    The length of a datagram is known before its first byte: one that is no whole number of
    observations is dropped, and none of it is handed on. But who sends `REGISTRATION` becomes the
    peer, and the one before is forgotten.

    Latency: an observation is offered in the cycle after its last byte is taken. Throughput: a byte
    per cycle, which is an observation in 8 cycles, and `PEER_BYTES` cycles per datagram. While an
    observation waits, the bytes of the next are taken all but the last.

    Members
    -------
    packet : the reader's side of `packet_port`
    o : stream of `observation_layout`
    peer : the memory's side of `peer_port`
        Who registered last.
    peer_held : in
        The peer is being read, and stays; a registration waits.
    registered : out
        Strobe: there is another peer from the next cycle on.
    pause : in
        No datagram is begun.
    inside : out
        A datagram is begun, or an observation waits.
    bad_length : out
        Strobe: a datagram was dropped that is no registration.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "packet": In(packet_port(0)),
                "o": Out(stream.Signature(observation_layout())),
                "peer": In(peer_port()),
                "peer_held": In(1),
                "registered": Out(1),
                "pause": In(1),
                "inside": Out(1),
                "bad_length": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        i, o = self.packet.o, self.o
        place = Signal(range(PEER_BYTES))
        # Bytes enter at the top: with the last one, the first lies at the bottom.
        before = Signal(8 * (OBSERVATION_BYTES - 1), reset_less=True)
        row = Cat(before, i.p.byte)
        beyond = self.packet.length[: exact_log2(OBSERVATION_BYTES)]
        ends = i.valid & i.ready & i.p.last
        with m.If(i.valid & i.ready):
            m.d.sync += before.eq(row[8:])
        # Two places: the peer, and the sender of the datagram that comes.
        m.submodules.senders = senders = Memory(shape=unsigned(8), depth=32, init=[])
        write, peer = senders.write_port(), senders.read_port(domain="comb")
        current = Signal()
        m.d.comb += [
            peer.addr.eq(Cat(self.peer.place, current)),
            self.peer.byte.eq(peer.data),
            write.addr.eq(Cat(place, ~current)),
            write.data.eq(i.p.byte),
        ]
        word = row[-8 * len(REGISTRATION) :]
        registers = self.packet.length == PEER_BYTES + len(REGISTRATION)
        registers &= word == int.from_bytes(REGISTRATION, "little")
        with m.If(o.ready):
            m.d.sync += o.valid.eq(0)
        m.d.comb += self.inside.eq(1)
        with m.FSM():
            with m.State("Sender"):
                begun = place != 0
                m.d.comb += [
                    i.ready.eq(begun | ~self.pause),
                    self.inside.eq(begun | o.valid),
                    write.en.eq(i.valid & i.ready),
                ]
                with m.If(i.valid & i.ready):
                    m.d.sync += place.eq(place + 1)
                    with m.If(place == PEER_BYTES - 1):
                        m.d.sync += place.eq(0)
                        m.next = "Observations"
                        with m.If(beyond != PEER_BYTES % OBSERVATION_BYTES):
                            m.next = "Other"
            with m.State("Observations"):
                whole = place == OBSERVATION_BYTES - 1
                m.d.comb += i.ready.eq(~whole | ~o.valid | o.ready)
                with m.If(i.valid & i.ready):
                    m.d.sync += place.eq(place + 1)
                    with m.If(whole):
                        m.d.sync += [place.eq(0), o.valid.eq(1), Cat(o.p).eq(row)]
                with m.If(ends):
                    m.next = "Sender"
            with m.State("Other"):
                m.d.comb += [i.ready.eq(1), self.bad_length.eq(ends & ~registers)]
                with m.If(ends):
                    m.next = "Sender"
                    with m.If(registers):
                        m.next = "Register"
            with m.State("Register"):
                m.d.comb += self.registered.eq(~self.peer_held)
                with m.If(self.registered):
                    m.d.sync += current.eq(~current)
                    m.next = "Sender"
        return m
