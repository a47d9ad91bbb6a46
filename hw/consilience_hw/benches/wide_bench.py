"""Bench top for `LogSumExp`, for place and route: stimulus and result check are on the chip.

A wide unit takes more codes per cycle than a package has pins for. Here a block RAM gives one code
per cycle, and a register per lane hands it on to the next lane: all wires are local, and the
maximum clock is the unit's own. The results are folded into a signature, one bit of which is a pin.
The bench costs 33 flip-flops and no logic per lane.
"""

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..log2.log2 import result_layout
from ..log_sum_exp.log_sum_exp import LogSumExp
from ..primitives.pipeline import flow
from ..primitives.table import READ_CYCLES, Table
from ..reduction.beat import beat_layout
from ..spec.log_format import Q16_16

__all__ = [
    "WORDS",
    "ResultSignature",
    "WideBench",
    "WideSource",
    "lanes_in_a_row",
    "stimulus_words",
]

WORDS = 512
"""Words of the stimulus table: the period of the stimulus in beats."""
FULL_RANGE_EVERY = 128
"""One word in this many has a position from the full range."""
FRACTION_TURN = 5
"""Bits by which a fraction is rotated from one lane to the next; coprime to its width, 16."""

_CODE_BITS = Q16_16.code_bits
_FRACTION_BITS = Q16_16.fraction_bits
_KEEP_BIT, _LAST_BIT = _CODE_BITS, _CODE_BITS + 1


def stimulus_words() -> list[int]:
    """Return the stimulus: `WORDS` words of a code (32 bits), ``keep`` and ``last``.

    Word k is cut from z, output k of SplitMix64 seeded with 0:

    - fraction: bits 0 .. 15 of z;
    - position: bits 16 .. 31, signed, shifted right (arithmetically) by 10 plus bits 32 .. 33, so
      that the codes of a packet overlap; not shifted in words 127, 255, 383 and 511;
    - ``keep``: 0 if bits 35 .. 37 are 0, an eighth of the lanes;
    - ``last``: 1 if bits 38 .. 39 are 0, a fourth of the beats.
    """
    words = []
    for number in range(WORDS):
        z = _splitmix64(number)
        position = (z >> 16 & 0xFFFF ^ 0x8000) - 0x8000
        if number % FULL_RANGE_EVERY != FULL_RANGE_EVERY - 1:
            position >>= 10 + (z >> 32 & 3)
        code = (position & 0xFFFF) << _FRACTION_BITS | z & 0xFFFF
        keep, last = (z >> 35 & 7) != 0, (z >> 38 & 3) == 0
        words.append(code | keep << _KEEP_BIT | last << _LAST_BIT)
    return words


def _splitmix64(number: int) -> int:
    """Return output `number` (from 0) of SplitMix64 seeded with 0 (Steele, Lea, Flood 2014)."""
    z = (number + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
    z = (z ^ z >> 27) * 0x94D049BB133111EB & (1 << 64) - 1
    return z ^ z >> 31


class WideSource(wiring.Component):
    """One beat per cycle: packets of a few beats, back to back, in Q16.16.

    The stimulus is read word after word, over and over. Lane l of beat b (from 0 up) has word
    ``b + lanes - 1 - l``, its fraction rotated left by ``FRACTION_TURN * l`` bits, its position
    complemented if l is odd; ``last`` is that of lane 0's word. The first beat comes when every
    lane has a word.

    Parameters
    ----------
    lanes : int
        1 .. 256.

    Members
    -------
    o : flow of `beat_layout`
    """

    def __init__(self, lanes: int) -> None:
        if not 1 <= lanes <= WORDS // 2:
            raise ValueError(f"lanes must be in 1 .. {WORDS // 2}, not {lanes}")
        self.lanes = lanes
        super().__init__({"o": Out(flow(beat_layout(Q16_16, lanes)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        address = Signal(range(WORDS))
        # Compared in a register of its own: what the bench adds must not be the slowest path.
        all_there = Signal()
        m.d.sync += [
            address.eq(address + 1),
            all_there.eq(address == self.lanes + READ_CYCLES - 2),
        ]
        with m.If(all_there):
            m.d.sync += self.o.valid.eq(1)

        word = Table(m, platform, "stimulus", stimulus_words()).read(m, address)
        lanes_in_a_row(m, word, self.o.p, Const(1))
        return m


def lanes_in_a_row(m: Module, word: Value, beat: data.View, moves: Value) -> None:
    """Drive a beat from one register per lane.

    When it moves, lane 0 takes the word of the stimulus, and each other lane takes the word of the
    lane before it with its fraction rotated by `FRACTION_TURN` bits and its position complemented.
    If lanes had the same bits a cycle apart, synthesis would give a register of one lane's delay
    line to another lane, and a wire that no user's design has.
    """
    code, keep = word[:_CODE_BITS], word[_KEEP_BIT]
    with m.If(moves):
        m.d.sync += beat.last.eq(word[_LAST_BIT])
    for lane in range(len(beat.keep)):
        here = Signal(_CODE_BITS, name=f"code_{lane}", reset_less=True)
        kept = Signal(name=f"keep_{lane}", reset_less=True)
        with m.If(moves):
            m.d.sync += [here.eq(code), kept.eq(keep)]
        m.d.comb += [beat.codes[lane].eq(here), beat.keep[lane].eq(kept)]
        turned = here[:_FRACTION_BITS].rotate_left(FRACTION_TURN)
        code, keep = Cat(turned, ~here[_FRACTION_BITS:]), kept


class ResultSignature(wiring.Component):
    """Signature of all results, as wide as one result: rotate left by one, XOR the result.

    Results are registered first, so that the fold adds nothing to the unit's paths.

    Members
    -------
    i : flow of `result_layout`
    value : out
        Signature of all results up to two cycles ago.
    """

    def __init__(self) -> None:
        layout = result_layout(Q16_16)
        super().__init__({"i": In(flow(layout)), "value": Out(layout.size)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        valid = Signal()
        result = Signal(len(self.value), reset_less=True)
        m.d.sync += [valid.eq(self.i.valid), result.eq(self.i.p.as_value())]
        with m.If(valid):
            m.d.sync += self.value.eq(self.value.rotate_left(1) ^ result)
        return m


class WideBench(wiring.Component):
    """`WideSource`, `LogSumExp`, `ResultSignature` and a pin.

    The source ignores ``ready``: a unit whose sink never stalls is ready in every cycle.

    Parameters
    ----------
    lanes : int
        Lanes of the unit.

    Members
    -------
    pin : out
        The highest bit of the signature; rotation brings every other bit there in time.
    """

    def __init__(self, lanes: int) -> None:
        self.source = WideSource(lanes)
        self.unit = LogSumExp(Q16_16, lanes)
        self.sink = ResultSignature()
        super().__init__({"pin": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.source = source = self.source
        m.submodules.log_sum_exp = unit = self.unit
        m.submodules.sink = sink = self.sink
        m.d.comb += [
            unit.i.p.eq(source.o.p),
            unit.i.valid.eq(source.o.valid),
            unit.o.ready.eq(1),
            sink.i.p.eq(unit.o.p),
            sink.i.valid.eq(unit.o.valid),
        ]
        m.d.sync += self.pin.eq(sink.value[-1])
        return m
