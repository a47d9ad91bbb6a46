"""Constants that HELLO returns and counters that STATUS returns, in one memory."""

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from ..spec.link_map import data_limit

__all__ = ["IDENTITY", "Counters", "amount_bits", "counter_port", "drop_stream"]

IDENTITY = 16
"""Index of the first constant."""


def amount_bits(largest_payload: int) -> int:
    """Return the width of an amount to add: the codes or results of a frame."""
    return bits_for(data_limit(largest_payload) // 4)


def counter_port(bits: int = 8) -> wiring.Signature:
    """Return the signature of `Counters` as their user sees it.

    ``add``: adds `amount`, of `bits` bits (`amount_bits`), to the counter (`link_map.Counter`) or
    constant at `index`. ``value``: three cycles after `add`, what was there before.
    """
    return wiring.Signature({"index": Out(5), "amount": Out(bits), "add": Out(1), "value": In(32)})


def drop_stream() -> stream.Signature:
    """Return the signature of a stream of counters (`link_map.Counter`), each to add 1 to."""
    return stream.Signature(unsigned(4))


class Counters(wiring.Component):
    """Sixteen 32-bit counters in one memory: read, add, write back; an amount of 0 only reads.

    From `IDENTITY` on the memory holds constants: block RAM has the room, and the words of HELLO
    are then read the same way as those of STATUS.

    Throughput: one addition per cycle, but to the same counter only in the third cycle after. The
    memory is cleared in the 16 cycles after reset, before any frame can have arrived; additions in
    that time are lost.

    Parameters
    ----------
    identity : list of int
        The constants, up to 16 words. Nothing must be added to them.
    bits : int
        Width of an amount.

    Members
    -------
    port : the counters' side of `counter_port`
    drop : `drop_stream`
        Adds 1 in a cycle without ``add``, at most once in 3 cycles.
    """

    def __init__(self, identity: list[int], bits: int = 8) -> None:
        self.identity = identity
        super().__init__({"port": In(counter_port(bits)), "drop": In(drop_stream())})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        port = self.port
        m.submodules.memory = memory = Memory(
            shape=unsigned(32),
            depth=2 * IDENTITY,
            init=[0] * IDENTITY + self.identity,
            attrs=getattr(platform, "queue_attributes", {}),
        )
        read, write = memory.read_port(domain="sync"), memory.write_port()

        cleared = Signal(5)  # the top bit: all are cleared
        running = cleared[-1]
        with m.If(~running):
            m.d.sync += cleared.eq(cleared + 1)

        # The session decides late in its cycle what to count: it is registered before its use.
        index = Signal.like(port.index)
        amount = Signal.like(port.amount)
        add = Signal()
        m.d.sync += [index.eq(port.index), amount.eq(port.amount), add.eq(port.add)]

        dropped = self.drop.valid & self.drop.ready
        resting = Signal(2)  # keeps drops, which may be of one counter, two cycles apart
        stored = Signal(32)  # block RAM is slow without a register behind it
        index_q1, index_q2 = Signal(5), Signal(5)
        amount_q1, amount_q2 = Signal.like(port.amount), Signal.like(port.amount)
        add_q1, add_q2 = Signal(), Signal()
        m.d.sync += [
            resting.eq(Cat(dropped, resting[0])),
            stored.eq(read.data),
            index_q1.eq(read.addr),
            index_q2.eq(index_q1),
            amount_q1.eq(Mux(add, amount, 1)),
            amount_q2.eq(amount_q1),
            add_q1.eq(add | dropped),
            add_q2.eq(add_q1 & (amount_q1 != 0)),
        ]
        m.d.comb += [
            self.drop.ready.eq(running & ~add & ~resting.any()),
            read.addr.eq(Mux(add, index, self.drop.p)),
            read.en.eq(1),
            port.value.eq(stored),
            write.en.eq(add_q2 | ~running),
            write.addr.eq(Mux(running, index_q2, cleared[:4])),
            write.data.eq(Mux(running, stored + amount_q2, 0)),
        ]
        return m
