"""Whole packets from one clock to another, through one block RAM ring."""

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .crossed_counter import CrossedCounter
from .mac_transmitter import byte_layout

__all__ = ["PacketBuffer", "packet_port", "packet_write_port", "word_layout"]

LENGTH_BITS = 11
"""Bits of a packet's length in bytes: up to 2,047."""

AHEAD = 8
"""Words that the reader asks for ahead: twice what are on their way."""

MARGIN = 4
"""Words of room that the writer does not use, as it hears late of what it wrote itself."""


def word_layout(word_bytes: int) -> data.StructLayout:
    """Return the layout of some bytes of a packet, the first one lowest.

    ``last`` marks the end of the packet: what the length does not cover means nothing.
    """
    return data.StructLayout({"bytes": 8 * word_bytes, "last": 1})


def packet_write_port(note_bits: int, word_bytes: int = 1) -> wiring.Signature:
    """Return the signature of a `PacketBuffer` as its writer sees it.

    ``byte``: a byte, or `word_bytes` of them. ``write``: strobe, `byte` continues the packet.
    ``keep``: strobe, the packet is whole: it may be read, `note` with it. ``forget``: strobe, the
    packet is dropped, whole. The two come in cycles without `write`, and `forget` wins. ``ready``:
    there is room for a byte and for the packet that it is part of; a writer that cannot wait writes
    without it. ``full``: bytes of this packet have been lost, or it has no place: if it is kept
    now, it is dropped, whole; as one without bytes is.
    """
    return wiring.Signature(
        {
            "byte": Out(8 * word_bytes),
            "write": Out(1),
            "keep": Out(1),
            "forget": Out(1),
            "note": Out(note_bits),
            "ready": In(1),
            "full": In(1),
        }
    )


def packet_port(note_bits: int, word_bytes: int = 1) -> wiring.Signature:
    """Return the signature of a `PacketBuffer` as it sees its reader.

    ``o``: stream of `byte_layout`, or of `word_layout` of more than one byte. ``length``, in bytes,
    and ``note`` of the packet whose bytes it offers.
    """
    layout = byte_layout() if word_bytes == 1 else word_layout(word_bytes)
    return wiring.Signature(
        {
            "o": Out(stream.Signature(layout)),
            "length": Out(LENGTH_BITS),
            "note": Out(note_bits),
        }
    )


class PacketBuffer(wiring.Component):
    """A ring of words with its writer in the domain ``write`` and its reader in ``read``.

    Only whole packets are ever read: words written since the last ``keep`` are invisible, and the
    ring goes back to where they began when they are dropped. What crosses between the domains are
    three counters in Gray code that move by one: packets written, packets read, words read. Words,
    length and note of a packet lie still for two cycles of the reader before it sees them.

    A word is a byte, or several, written together or one by one: then a packet's last word may be
    in part empty.

    Both domains must be reset together. A domain whose clock stands still stops the other without
    harm.

    Throughput: a byte or word per cycle on either side; the reader rests 6 cycles between packets.
    Latency: the first word is offered 9 cycles of the reader after ``keep``.

    Parameters
    ----------
    depth : int
        Bytes, a power of two of at least 2,048, or as small as the largest packet allows.
    packets : int
        Most packets in it, a power of two.
    note_bits : int
        Bits that a packet has beside its bytes.
    written, read : int
        Bytes written, and read, in a cycle: powers of two, `written` 1 or as many as `read`.

    Members
    -------
    i : the buffer's side of `packet_write_port`
        In the domain ``write``.
    packet : `packet_port`
        In the domain ``read``.
    """

    def __init__(
        self, depth: int, packets: int = 32, note_bits: int = 0, *, written: int = 1, read: int = 1
    ) -> None:
        if written not in (1, read):
            raise ValueError(f"written must be 1 or as many bytes as are read, not {written}")
        self.depth, self.packets, self.note_bits = depth, packets, note_bits
        self.written, self.read = written, read
        super().__init__(
            {
                "i": In(packet_write_port(note_bits, written)),
                "packet": Out(packet_port(note_bits, read)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        words = self.depth // self.read
        place_bits, packet_bits = exact_log2(words), exact_log2(self.packets)
        about = data.StructLayout({"length": LENGTH_BITS, "note": self.note_bits})
        m.submodules.ring = ring = Memory(shape=unsigned(8 * self.read), depth=words, init=[])
        # Look-up tables, read at once: the reader holds still what it reads.
        m.submodules.abouts = abouts = Memory(shape=about, depth=self.packets, init=[])
        packets_written = CrossedCounter(m, "packets_written", packet_bits + 1, "write", "read")
        packets_read = CrossedCounter(m, "packets_read", packet_bits + 1, "read", "write")
        words_read = CrossedCounter(m, "words_read", place_bits + 1, "read", "write")
        self._write_side(m, ring, abouts, packets_written, packets_read, words_read)
        self._read_side(m, ring, abouts, packets_written, packets_read, words_read)
        return m

    def _write_side(
        self,
        m: Module,
        ring: Memory,
        abouts: Memory,
        packets_written: CrossedCounter,
        packets_read: CrossedCounter,
        words_read: CrossedCounter,
    ) -> None:
        i = self.i
        writes = ring.write_port(domain="write")
        notes = abouts.write_port(domain="write")
        put = Signal(len(words_read.here))
        begun = Signal.like(put)  # where the packet began
        length = Signal(LENGTH_BITS)
        lost = Signal()
        no_room, no_place = Signal(), Signal()
        # Bytes that come one by one wait until their word is whole, or the packet.
        whole, rest = Signal(), Signal()
        held = Signal(8 * (self.read - self.written), reset_less=True)
        if self.written == self.read:
            m.d.comb += whole.eq(i.write)
        else:
            lane = length[: exact_log2(self.read)]
            m.d.comb += [whole.eq(i.write & lane.all()), rest.eq(lane.any())]
            with m.If(i.write):
                m.d.write += held.word_select(lane, 8).eq(i.byte)
        ends = Signal()  # with a word in part empty
        grown = Signal.like(put)
        used = Signal.like(put)
        waiting = Signal.like(packets_read.there)
        m.d.comb += [
            used.eq(put - words_read.there),
            waiting.eq(packets_written.here - packets_read.there),
            i.ready.eq(~no_room & ~no_place),
            i.full.eq(lost | no_place | (rest & no_room)),
            ends.eq(rest & i.keep & ~i.forget),
            writes.en.eq((whole | ends) & ~no_room),
            writes.addr.eq(put),
            writes.data.eq(Cat(held, i.byte)),
            grown.eq(put + writes.en),
            notes.addr.eq(packets_written.here),
            notes.data.length.eq(length),
            notes.data.note.eq(i.note),
            notes.en.eq(i.keep & ~i.forget & ~i.full & (length != 0)),
            packets_written.step.eq(notes.en),
        ]
        m.d.write += [
            no_room.eq(used >= self.depth // self.read - MARGIN),
            no_place.eq(waiting >= self.packets - 1),
        ]
        with m.If(i.forget | i.keep):
            m.d.write += [length.eq(0), lost.eq(0)]
            with m.If(notes.en):
                m.d.write += [begun.eq(grown), put.eq(grown)]
            with m.Else():
                m.d.write += put.eq(begun)
        with m.Elif(i.write):
            m.d.write += [length.eq(length + self.written), put.eq(grown)]
            with m.If(whole & no_room):
                m.d.write += lost.eq(1)

    def _read_side(
        self,
        m: Module,
        ring: Memory,
        abouts: Memory,
        packets_written: CrossedCounter,
        packets_read: CrossedCounter,
        words_read: CrossedCounter,
    ) -> None:
        packet, o = self.packet, self.packet.o
        reads = ring.read_port(domain="read")
        about = abouts.read_port(domain="comb")
        left = Signal(LENGTH_BITS - exact_log2(self.read))
        # The block RAM runs always, so that its own output register can follow it. What it gives
        # goes into a queue in look-up tables, and no more is asked for than finds room there.
        m.submodules.queue = queue = Memory(shape=o.p.shape(), depth=AHEAD, init=[])
        arrives, leaves = queue.write_port(domain="read"), queue.read_port(domain="comb")
        asked, taken = Signal(), Signal()
        asked_for = Signal(range(AHEAD + 1))  # words on their way or in the queue
        fetched = Signal(data.ArrayLayout(data.StructLayout({"valid": 1, "last": 1}), 2))
        word = Signal(8 * self.read, reset_less=True)
        put, get = Signal(range(2 * AHEAD)), Signal(range(2 * AHEAD))
        m.d.comb += [
            asked.eq((left != 0) & (asked_for != AHEAD)),
            taken.eq(o.valid & o.ready),
            reads.addr.eq(words_read.here),
            reads.en.eq(1),
            words_read.step.eq(asked),
            arrives.en.eq(fetched[1].valid),
            arrives.addr.eq(put),
            Cat(arrives.data).eq(Cat(word, fetched[1].last)),
            leaves.addr.eq(get),
            o.valid.eq(put != get),
            o.p.eq(leaves.data),
            about.addr.eq(packets_read.here),
        ]
        m.d.read += [
            word.eq(reads.data),
            fetched[0].valid.eq(asked),
            fetched[0].last.eq(left == 1),
            fetched[1].eq(fetched[0]),
            put.eq(put + fetched[1].valid),
            get.eq(get + taken),
            asked_for.eq(asked_for + asked - taken),
        ]
        with m.If(asked):
            m.d.read += left.eq(left - 1)
        with m.FSM(domain="read"):
            with m.State("Idle"), m.If(packets_written.there != packets_read.here):
                m.d.read += [
                    left.eq((about.data.length + self.read - 1) >> exact_log2(self.read)),
                    packet.length.eq(about.data.length),
                    packet.note.eq(about.data.note),
                ]
                m.next = "Packet"
            with m.State("Packet"), m.If(o.valid & o.ready & o.p.last):
                m.d.comb += packets_read.step.eq(1)
                m.next = "Idle"
