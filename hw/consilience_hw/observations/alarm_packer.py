"""Alarms to datagrams for who registered."""

from amaranth.hdl import Cat, Const, Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..ethernet.datagram_reader import peer_port
from ..ethernet.packet_buffer import packet_write_port
from ..ethernet.packet_filter import PEER_BYTES
from ..spec.observations import ALARM_BYTES, REGISTRATION
from .observation_monitor import alarm_layout

__all__ = ["AlarmPacker"]


class AlarmPacker(wiring.Component):
    """Writes each alarm, and the answer to a registration, to a buffer as a packet to the peer.

    Alarms are numbered. Those before the first registration are dropped.

    Latency: from an alarm to the end of its packet 29 cycles. Throughput: an alarm in 30 cycles.

    Parameters
    ----------
    agents : int

    Members
    -------
    i : stream of `alarm_layout`
    registered : in
        Strobe: there is a peer, and it awaits an answer.
    peer : `peer_port`
    peer_held : out
        The peer is being read.
    packet : `packet_write_port`
    busy : out
        A packet is being written, or will be.
    unsent : out
        Strobe: an alarm was dropped.
    """

    def __init__(self, agents: int) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(alarm_layout(agents))),
                "registered": In(1),
                "peer": Out(peer_port()),
                "peer_held": Out(1),
                "packet": Out(packet_write_port(0)),
                "busy": Out(1),
                "unsent": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        i, packet = self.i, self.packet
        known, answers = Signal(), Signal()
        number = Signal(16)
        message = Signal(8 * ALARM_BYTES, reset_less=True)  # its next byte is the lowest
        place, last = Signal(range(max(PEER_BYTES, ALARM_BYTES))), Signal(range(ALARM_BYTES))
        agent = Signal(unsigned(32))
        m.d.comb += [
            agent.eq(i.p.agent),
            self.peer.place.eq(place),
            self.busy.eq(1),
        ]
        with m.FSM():
            with m.State("Idle"):
                m.d.comb += [
                    self.busy.eq(answers | i.valid),
                    i.ready.eq(~answers),
                    self.unsent.eq(i.valid & ~answers & ~known),
                ]
                with m.If(answers):
                    m.d.sync += [
                        answers.eq(0),
                        message.eq(Const(int.from_bytes(REGISTRATION, "little"))),
                        last.eq(len(REGISTRATION) - 1),
                    ]
                    m.next = "Peer"
                with m.Elif(i.valid):
                    m.d.sync += [
                        message.eq(
                            Cat(agent, i.p.statistic, i.p.observation, i.p.sequence, number)
                        ),
                        last.eq(ALARM_BYTES - 1),
                        number.eq(number + 1),
                    ]
                    with m.If(known):
                        m.next = "Peer"
            with m.State("Peer"):
                m.d.comb += [
                    self.peer_held.eq(1),
                    packet.byte.eq(self.peer.byte),
                    packet.write.eq(packet.ready),
                ]
                with m.If(packet.ready):
                    m.d.sync += place.eq(place + 1)
                    with m.If(place == PEER_BYTES - 1):
                        m.d.sync += place.eq(0)
                        m.next = "Message"
            with m.State("Message"):
                m.d.comb += [packet.byte.eq(message[:8]), packet.write.eq(packet.ready)]
                with m.If(packet.ready):
                    m.d.sync += [place.eq(place + 1), message.eq(message[8:])]
                    with m.If(place == last):
                        m.d.sync += place.eq(0)
                        m.next = "Keep"
            with m.State("Keep"):
                m.d.comb += packet.keep.eq(1)
                m.next = "Idle"
        with m.If(self.registered):
            m.d.sync += [known.eq(1), answers.eq(1)]
        return m
