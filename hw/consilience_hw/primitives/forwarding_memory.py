"""A memory with one read-modify-write per cycle, at any address."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .pipeline import delayed

__all__ = ["READ_TO_WORD", "READ_TO_WRITTEN", "ForwardingMemory"]

READ_TO_WORD = 2
"""Cycles from an address to its word, before the change."""
READ_TO_WRITTEN = READ_TO_WORD + 1
"""Cycles from an address to the changed word, in a register."""


class ForwardingMemory(wiring.Component):
    """Read-modify-write memory in which each access sees the writes of all accesses before it.

    A block RAM gives a word one cycle after its address, and a register takes one more cycle:
    writes of the three accesses before may still be on their way. They are forwarded, so an access
    never waits, and its time does not depend on the words used before. The user changes the word:
    it drives `new` from `word` in the same cycle.

    Latency: `READ_TO_WORD` from `address` to `word`, for all data and addresses. Throughput: one
    access per cycle.

    Parameters
    ----------
    width : int
        Bits of a word.
    depth : int
        Words, a power of two.

    Members
    -------
    address : in
    outside : in
        This access is to a word that the user holds outside the memory: it gives the word as
        `outside_word` one cycle later and takes it back from `written`. Accesses to it are ordered
        like all others; it has an address of its own.
    outside_word : in
    enable : in
        The access writes; otherwise `new` does not matter.
    clear : in
        `word` will be 0, whatever the memory holds, which is arbitrary after a reset.
    word : out
        After `READ_TO_WORD` cycles.
    new : in
        In the same cycle as `word`.
    written : out
        `new` of the cycle before: after `READ_TO_WRITTEN` cycles.
    """

    def __init__(self, width: int, depth: int) -> None:
        if depth < 2 or depth & (depth - 1):
            raise ValueError(f"depth must be a power of two from 2 on, not {depth}")
        self.width = width
        self.depth = depth
        super().__init__(
            {
                "address": In(range(depth)),
                "outside": In(1),
                "outside_word": In(width),
                "enable": In(1),
                "clear": In(1),
                "word": Out(width),
                "new": In(width),
                "written": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Small memories may go where they are quickest to read.
        attributes = {"ram_style": "block"} if self.depth > 64 else {}
        memory = Memory(shape=unsigned(self.width), depth=self.depth, init=[], attrs=attributes)
        m.submodules.memory = memory
        read, write = memory.read_port(domain="sync"), memory.write_port()

        addresses, enables, outsides = [self.address], [self.enable], [self.outside]
        for age in range(1, READ_TO_WRITTEN + 1):
            addresses.append(delayed(m, addresses[-1], 1, f"address_{age}"))
            enables.append(delayed(m, enables[-1], 1, f"enable_{age}", reset=True))
            outsides.append(delayed(m, outsides[-1], 1, f"outside_{age}"))
        # Whether each of the three accesses before was to the same word, known in cycle 1.
        same = []
        for age in range(1, READ_TO_WRITTEN + 1):
            equal = (addresses[0] == addresses[age]) & (outsides[0] == outsides[age])
            same.append(delayed(m, equal & enables[age] & ~self.clear, 1, f"same_{age}"))

        written = Signal(self.width, reset_less=True)
        written_before = delayed(m, written, 1, "written")
        stored = Mux(outsides[1], self.outside_word, read.data)
        older = Mux(same[1], written, Mux(same[2], written_before, stored))
        clear_q1 = delayed(m, self.clear, 1, "clear")
        fetched = Signal(self.width, reset_less=True)
        m.d.sync += [
            fetched.eq(older & ~clear_q1.replicate(self.width)),
            written.eq(self.new),
        ]
        # The only loop: the word of the access before, if it is the same, is changed again at once.
        m.d.comb += [
            self.word.eq(Mux(delayed(m, same[0], 1, "same_again"), written, fetched)),
            self.written.eq(written),
            read.addr.eq(self.address),
            read.en.eq(1),
            write.addr.eq(addresses[-1]),
            write.data.eq(written),
            write.en.eq(enables[-1] & ~outsides[-1]),
        ]
        return m
