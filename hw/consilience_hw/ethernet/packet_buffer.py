"""Whole packets from one clock to another, through one block RAM ring."""

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .crossed_counter import CrossedCounter
from .mac_transmitter import byte_layout

__all__ = ["PacketBuffer", "packet_port", "packet_write_port"]

LENGTH_BITS = 11
"""Bits of a packet's length in bytes: up to 2,047."""

AHEAD = 8
"""Bytes that the reader asks for ahead: twice what are on their way."""

MARGIN = 4
"""Bytes of room that the writer does not use, as it hears late of what it wrote itself."""


def packet_write_port(note_bits: int) -> wiring.Signature:
    """Return the signature of a `PacketBuffer` as its writer sees it.

    ``write``: strobe, `byte` continues the packet. ``keep``: strobe, the packet is whole: it may be
    read, `note` with it. ``forget``: strobe, the packet is dropped, whole. The two come in cycles
    without `write`, and `forget` wins. ``ready``: there is room for a byte and for the packet that
    it is part of; a writer that cannot wait writes without it. ``full``: bytes of this packet have
    been lost, or it has no place: if it is kept now, it is dropped, whole; as one without bytes is.
    """
    return wiring.Signature(
        {
            "byte": Out(8),
            "write": Out(1),
            "keep": Out(1),
            "forget": Out(1),
            "note": Out(note_bits),
            "ready": In(1),
            "full": In(1),
        }
    )


def packet_port(note_bits: int) -> wiring.Signature:
    """Return the signature of a `PacketBuffer` as it sees its reader.

    ``o``: stream of `byte_layout`. ``length`` and ``note`` of the packet whose bytes it offers.
    """
    return wiring.Signature(
        {
            "o": Out(stream.Signature(byte_layout())),
            "length": Out(LENGTH_BITS),
            "note": Out(note_bits),
        }
    )


class PacketBuffer(wiring.Component):
    """A ring of bytes with its writer in the domain ``write`` and its reader in ``read``.

    Only whole packets are ever read: bytes written since the last ``keep`` are invisible, and the
    ring goes back to where they began when they are dropped. What crosses between the domains are
    three counters in Gray code that move by one: packets written, packets read, bytes read. Bytes,
    length and note of a packet lie still for two cycles of the reader before it sees them.

    Both domains must be reset together. A domain whose clock stands still stops the other without
    harm.

    Throughput: a byte per cycle on either side; the reader rests 6 cycles between packets. Latency:
    the first byte is offered 9 cycles of the reader after ``keep``.

    Parameters
    ----------
    depth : int
        Bytes, a power of two of at least 2,048, or as small as the largest packet allows.
    packets : int
        Most packets in it, a power of two.
    note_bits : int
        Bits that a packet has beside its bytes.

    Members
    -------
    i : the buffer's side of `packet_write_port`
        In the domain ``write``.
    packet : `packet_port`
        In the domain ``read``.
    """

    def __init__(self, depth: int, packets: int = 32, note_bits: int = 0) -> None:
        self.depth, self.packets, self.note_bits = depth, packets, note_bits
        super().__init__(
            {
                "i": In(packet_write_port(note_bits)),
                "packet": Out(packet_port(note_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        place_bits, packet_bits = exact_log2(self.depth), exact_log2(self.packets)
        about = data.StructLayout({"length": LENGTH_BITS, "note": self.note_bits})
        m.submodules.ring = ring = Memory(shape=unsigned(8), depth=self.depth, init=[])
        # Look-up tables, read at once: the reader holds still what it reads.
        m.submodules.abouts = abouts = Memory(shape=about, depth=self.packets, init=[])
        packets_written = CrossedCounter(m, "packets_written", packet_bits + 1, "write", "read")
        packets_read = CrossedCounter(m, "packets_read", packet_bits + 1, "read", "write")
        bytes_read = CrossedCounter(m, "bytes_read", place_bits + 1, "read", "write")
        self._write_side(m, ring, abouts, packets_written, packets_read, bytes_read)
        self._read_side(m, ring, abouts, packets_written, packets_read, bytes_read)
        return m

    def _write_side(
        self,
        m: Module,
        ring: Memory,
        abouts: Memory,
        packets_written: CrossedCounter,
        packets_read: CrossedCounter,
        bytes_read: CrossedCounter,
    ) -> None:
        i = self.i
        writes = ring.write_port(domain="write")
        notes = abouts.write_port(domain="write")
        put = Signal(len(bytes_read.here))
        begun = Signal.like(put)  # where the packet began
        length = Signal(LENGTH_BITS)
        lost = Signal()
        no_room, no_place = Signal(), Signal()
        used = Signal.like(put)
        waiting = Signal.like(packets_read.there)
        m.d.comb += [
            used.eq(put - bytes_read.there),
            waiting.eq(packets_written.here - packets_read.there),
            i.ready.eq(~no_room & ~no_place),
            i.full.eq(lost | no_place),
            writes.en.eq(i.write & ~no_room),
            writes.addr.eq(put),
            writes.data.eq(i.byte),
            notes.addr.eq(packets_written.here),
            notes.data.length.eq(length),
            notes.data.note.eq(i.note),
            notes.en.eq(i.keep & ~i.forget & ~i.full & (length != 0)),
            packets_written.step.eq(notes.en),
        ]
        m.d.write += [
            no_room.eq(used >= self.depth - MARGIN),
            no_place.eq(waiting >= self.packets - 1),
        ]
        with m.If(i.forget | i.keep):
            m.d.write += [length.eq(0), lost.eq(0)]
            with m.If(notes.en):
                m.d.write += begun.eq(put)
            with m.Else():
                m.d.write += put.eq(begun)
        with m.Elif(i.write):
            with m.If(no_room):
                m.d.write += lost.eq(1)
            with m.Else():
                m.d.write += [put.eq(put + 1), length.eq(length + 1)]

    def _read_side(
        self,
        m: Module,
        ring: Memory,
        abouts: Memory,
        packets_written: CrossedCounter,
        packets_read: CrossedCounter,
        bytes_read: CrossedCounter,
    ) -> None:
        packet, o = self.packet, self.packet.o
        reads = ring.read_port(domain="read")
        about = abouts.read_port(domain="comb")
        left = Signal(LENGTH_BITS)
        # The block RAM runs always, so that its own output register can follow it. What it gives
        # goes into a queue in look-up tables, and no more is asked for than finds room there.
        m.submodules.queue = queue = Memory(shape=byte_layout(), depth=AHEAD, init=[])
        arrives, leaves = queue.write_port(domain="read"), queue.read_port(domain="comb")
        asked, taken = Signal(), Signal()
        asked_for = Signal(range(AHEAD + 1))  # bytes on their way or in the queue
        fetched = Signal(data.ArrayLayout(data.StructLayout({"valid": 1, "last": 1}), 2))
        byte = Signal(8, reset_less=True)
        put, get = Signal(range(2 * AHEAD)), Signal(range(2 * AHEAD))
        m.d.comb += [
            asked.eq((left != 0) & (asked_for != AHEAD)),
            taken.eq(o.valid & o.ready),
            reads.addr.eq(bytes_read.here),
            reads.en.eq(1),
            bytes_read.step.eq(asked),
            arrives.en.eq(fetched[1].valid),
            arrives.addr.eq(put),
            arrives.data.byte.eq(byte),
            arrives.data.last.eq(fetched[1].last),
            leaves.addr.eq(get),
            o.valid.eq(put != get),
            o.p.eq(leaves.data),
            about.addr.eq(packets_read.here),
        ]
        m.d.read += [
            byte.eq(reads.data),
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
                    left.eq(about.data.length),
                    packet.length.eq(about.data.length),
                    packet.note.eq(about.data.note),
                ]
                m.next = "Packet"
            with m.State("Packet"), m.If(o.valid & o.ready & o.p.last):
                m.d.comb += packets_read.step.eq(1)
                m.next = "Idle"
