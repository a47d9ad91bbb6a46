"""Replies in their slots to frames on the link."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..spec.link_map import LARGEST_PAYLOAD
from .cobs_encoder import CobsEncoder
from .crc32 import add_crc32
from .reply_store import read_cycles, reply_read_port

__all__ = ["FrameSender"]

NEXT_ASKED = 2
"""Cycle after that of the first word's address in which the second is asked for: it then follows
the first by the two bytes that leave of that one."""


class FrameSender(wiring.Component):
    """Sends the reply of a slot and its CRC-32, in COBS, and the zero that ends the frame.

    Throughput: one byte per cycle, except for 4 cycles and the `read_cycles` of a word
    per frame, and those of `CobsEncoder`.

    Parameters
    ----------
    slots, largest_payload : int
        Parameters of the `ReplyStore`.

    Members
    -------
    reply : the reader's side of `reply_read_port`
    o : stream of link bytes
    """

    def __init__(self, slots: int = 4, largest_payload: int = LARGEST_PAYLOAD) -> None:
        self.read_cycles = read_cycles(slots)
        super().__init__(
            {
                "reply": In(reply_read_port(slots, largest_payload)),
                "o": Out(stream.Signature(8)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        reply = self.reply
        m.submodules.encoder = encoder = CobsEncoder()
        connect(m, encoder.o, flipped(self.o))

        # A register before the encoder, whose control depends on the value of the byte.
        out = encoder.i
        step = Signal()
        byte = Signal(8)
        has_byte = Signal()
        ends = Signal()
        m.d.comb += step.eq(~out.valid | out.ready)
        with m.If(step):
            m.d.sync += [out.p.byte.eq(byte), out.p.end.eq(ends), out.valid.eq(has_byte | ends)]

        shifted = Signal(32)  # the word being sent, next byte lowest
        phase = Signal(2)
        is_first = Signal()
        words_left = Signal(len(reply.address))
        words_end = Signal()  # none is left; the count is older than a cycle where this is used
        m.d.sync += words_end.eq(words_left == 0)
        with m.If(step & has_byte):
            m.d.sync += [phase.eq(phase + 1), shifted.eq(shifted >> 8)]

        restart = Signal()
        crc = add_crc32(m, restart)
        m.d.comb += crc.data.eq(byte)
        with m.FSM():
            with m.State("Idle"):
                m.d.comb += restart.eq(1)
                m.d.sync += reply.address.eq(0)
                with m.If(reply.next.valid):
                    m.next = "Fetch 1"
            for cycle in range(1, self.read_cycles + 1):
                with m.State(f"Fetch {cycle}"):
                    if cycle == NEXT_ASKED:
                        m.d.sync += reply.address.eq(1)
                    m.next = f"Fetch {cycle + 1}" if cycle < self.read_cycles else "Load"
            with m.State("Load"):
                if self.read_cycles < NEXT_ASKED:
                    m.d.sync += reply.address.eq(1)
                m.d.sync += [
                    shifted.eq(reply.word),
                    words_left.eq(reply.word[16:]),
                    is_first.eq(1),
                ]
                m.next = "Words"
            with m.State("Words"):
                m.d.comb += [byte.eq(shifted[:8]), has_byte.eq(1), crc.valid.eq(step)]
                # Two bytes of the first word are sent: type and sequence number.
                with m.If(step & ((phase == 3) | (is_first & (phase == 1)))):
                    m.d.sync += [
                        phase.eq(0),
                        is_first.eq(0),
                        shifted.eq(reply.word),
                        reply.address.eq(reply.address + 1),
                        words_left.eq(words_left - 1),
                    ]
                    with m.If(words_end):
                        m.next = "CRC"
            with m.State("CRC"):
                m.d.comb += [byte.eq(crc.crc.word_select(phase, 8)), has_byte.eq(1)]
                with m.If(step & (phase == 3)):
                    m.next = "End"
            with m.State("End"):
                m.d.comb += [ends.eq(1), reply.next.ready.eq(step)]
                with m.If(step):
                    m.next = "Idle"
        return m
