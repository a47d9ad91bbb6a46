"""The header of a request: compared with what the session remembers, or stored as that."""

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, enum, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

__all__ = ["Place", "RequestHeader", "findings_layout"]


class Remembered(enum.IntEnum, shape=4):
    """Words that outlive a request, in a memory: registers would cost a fifth of the link."""

    NONCE = 0
    OPERATION = 1
    FRAGMENT = 2
    """Number of the last fragment of the operation."""
    TOTAL = 3
    HELLO = 4
    """Operation id of the last HELLO."""
    KEPT = 8
    """Operation id of the kept reply, in the upper half of the memory, indexed by slot."""


class Place(enum.IntEnum, shape=3):
    """A step of the walk over a header."""

    TYPE = 0
    NONCE = 1
    OPERATION = 2
    KEPT = 3
    HELLO = 4
    FRAGMENT = 5
    TOTAL = 6


WALK = {  # place: (word of the frame, what it is compared with or remembered as)
    Place.TYPE: (0, Remembered.NONCE),
    Place.NONCE: (1, Remembered.NONCE),
    Place.OPERATION: (2, Remembered.OPERATION),
    Place.KEPT: (2, Remembered.KEPT),
    Place.HELLO: (2, Remembered.HELLO),
    Place.FRAGMENT: (3, Remembered.FRAGMENT),
    Place.TOTAL: (4, Remembered.TOTAL),
}
FETCH = 2
"""Cycles from a word's address to the word."""

SETTLE = 2
"""Cycles from the last word of a header to all that was found out."""


def findings_layout() -> data.StructLayout:
    """Return the layout of what a comparison found.

    ``type``, ``sequence``: fields of the request. ``same_nonce``: the nonce is that of the session.
    ``same_operation``, ``same_kept``, ``same_hello``: the operation id is that of the last
    operation, of the reply kept in the slot of the request, of the last HELLO. ``same_total``: the
    total is that of the operation. ``later``: the operation id is later than the last one.
    ``first``, ``next``: the fragment number is 0, is one more than the last. ``zero_total``: the
    total is 0.
    """
    flags = "same_nonce same_operation same_kept same_hello same_total later first next zero_total"
    return data.StructLayout({"type": 8, "sequence": 8, **dict.fromkeys(flags.split(), 1)})


class RequestHeader(wiring.Component):
    """Walks over a header, one word per cycle: `cycles` from `walk` to `done`.

    Parameters
    ----------
    slots : int
        Replies kept.
    address_bits : int
        Width of `address`.

    Members
    -------
    walk : in
        Strobe: a walk begins.
    remember : in
        While walking: store the words instead of comparing them.
    opens : in
        While walking: the request is a HELLO; its operation id is stored as such, too.
    new_nonce, nonce : in
        Strobe, not while walking: store this nonce.
    address, word
        Read port of the frame buffer; ``word`` follows by 2 cycles.
    active, place : out
        ``word`` and ``recalled`` are those of this `Place`.
    recalled : out
        The stored word. Without a walk: the nonce.
    done : out
        The walk is at its last place.
    found : out, `findings_layout`
        Result of the last comparison: type and sequence while it lasts, all of it `SETTLE` cycles
        after ``done``.
    """

    cycles = len(WALK) + FETCH

    def __init__(self, slots: int, address_bits: int) -> None:
        self.slot_bits = exact_log2(slots)
        super().__init__(
            {
                "walk": In(1),
                "remember": In(1),
                "opens": In(1),
                "new_nonce": In(1),
                "nonce": In(32),
                "address": Out(address_bits),
                "word": In(32),
                "active": Out(1),
                "place": Out(Place),
                "recalled": Out(32),
                "done": Out(1),
                "found": Out(findings_layout()),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        found = self.found
        place_bits = max(3, self.slot_bits)
        m.submodules.remembered = remembered = Memory(
            shape=unsigned(32),
            depth=2 << place_bits,
            init=[],
            attrs=getattr(platform, "queue_attributes", {}),
        )
        recall, remember = remembered.read_port(domain="sync"), remembered.write_port()

        walking = Signal()
        step = Signal(range(self.cycles))
        with m.If(self.walk):
            m.d.sync += [walking.eq(1), step.eq(0)]
        with m.Elif(walking):
            m.d.sync += [walking.eq(~self.done), step.eq(step + 1)]
        m.d.comb += [
            self.done.eq(step == self.cycles - 1),
            self.active.eq(walking & (step >= FETCH)),
            self.place.eq(step - FETCH),
        ]

        # Both words take 2 cycles: block RAM is slow without a register behind it. The last word of
        # the frame stays available.
        recalled_as = Signal(Remembered)
        with m.Switch(step):
            for place, (word, _) in WALK.items():
                with m.Case(place):
                    m.d.comb += self.address.eq(word)
            with m.Default():
                m.d.comb += self.address.eq(WALK[Place.TOTAL][0])
        with m.If(walking), m.Switch(step):
            for place, (_, what) in WALK.items():
                with m.Case(place):
                    m.d.comb += recalled_as.eq(what)
        is_kept = recalled_as == Remembered.KEPT
        slot = found.sequence[: self.slot_bits]
        stored = Signal(32)
        m.d.sync += stored.eq(recall.data)
        m.d.comb += [
            recall.addr.eq(Cat(Mux(is_kept, slot, recalled_as[:3]), is_kept)),
            recall.en.eq(1),
            self.recalled.eq(~stored),
        ]

        read_as, remembered_as = Signal.like(recall.addr), Signal.like(recall.addr)
        m.d.sync += [read_as.eq(recall.addr), remembered_as.eq(read_as)]
        m.d.comb += [remember.addr.eq(remembered_as), remember.data.eq(~self.word)]
        with m.If(self.new_nonce):
            m.d.comb += [
                remember.addr.eq(Remembered.NONCE),
                remember.data.eq(~self.nonce),
                remember.en.eq(1),
            ]
        with m.Elif(self.active & self.remember), m.Switch(self.place):
            with m.Case(Place.OPERATION, Place.KEPT, Place.FRAGMENT, Place.TOTAL):
                m.d.comb += remember.en.eq(1)
            with m.Case(Place.HELLO):
                m.d.comb += remember.en.eq(self.opens)

        # The words are subtracted in one cycle, what comes out is judged in the next.
        difference = Signal(32)
        is_zero = Signal()
        compared = Signal()
        place = Signal(Place)
        m.d.sync += [compared.eq(self.active & ~self.remember), place.eq(self.place)]
        # A fragment must be one more than the last. One adder does both: the memory holds inverted
        # words, so this is word + ~stored + 1, or without the carry one less.
        carry = self.place != Place.FRAGMENT
        with m.If(self.active):
            m.d.sync += [
                difference.eq((Cat(carry, self.word) + Cat(carry, stored))[1:]),
                is_zero.eq(self.word == 0),
            ]
            with m.If((self.place == Place.TYPE) & ~self.remember):
                m.d.sync += [found.type.eq(self.word[16:24]), found.sequence.eq(self.word[24:])]
        same = Signal()
        m.d.comb += same.eq(difference == 0)
        at = {one: place == one for one in WALK}
        with m.If(compared):
            with m.If(at[Place.NONCE]):
                m.d.sync += found.same_nonce.eq(same)
            with m.If(at[Place.OPERATION]):
                m.d.sync += [found.same_operation.eq(same), found.later.eq(~same & ~difference[31])]
            with m.If(at[Place.KEPT]):
                m.d.sync += found.same_kept.eq(same)
            with m.If(at[Place.HELLO]):
                m.d.sync += found.same_hello.eq(same)
            with m.If(at[Place.FRAGMENT]):
                m.d.sync += [found.next.eq(same), found.first.eq(is_zero)]
            with m.If(at[Place.TOTAL]):
                m.d.sync += [found.same_total.eq(same), found.zero_total.eq(is_zero)]
        return m
