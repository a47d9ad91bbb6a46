"""Kept replies to frames."""

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import exact_log2

from .cobs_encoder import CobsEncoder
from .crc32 import add_crc32
from .reply_store import ReplyStore

__all__ = ["FrameSender"]


class FrameSender(wiring.Component):
    """A slot's reply, its CRC-32, COBS, and the zero.

    Throughput: one byte per cycle, but for 5 cycles per frame and those of `CobsEncoder`.

    Parameters
    ----------
    store : ReplyStore
        Whose slots it sends; gives widths only.

    Members
    -------
    slots : stream of slots
    address, word
        Read port of the store: ``word`` follows by 1 cycle.
    o : stream of link bytes
    """

    def __init__(self, store: ReplyStore) -> None:
        self.slot_words = store.slot_words
        super().__init__(
            {
                "slots": In(stream.Signature(unsigned(exact_log2(store.slots)))),
                "address": Out(range(store.slot_words)),
                "word": In(32),
                "o": Out(stream.Signature(8)),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.encoder = encoder = CobsEncoder()
        connect(m, encoder.o, flipped(self.o))

        # One register between the words and the encoder, which decides on the byte's value.
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
        words_left = Signal(range(self.slot_words))
        with m.If(step & has_byte):
            m.d.sync += [phase.eq(phase + 1), shifted.eq(shifted >> 8)]

        restart = Signal()
        crc = add_crc32(m, restart)
        m.d.comb += crc.data.eq(byte)
        with m.FSM():
            with m.State("Idle"):
                m.d.comb += restart.eq(1)
                m.d.sync += self.address.eq(0)
                with m.If(self.slots.valid):
                    m.next = "Fetch"
            with m.State("Fetch"):
                m.next = "Load"
            with m.State("Load"):
                m.d.sync += [
                    shifted.eq(self.word),
                    words_left.eq(self.word[16:]),
                    is_first.eq(1),
                    self.address.eq(1),
                ]
                m.next = "Words"
            with m.State("Words"):
                m.d.comb += [byte.eq(shifted[:8]), has_byte.eq(1), crc.valid.eq(step)]
                # Of the first word two bytes are sent: type and sequence number.
                with m.If(step & ((phase == 3) | (is_first & (phase == 1)))):
                    m.d.sync += [
                        phase.eq(0),
                        is_first.eq(0),
                        shifted.eq(self.word),
                        self.address.eq(self.address + 1),
                        words_left.eq(words_left - 1),
                    ]
                    with m.If(words_left == 0):
                        m.next = "CRC"
            with m.State("CRC"):
                m.d.comb += [byte.eq(crc.crc.word_select(phase, 8)), has_byte.eq(1)]
                with m.If(step & (phase == 3)):
                    m.next = "End"
            with m.State("End"):
                m.d.comb += [ends.eq(1), self.slots.ready.eq(step)]
                with m.If(step):
                    m.next = "Idle"
        return m
