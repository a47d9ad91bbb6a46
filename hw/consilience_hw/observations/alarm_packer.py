"""Alarms to datagrams for who registered."""

from amaranth.hdl import Cat, Const, Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..ethernet.packet_buffer import packet_write_port
from ..ethernet.packet_filter import PEER_BYTES
from ..spec.observations import ALARM_BYTES, REGISTRATION
from .observation_monitor import alarm_layout

__all__ = ["ALARM_WORD_BYTES", "AlarmPacker"]

ALARM_WORD_BYTES = 4
"""Bytes of an alarm's packet that are written in a cycle: all there is to write is whole words."""


class AlarmPacker(wiring.Component):
    """Writes each alarm, and the answer to a registration, to a buffer as a packet to the peer.

    Alarms are numbered. Those before the first registration are dropped.

    Latency: from an alarm to the end of its packet 8 cycles. Throughput: an alarm in 9 cycles.

    Parameters
    ----------
    agents : int

    Members
    -------
    i : stream of `alarm_layout`
    registered : in
        Strobe: there is a peer, or another one, from the next cycle on, and it awaits an answer.
    peer : in
        Who registered (`packet_filter.PEER_BYTES`, the first one lowest).
    peer_held : out
        The answer is not yet written.
    packet : `packet_write_port` with words of `ALARM_WORD_BYTES`
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
                "peer": In(8 * PEER_BYTES),
                "peer_held": Out(1),
                "packet": Out(packet_write_port(0, ALARM_WORD_BYTES)),
                "busy": Out(1),
                "unsent": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        i, packet = self.i, self.packet
        known, answers = Signal(), Signal()
        number = Signal(16)
        # Its next word is the lowest.
        words = Signal(8 * (PEER_BYTES + ALARM_BYTES), reset_less=True)
        left = Signal(range(len(words) // len(packet.byte)))
        agent = Signal(unsigned(32))
        m.d.comb += [
            agent.eq(i.p.agent),
            packet.byte.eq(words),
            self.busy.eq(1),
            self.peer_held.eq(answers),
        ]
        with m.FSM():
            with m.State("Idle"):
                m.d.comb += [
                    self.busy.eq(answers | i.valid),
                    i.ready.eq(~answers),
                    self.unsent.eq(i.valid & ~answers & ~known),
                ]
                with m.If(answers):
                    answer = Const(int.from_bytes(REGISTRATION, "little"))
                    m.d.sync += [answers.eq(0), words.eq(Cat(self.peer, answer))]
                    m.d.sync += left.eq(_words_after_the_first(len(REGISTRATION)))
                    m.next = "Words"
                with m.Elif(i.valid):
                    alarm = Cat(agent, i.p.statistic, i.p.observation, i.p.sequence, number)
                    m.d.sync += [number.eq(number + 1), words.eq(Cat(self.peer, alarm))]
                    m.d.sync += left.eq(_words_after_the_first(ALARM_BYTES))
                    with m.If(known):
                        m.next = "Words"
            with m.State("Words"):
                m.d.comb += packet.write.eq(packet.ready)
                with m.If(packet.ready):
                    m.d.sync += [left.eq(left - 1), words.eq(words[len(packet.byte) :])]
                    with m.If(left == 0):
                        m.next = "Keep"
            with m.State("Keep"):
                m.d.comb += packet.keep.eq(1)
                m.next = "Idle"
        with m.If(self.registered):
            m.d.sync += [known.eq(1), answers.eq(1)]
        return m


def _words_after_the_first(data_bytes: int) -> int:
    return (PEER_BYTES + data_bytes) // ALARM_WORD_BYTES - 1
