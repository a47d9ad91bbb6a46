"""A memory with one read-modify-write per cycle, at any address."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..spec.counts import check_power_of_two
from .pipeline import delayed

__all__ = ["READ_TO_WORD", "READ_TO_WRITTEN", "ForwardingMemory"]

READ_TO_WORD = 3
"""Cycles from an address to its word, before the change."""
READ_TO_WRITTEN = READ_TO_WORD + 1
"""Cycles from an address to the changed word, in a register."""


class ForwardingMemory(wiring.Component):
    """Read-modify-write memory in which each access sees the writes of all accesses before it.

    A block RAM gives a word one cycle after its address, its output register takes a second cycle,
    and a register in the fabric a third: writes of the four accesses before may still be on their
    way. They are forwarded, so an access never waits, and its time does not depend on the words
    used before. The user changes the word: it drives `new` from `word` in the same cycle. A
    platform gives as ``deep_column_bits`` the width of a block RAM for as many words: then no
    multiplexer lies between block RAMs and their registers.

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
        check_power_of_two("depth", depth)
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
        addresses, enables, outsides = [self.address], [self.enable], [self.outside]
        for age in range(1, READ_TO_WRITTEN + 1):
            addresses.append(delayed(m, addresses[-1], 1, f"address_{age}"))
            enables.append(delayed(m, enables[-1], 1, f"enable_{age}", reset=True))
            outsides.append(delayed(m, outsides[-1], 1, f"outside_{age}"))
        # Whether each of the four accesses before was to the same word, known in cycle 1.
        same = []
        for age in range(1, READ_TO_WRITTEN + 1):
            equal = (addresses[0] == addresses[age]) & (outsides[0] == outsides[age])
            same.append(delayed(m, equal & enables[age] & ~self.clear, 1, f"same_{age}"))

        written = Signal(self.width, reset_less=True)
        written_before = delayed(m, written, 1, "written")
        # The oldest of them, or what the user holds, instead of the memory's word: in cycle 2.
        other = delayed(m, Mux(same[3], written_before, self.outside_word), 1, "other")
        is_other = delayed(m, same[3] | outsides[1], 1, "is_other")
        stored = self._stored(m, platform, addresses[-1], written, enables[-1] & ~outsides[-1])
        second, third = (delayed(m, same[age], 1, f"same_{age + 1}_late") for age in (1, 2))
        older = Mux(second, written, Mux(third, written_before, Mux(is_other, other, stored)))
        clear_q2 = delayed(m, self.clear, 2, "clear")
        fetched = Signal(self.width, reset_less=True)
        m.d.sync += [
            fetched.eq(older & ~clear_q2.replicate(self.width)),
            written.eq(self.new),
        ]
        # The only loop: the word of the access before, if it is the same, is changed again at once.
        m.d.comb += [
            self.word.eq(Mux(delayed(m, same[0], 2, "same_again"), written, fetched)),
            self.written.eq(written),
        ]
        return m

    def _stored(
        self, m: Module, platform: object, address: Value, word: Value, enable: Value
    ) -> Value:
        """Return the memory's word 2 cycles after its address; write one in this cycle.

        A word that is read while it is written is forwarded, so it may be arbitrary here.
        """
        # Small memories may go where they are quickest to read.
        attributes: dict[str, object] = {"no_rw_check": 1}
        column = self.width
        if self.depth > 64:
            attributes["ram_style"] = "block"
            special = getattr(platform, "deep_column_bits", None)
            column = self.width if special is None else special(self.depth)
        words = []
        for low in range(0, self.width, column):
            bits = min(column, self.width - low)
            memory = Memory(shape=unsigned(bits), depth=self.depth, init=[], attrs=attributes)
            m.submodules["memory" if not low else f"memory_{low}"] = memory
            # Synthesis takes the first register into the port, and heeds the attribute as it does.
            read, write = memory.read_port(domain="comb"), memory.write_port()
            m.d.comb += [
                read.addr.eq(self.address),
                write.addr.eq(address),
                write.data.eq(word[low : low + bits]),
                write.en.eq(enable),
            ]
            words.append(delayed(m, read.data, 2, f"stored_{low}"))
        return Cat(*words)
