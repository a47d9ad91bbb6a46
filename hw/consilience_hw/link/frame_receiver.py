"""Link bytes to checked requests in block RAM."""

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import ceil_log2

from ..primitives.pipeline import delayed
from ..spec.link_map import LARGEST_PAYLOAD, REQUEST_WORDS, Counter
from .cobs_decoder import CobsDecoder, frame_byte_layout
from .counters import drop_stream
from .crc32 import add_crc32

__all__ = ["FrameReceiver", "frame_port"]

HEADER_WORDS = REQUEST_WORDS


def frame_port(largest_payload: int) -> wiring.Signature:
    """Return the signature of checked frames as the receiver sees their reader.

    ``next``: stream of the number of payload words; taking it gives the buffer back. ``address``: a
    word of the offered frame. ``word``: that word, 2 cycles after its address, because block RAM is
    slow from clock to output and a register follows it.
    """
    return wiring.Signature(
        {
            "next": Out(stream.Signature(range(largest_payload // 4 + 1))),
            # The last word of a largest frame has no room beside word 0. No request needs it: its
            # reply could not hold its results (`link_map.data_limit`).
            "address": In(ceil_log2(largest_payload // 4)),
            "word": Out(32),
        }
    )


class FrameReceiver(wiring.Component):
    """Receives frames and offers those whose CRC is right; damaged ones are dropped and counted.

    Two buffers: one frame arrives while the one before is read. A frame's word 0 holds its type
    in bits 16..23 and its sequence number above; its payload follows from word 1.

    Throughput: one byte per cycle while a buffer is free; `i` waits otherwise. Latency: a frame is
    offered 2 cycles after its zero.

    Parameters
    ----------
    largest_payload : int
        Bytes; longer frames are dropped.

    Members
    -------
    i : stream of link bytes
    gap : in
        Strobe of a PHY that measures time: silence. A frame that has begun is dropped, and all
        bytes up to the next zero.
    frame : `frame_port`
    drop : `drop_stream`
        The reason why a frame was dropped. No further frame ends until it is taken.
    """

    def __init__(self, largest_payload: int = LARGEST_PAYLOAD) -> None:
        self.largest_payload = largest_payload
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "gap": In(1),
                "frame": Out(frame_port(largest_payload)),
                "drop": Out(drop_stream()),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.decoder = decoder = CobsDecoder()
        connect(m, flipped(self.i), decoder.i)
        frame = self.frame
        # A register behind the decoder, whose control depends on the value of the byte.
        beat = stream.Signature(frame_byte_layout()).create()
        m.d.comb += decoder.o.ready.eq(~beat.valid | beat.ready)
        # Silence drops a byte that waits here, but not the end of a frame, which came before it.
        at_end = beat.valid & beat.p.end
        with m.If(decoder.o.ready | decoder.resync):
            m.d.sync += [beat.p.eq(decoder.o.p), beat.valid.eq(decoder.o.valid)]

        word_bits = len(frame.address)
        # The bank that is read is not written to; synthesis need not see to it.
        m.submodules.buffer = buffer = Memory(
            shape=unsigned(32),
            depth=2 << word_bits,
            init=[],
            attrs={"ram_style": "block", "no_rw_check": 1},
        )
        write, read = buffer.write_port(granularity=8), buffer.read_port(domain="comb")

        bank, oldest = Signal(), Signal()
        held = Signal(2)
        words = Signal(data.ArrayLayout(frame.next.p.shape(), 2))

        # Type and sequence are bytes 2 and 3, so that the payload begins at a word.
        first = 2
        limit = first + 2 + self.largest_payload + 4
        place = Signal(range(limit + 2), init=first)
        restart = Signal()
        accepted = beat.valid & beat.ready
        crc = add_crc32(m, restart)
        m.d.comb += [
            beat.ready.eq(~held.bit_select(bank, 1) & ~self.drop.valid),
            restart.eq((accepted & beat.p.end) | decoder.resync),
            crc.data.eq(beat.p.byte),
            crc.valid.eq(accepted & ~beat.p.end),
            write.data.eq(beat.p.byte.replicate(4)),
            write.addr.eq(Cat(place[2 : 2 + word_bits], bank)),
        ]
        with m.If(crc.valid & (place < 4 << word_bits)):
            m.d.comb += write.en.eq(1 << place[:2])
        with m.If(crc.valid & (place <= limit)):
            m.d.sync += place.eq(place + 1)

        payload_words = place[2:] - 2
        framing_bad = (
            beat.p.broken | (place > limit) | place[:2].any() | (place < 4 * HEADER_WORDS + 8)
        )
        good = Signal()
        m.d.comb += good.eq(accepted & beat.p.end & ~framing_bad & crc.match_detected)
        with m.If(restart):
            m.d.sync += place.eq(first)
        with m.If(good):
            m.d.sync += [
                held.bit_select(bank, 1).eq(1),
                words[bank].eq(payload_words),
                bank.eq(~bank),
            ]

        silence = Signal()
        with m.If(self.gap & decoder.inside):
            m.d.sync += silence.eq(1)
        m.d.comb += decoder.resync.eq(silence & ~self.drop.valid & ~at_end)
        with m.If(self.drop.ready):
            m.d.sync += self.drop.valid.eq(0)
        with m.If(decoder.resync):
            m.d.sync += silence.eq(0)
            with m.If(decoder.inside):
                m.d.sync += [self.drop.valid.eq(1), self.drop.p.eq(Counter.GAPS)]
        with m.Elif(accepted & beat.p.end & ~good):
            m.d.sync += [
                self.drop.valid.eq(1),
                self.drop.p.eq(Mux(framing_bad, Counter.BAD_FRAMING, Counter.BAD_CRC)),
            ]

        m.d.comb += [
            frame.next.valid.eq(held.bit_select(oldest, 1)),
            frame.next.p.eq(words[oldest]),
            read.addr.eq(Cat(frame.address, oldest)),
        ]
        m.d.comb += frame.word.eq(delayed(m, read.data, 2, "word"))
        with m.If(frame.next.valid & frame.next.ready):
            m.d.sync += [held.bit_select(oldest, 1).eq(0), oldest.eq(~oldest)]
        return m
