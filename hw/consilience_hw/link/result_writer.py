"""Result words of a job to a reply."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..spec.flags import ResultStatus
from ..spec.link_map import REPLY_WORDS
from .crc32 import add_crc32
from .job_port import result_word_layout

__all__ = ["ResultWriter"]

FIRST_RESULT_WORD = 1 + REPLY_WORDS


class ResultWriter(wiring.Component):
    """Writes result words to a reply, counts them, and keeps the CRC-32 over the operation.

    A word is registered before its use. Throughput: one word in 4 cycles, the pace of the link and
    of the CRC.

    Parameters
    ----------
    address_bits : int
        Width of `address`.
    count_bits : int
        Width of `results`: `counters.amount_bits`.

    Members
    -------
    clear : in
        An operation begins.
    begin : in
        A reply begins.
    i : stream of `result_word_layout`
    busy : out
        A word was taken that is not written yet.
    address, data, write : out
        Write this word to this address of the slot.
    words : out
        Words in this reply.
    produced : out
        Words of the operation.
    crc : out
        CRC-32 of the words of the operation.
    results, saturated, hard_to_round : out
        Results in this reply: all of them, those with the flag.
    """

    def __init__(self, address_bits: int, count_bits: int) -> None:
        super().__init__(
            {
                "clear": In(1),
                "begin": In(1),
                "i": In(stream.Signature(result_word_layout())),
                "busy": Out(1),
                "address": Out(address_bits, init=FIRST_RESULT_WORD),
                "data": Out(32),
                "write": Out(1),
                "words": Out(address_bits),
                "produced": Out(30),
                "crc": Out(32),
                "results": Out(count_bits),
                "saturated": Out(count_bits),
                "hard_to_round": Out(count_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        crc = add_crc32(m, self.clear)
        phase = Signal(2)
        taken = Signal(result_word_layout(), reset_less=True)
        word = taken.word
        m.d.comb += [
            self.i.ready.eq(~self.busy | (phase == 3)),
            self.write.eq(self.busy & (phase == 3)),
            self.data.eq(word),
            self.words.eq(self.address - FIRST_RESULT_WORD),
            crc.data.eq(word.word_select(phase, 8)),
            crc.valid.eq(self.busy),
            self.crc.eq(crc.crc),
        ]
        with m.If(self.i.ready):
            m.d.sync += [taken.eq(self.i.p), self.busy.eq(self.i.valid)]
        with m.If(self.busy):
            m.d.sync += phase.eq(phase + 1)
        with m.If(self.write):
            m.d.sync += [
                self.address.eq(self.address + 1),
                self.produced.eq(self.produced + 1),
            ]
        with m.If(self.write & taken.last):
            saturated = (word & ResultStatus.SATURATED.value).any()
            hard_to_round = (word & ResultStatus.HARD_TO_ROUND.value).any()
            m.d.sync += [
                self.results.eq(self.results + 1),
                self.saturated.eq(self.saturated + saturated),
                self.hard_to_round.eq(self.hard_to_round + hard_to_round),
            ]
        with m.If(self.begin):
            m.d.sync += [
                self.address.eq(FIRST_RESULT_WORD),
                self.results.eq(0),
                self.saturated.eq(0),
                self.hard_to_round.eq(0),
            ]
        with m.If(self.clear):
            m.d.sync += self.produced.eq(0)
        return m
