"""The kept replies, and the queue of those to send."""

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2, exact_log2

from ..primitives.deep_memory import DEEP_READ_CYCLES, DeepMemory
from ..primitives.pipeline import delayed
from ..spec.link_map import LARGEST_PAYLOAD

__all__ = ["ReplyStore", "read_cycles", "reply_read_port", "reply_write_port"]

NEAR_SLOTS = 8
"""Up to so many slots lie in few block RAMs, which are read in one cycle."""


def reply_write_port(slots: int, largest_payload: int) -> wiring.Signature:
    """Return the signature of a `ReplyStore` as the writer of replies sees it.

    ``slot``: the slot written to or queued, ``enable``: write
    `data` to word `address` of it. ``queue``: strobe, send the slot; if it is being sent, it is
    sent once more. ``busy``: a bit per slot, queued or being sent, so not to be written.
    """
    return wiring.Signature(
        {
            "slot": Out(exact_log2(slots)),
            "address": Out(_word_bits(largest_payload)),
            "data": Out(32),
            "enable": Out(1),
            "queue": Out(1),
            "busy": In(slots),
        }
    )


def reply_read_port(slots: int, largest_payload: int) -> wiring.Signature:
    """Return the signature of a `ReplyStore` as the store sees its reader.

    ``next``: stream of slots, the slot to send; taken when all of it has been read. ``word``: word
    `address` of that slot, `read_cycles` after its address.
    """
    return wiring.Signature(
        {
            "next": Out(stream.Signature(unsigned(exact_log2(slots)))),
            "address": In(_word_bits(largest_payload)),
            "word": Out(32),
        }
    )


def read_cycles(slots: int) -> int:
    """Return the cycles from the address of a word to the word."""
    return 1 if slots <= NEAR_SLOTS else DEEP_READ_CYCLES


def _word_bits(largest_payload: int) -> int:
    # With a largest reply there is a word to spare (`link_map.data_limit`).
    return ceil_log2(largest_payload // 4)


class ReplyStore(wiring.Component):
    """Keeps as many replies as there are credits, each in the slot of its sequence number.

    A slot's word 0 holds the reply's type (bits 0..7), its sequence number (8..15) and the number
    of payload words (16..31); the payload follows from word 1. Queued slots are sent in rotating
    order, which is the order of requests in sequence. The queue is a bit per slot, so it cannot
    overflow. Every slot has room for a largest reply, so that no reply is lost before its time.

    Latency: a queued slot is offered within `slots` cycles when nothing is being sent.

    Parameters
    ----------
    slots : int
        The credits, a power of two.
    largest_payload : int
        Largest payload of a frame in bytes.

    Members
    -------
    write : the store's side of `reply_write_port`
    read : `reply_read_port`
    """

    def __init__(self, slots: int = 4, largest_payload: int = LARGEST_PAYLOAD) -> None:
        self.slots = slots
        self.largest_payload = largest_payload
        super().__init__(
            {
                "write": In(reply_write_port(slots, largest_payload)),
                "read": Out(reply_read_port(slots, largest_payload)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        write, read, offered = self.write, self.read, self.read.next
        to_write = Cat(write.address, write.slot)
        to_read = Cat(read.address, offered.p)
        depth = self.slots << len(write.address)
        if self.slots <= NEAR_SLOTS:
            m.submodules.memory = memory = Memory(shape=unsigned(32), depth=depth, init=[])
            writes, reads = memory.write_port(), memory.read_port(domain="sync")
            m.d.comb += [
                writes.addr.eq(to_write),
                writes.data.eq(write.data),
                writes.en.eq(write.enable),
                reads.addr.eq(to_read),
                reads.en.eq(1),
                read.word.eq(reads.data),
            ]
        else:
            # A slot is not read while it is written to.
            words = DeepMemory(m, platform, "memory", 32, depth)
            words.write(
                m,
                delayed(m, to_write, 1, "to_write"),
                delayed(m, write.data, 1, "written"),
                delayed(m, write.enable, 1, "write", reset=True),
            )
            m.d.comb += read.word.eq(words.read(m, to_read))

        queued = Signal(self.slots)
        m.d.comb += write.busy.eq(queued | (offered.valid << offered.p))
        with m.If(~offered.valid):
            with m.If(queued.bit_select(offered.p, 1)):
                m.d.sync += [offered.valid.eq(1), queued.bit_select(offered.p, 1).eq(0)]
            with m.Else():
                m.d.sync += offered.p.eq(offered.p + 1)
        with m.Elif(offered.ready):
            m.d.sync += offered.valid.eq(0)
        with m.If(write.queue):
            m.d.sync += queued.bit_select(write.slot, 1).eq(1)
        return m
