"""Alarms to datagrams for who registered, and counters for who asks."""

from amaranth.hdl import Cat, Const, Module, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..ethernet.packet_buffer import packet_write_port
from ..ethernet.packet_filter import PEER_BYTES
from ..spec.observations import (
    ALARM_BYTES,
    COUNTER_BITS,
    COUNTS_REQUEST,
    REGISTRATION,
    ObservationCount,
)
from .observation_monitor import alarm_layout

__all__ = ["ALARM_WORD_BYTES", "AlarmPacker"]

ALARM_WORD_BYTES = 4
"""Bytes of an alarm's packet that are written in a cycle: all there is to write is whole words."""


class AlarmPacker(wiring.Component):
    """Writes each alarm, and the answer to a registration, to a buffer as a packet to the peer.

    Alarms are numbered. Those before the first registration are dropped. When no alarm waits, who
    asks gets the counters, each as it is in one cycle, though not all as in the same.

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
    asked, sender : in
        Somebody asks for the counters, and who.
    answered : out
        Strobe: the answer is on its way; `sender` may change.
    counts : in
        `ObservationCount`s.
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
                "asked": In(1),
                "sender": In(8 * PEER_BYTES),
                "answered": Out(1),
                "counts": In(data.ArrayLayout(COUNTER_BITS, len(ObservationCount))),
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
        counting, which = Signal(), Signal(range(len(ObservationCount) + 1))
        m.d.comb += [
            agent.eq(i.p.agent),
            packet.byte.eq(words),
            self.busy.eq(1),
            self.peer_held.eq(answers),
        ]
        with m.FSM():
            with m.State("Idle"):
                m.d.comb += [
                    self.busy.eq(answers | i.valid | self.asked),
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
                with m.Elif(self.asked):
                    m.d.comb += self.answered.eq(1)
                    tag = Const(int.from_bytes(COUNTS_REQUEST, "little"), 8 * len(COUNTS_REQUEST))
                    m.d.sync += [counting.eq(1), which.eq(0), words.eq(Cat(self.sender, tag))]
                    m.d.sync += left.eq(_words_after_the_first(len(COUNTS_REQUEST)))
                    m.next = "Words"
            with m.State("Words"):
                m.d.comb += packet.write.eq(packet.ready)
                with m.If(packet.ready):
                    m.d.sync += [left.eq(left - 1), words.eq(words[len(packet.byte) :])]
                    with m.If(left == 0):
                        m.next = "Keep"
                        with m.If(counting):
                            m.next = "Count"
            with m.State("Count"):
                count = self.counts[which]
                m.d.sync += [
                    words.eq(count),
                    left.eq(COUNTER_BITS // len(packet.byte) - 1),
                    which.eq(which + 1),
                    counting.eq(which != len(ObservationCount) - 1),
                ]
                m.next = "Words"
            with m.State("Keep"):
                m.d.comb += packet.keep.eq(1)
                m.next = "Idle"
        with m.If(self.registered):
            m.d.sync += [known.eq(1), answers.eq(1)]
        return m


def _words_after_the_first(data_bytes: int) -> int:
    return (PEER_BYTES + data_bytes) // ALARM_WORD_BYTES - 1
