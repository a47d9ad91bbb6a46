"""Data words of fragments to a job, and the check of the CRC of their message."""

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..spec.link_map import REQUEST_WORDS
from .crc32 import add_crc32

__all__ = ["MessageReader"]

FIRST_DATA_WORD = 1 + REQUEST_WORDS


class MessageReader(wiring.Component):
    """Reads a message, fragment by fragment, to a job; its last word is its CRC and is checked.

    Throughput: one word in 4 cycles, the pace of the link and of the CRC. The first word of a
    fragment takes 2 cycles more.

    Parameters
    ----------
    address_bits : int
        Width of `address`.

    Members
    -------
    clear : in
        A message of `total` words begins.
    begin : in
        A fragment is in the buffer up to `last_address`: 1 to `left` words.
    stop : in
        The job takes no more words: give up this fragment.
    address, word
        Read port of the frame buffer; ``word`` follows by 2 cycles.
    o : stream of words
    busy : out
    left : out
        Words of the message still to come.
    ended : out
        Strobe: the last word was read.
    intact : out
        With `ended`: the last word is the CRC-32 of all words before it.
    """

    def __init__(self, address_bits: int) -> None:
        super().__init__(
            {
                "clear": In(1),
                "total": In(30),
                "begin": In(1),
                "last_address": In(address_bits),
                "stop": In(1),
                "address": Out(address_bits, init=FIRST_DATA_WORD),
                "word": In(32),
                "o": Out(stream.Signature(unsigned(32))),
                "busy": Out(1),
                "left": Out(30),
                "ended": Out(1),
                "intact": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        crc = add_crc32(m, self.clear)
        # The first half-round of phases has no word yet: it waits for the buffer.
        filling = Signal()
        # What is said of a word is registered before it comes, what becomes of it after.
        offered = Signal()
        is_crc, crc_next = Signal(), Signal()  # `left` is 1; 2
        m.d.sync += crc_next.eq(self.left == 2)
        phase = Signal(2)
        ending = Signal()  # the CRC has taken the last word
        is_last = Signal()  # this is the last word of the fragment
        m.d.comb += [
            self.o.p.eq(self.word),
            self.o.valid.eq(offered & ~self.stop),
            crc.data.eq(self.word.word_select(phase, 8)),
            self.intact.eq(crc.match_detected),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += offered.eq(0)
        with m.If(self.clear):
            m.d.sync += self.left.eq(self.total)
        with m.If(self.begin):
            m.d.sync += [
                self.busy.eq(1),
                filling.eq(1),
                phase.eq(2),
                ending.eq(0),
            ]
        with m.Elif(~self.busy):
            m.d.sync += self.address.eq(FIRST_DATA_WORD)
        with m.Elif(filling):
            m.d.sync += [phase.eq(phase + 1), filling.eq(phase != 3), is_crc.eq(self.left == 1)]
            with m.If(phase == 3):
                m.d.sync += offered.eq(~is_crc)
        with m.Elif((phase == 0) & self.stop):
            m.d.sync += [self.busy.eq(0), offered.eq(0)]
        with m.Elif(ending):
            m.d.comb += self.ended.eq(1)
            m.d.sync += self.busy.eq(0)
        with m.Else():
            # The word is there until its address changes: it waits for the job in phase 1.
            m.d.comb += crc.valid.eq((phase != 1) | ~offered)
            with m.If(crc.valid):
                m.d.sync += phase.eq(phase + 1)
            with m.If((phase == 1) & ~offered):
                m.d.sync += [
                    self.address.eq(self.address + 1),
                    is_last.eq(self.address == self.last_address),
                ]
            with m.If(phase == 3):
                m.d.sync += [
                    self.left.eq(self.left - 1),
                    ending.eq(is_crc),
                    self.busy.eq(~is_last | is_crc),
                    offered.eq(~is_last & ~is_crc & ~crc_next),
                    is_crc.eq(crc_next),
                ]
        return m
