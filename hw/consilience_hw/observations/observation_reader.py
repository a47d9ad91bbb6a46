"""Received datagrams to observations, and who has registered for alarms."""

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import exact_log2

from ..ethernet.packet_buffer import packet_port
from ..ethernet.packet_filter import PEER_BYTES
from ..primitives.stream_register import StreamRegister
from ..spec.observations import COUNTS_REQUEST, OBSERVATION_BYTES, REGISTRATION, SEQUENCE_BITS

__all__ = ["WORD_BYTES", "ObservationReader", "observation_layout"]

WORD_BYTES = OBSERVATION_BYTES
"""Bytes of a datagram that are read in a cycle: an observation's."""

_BEFORE = 2 * WORD_BYTES - PEER_BYTES
"""Bytes of an observation that come with the word before."""


def observation_layout() -> data.StructLayout:
    """Return the layout of an observation as it came; see `spec.observations.Observation`."""
    return data.StructLayout(
        {"agent": unsigned(32), "bin": unsigned(16), "sequence": unsigned(SEQUENCE_BITS)}
    )


class ObservationReader(wiring.Component):
    """Cuts datagrams into observations; who sent them makes no difference.

    The length of a datagram is known before its first word: one that is no whole number of
    observations is dropped, and none of it is handed on. But who sends `REGISTRATION` becomes the
    peer, and the one before is forgotten; and who sends `COUNTS_REQUEST` asks for the counters.

    Of the words, the first brings most of the sender, the second the rest of it and half an
    observation, and each further one the other half and half of the next.

    Latency: an observation is offered in the cycle after its last word is taken. Throughput: a word
    per cycle: 2 cycles per datagram, and 1 per observation.

    Members
    -------
    packet : the reader's side of `packet_port` with words of `WORD_BYTES`
    o : stream of `observation_layout`
    peer : out
        Who registered last (`packet_filter.PEER_BYTES`, the first one lowest).
    peer_held : in
        The peer awaits its answer, and stays; a registration waits.
    registered : out
        Strobe: there is another peer from the next cycle on.
    asked : out
        The `sender` asks for the counters, until `answered`.
    sender : out
        As `peer`.
    answered : in
        Strobe.
    pause : in
        No datagram is begun.
    inside : out
        A datagram is begun, or an observation waits.
    bad_length : out
        Strobe: a datagram was dropped.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "packet": In(packet_port(0, WORD_BYTES)),
                "o": Out(stream.Signature(observation_layout())),
                "peer": Out(8 * PEER_BYTES),
                "peer_held": In(1),
                "registered": Out(1),
                "asked": Out(1),
                "sender": Out(8 * PEER_BYTES),
                "answered": In(1),
                "pause": In(1),
                "inside": Out(1),
                "bad_length": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        i, o, length = self.packet.o, self.o, self.packet.length
        # Whether the word after an observation is taken does not depend on who takes that.
        m.submodules.found = found = StreamRegister(observation_layout())
        connect(m, found.o, flipped(o))
        taken, ends = Signal(), Signal()
        sender = self.sender
        before = Signal(8 * _BEFORE, reset_less=True)  # the half of an observation
        m.d.comb += [taken.eq(i.valid & i.ready), ends.eq(taken & i.p.last)]
        with m.If(taken):
            m.d.sync += before.eq(i.p.bytes[-8 * _BEFORE :])
        word = i.p.bytes[-8 * len(REGISTRATION) :]
        short = length == PEER_BYTES + len(REGISTRATION)
        registers = short & (word == int.from_bytes(REGISTRATION, "little"))
        asks = short & (word == int.from_bytes(COUNTS_REQUEST, "little"))
        whole = length[: exact_log2(OBSERVATION_BYTES)] == PEER_BYTES % OBSERVATION_BYTES
        m.d.comb += self.inside.eq(1)
        m.d.comb += Cat(found.i.p).eq(Cat(before, i.p.bytes))
        with m.FSM():
            with m.State("Sender"):
                m.d.comb += [i.ready.eq(~self.pause), self.inside.eq(o.valid)]
                with m.If(taken):
                    m.d.sync += sender[: 8 * WORD_BYTES].eq(i.p.bytes)
                    m.next = "Rest"
            with m.State("Rest"):
                m.d.comb += [i.ready.eq(1), self.bad_length.eq(ends & ~registers & ~asks)]
                m.d.sync += sender[8 * WORD_BYTES :].eq(i.p.bytes)
                with m.If(taken):
                    m.next = "Observations"
                    with m.If(ends):
                        m.next = "Sender"
                    with m.Elif(~whole):
                        m.next = "Other"
                with m.If(ends & registers):
                    m.next = "Register"
                with m.If(ends & asks):
                    m.next = "Asked"
            with m.State("Observations"):
                m.d.comb += [i.ready.eq(found.i.ready), found.i.valid.eq(i.valid)]
                with m.If(ends):
                    m.next = "Sender"
            with m.State("Other"):
                m.d.comb += [i.ready.eq(1), self.bad_length.eq(ends)]
                with m.If(ends):
                    m.next = "Sender"
            with m.State("Register"):
                m.d.comb += self.registered.eq(~self.peer_held)
                with m.If(self.registered):
                    m.d.sync += self.peer.eq(sender)
                    m.next = "Sender"
            with m.State("Asked"):
                m.d.comb += self.asked.eq(1)
                with m.If(self.answered):
                    m.next = "Sender"
        return m
