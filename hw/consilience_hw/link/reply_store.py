"""The kept replies, and which of them is to be sent."""

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2, exact_log2

from ..spec.link_map import LARGEST_PAYLOAD

__all__ = ["ReplyStore"]


class ReplyStore(wiring.Component):
    """As many replies as there are credits, each in the slot of its sequence number.

    A slot's word 0 holds the reply's type (bits 0..7), its sequence number (8..15) and the number
    of payload words (16..31); the payload follows from word 1. Queued
    slots are sent in rotating order, which for requests in sequence is theirs; a slot is queued or
    not, so the queue cannot overflow.

    Latency: a queued slot is offered within `slots` cycles when nothing is being sent. ``word``
    follows ``read_address`` by 1 cycle.

    Parameters
    ----------
    slots : int
        A power of two, the credits.
    largest_payload : int
        Bytes.

    Members
    -------
    slot : in
        Slot written to or queued.
    address, data, write : in
        Write port.
    queue : in
        Strobe: send the slot. If it is being sent, it is sent once more.
    busy : out
        A bit per slot: queued or being sent, so not to be written.
    next : stream of slots
        The slot to send; taken when all of it has been read.
    read_address : in
        Word of the slot offered by `next`.
    word : out
    """

    def __init__(self, slots: int = 4, largest_payload: int = LARGEST_PAYLOAD) -> None:
        self.slots = slots
        # With a largest reply there is a word to spare (`link_map.data_limit`).
        self.slot_words = 1 << ceil_log2(largest_payload // 4)
        slot = exact_log2(slots)
        super().__init__(
            {
                "slot": In(slot),
                "address": In(range(self.slot_words)),
                "data": In(32),
                "write": In(1),
                "queue": In(1),
                "busy": Out(slots),
                "next": Out(stream.Signature(unsigned(slot))),
                "read_address": In(range(self.slot_words)),
                "word": Out(32),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(
            shape=unsigned(32), depth=self.slots * self.slot_words, init=[]
        )
        write, read = memory.write_port(), memory.read_port(domain="sync")
        m.d.comb += [
            write.addr.eq(Cat(self.address, self.slot)),
            write.data.eq(self.data),
            write.en.eq(self.write),
            read.addr.eq(Cat(self.read_address, self.next.p)),
            read.en.eq(1),
            self.word.eq(read.data),
        ]

        queued = Signal(self.slots)
        m.d.comb += self.busy.eq(queued | (self.next.valid << self.next.p))
        with m.If(~self.next.valid):
            with m.If(queued.bit_select(self.next.p, 1)):
                m.d.sync += [
                    self.next.valid.eq(1),
                    queued.bit_select(self.next.p, 1).eq(0),
                ]
            with m.Else():
                m.d.sync += self.next.p.eq(self.next.p + 1)
        with m.Elif(self.next.ready):
            m.d.sync += self.next.valid.eq(0)
        with m.If(self.queue):
            m.d.sync += queued.bit_select(self.slot, 1).eq(1)
        return m
