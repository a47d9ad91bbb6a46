"""Packets for the exported testbench, with the golden model's results."""

import random
from dataclasses import dataclass

from consilience_hw.log_sum_exp.axi_log_sum_exp import LANE_BITS
from consilience_hw.spec.log_format import LogFormat
from consilience_sim import golden
from consilience_tools.export.core import Core

__all__ = ["RESULT_BITS", "Vectors", "drawn_packet", "make_vectors", "packets_of"]

_PACKETS = 120
_SMALL_PACKETS = 30  # each takes 400 cycles
RESULT_BITS = 1 + 8 + LANE_BITS
"""Bits of a result: code, status, last."""

_LANE_MASK = (1 << LANE_BITS) - 1
_LENGTHS = (0, 1, 1, 2, 3, 7, 20)


@dataclass(frozen=True)
class Vectors:
    """Beats and results, as lines of hexadecimal numbers that ``$readmemh`` takes.

    Parameters
    ----------
    beats : list of int
        From bit 0 on: data, keep, last, user.
    results : list of int
        From bit 0 on: code in 32 bits, status, last.
    """

    beats: list[int]
    results: list[int]

    def beat_lines(self, core: Core) -> str:
        """Return the text of the file of beats."""
        return _lines(self.beats, core.beat_bits)

    def result_lines(self) -> str:
        """Return the text of the file of results."""
        return _lines(self.results, RESULT_BITS)


def packets_of(core: Core) -> int:
    """Return the number of packets of a core's vectors."""
    return _SMALL_PACKETS if core.small else _PACKETS


def make_vectors(core: Core, seed: int = 1) -> Vectors:
    """Return packets of all lengths and scales, the same for the same core.

    A packet that the unit could mark HARD_TO_ROUND is left out: of its two codes none is wrong.
    """
    choose = random.Random(seed)
    beats: list[int] = []
    results: list[int] = []
    while len(results) < packets_of(core):
        codes = drawn_packet(core.fmt, core.lanes, choose)
        if golden.hard_to_round(codes, core.fmt):
            continue
        code, status = golden.log_sum(codes, core.fmt)
        mark = choose.getrandbits(1)
        beats += _beats(core, codes, mark, choose)
        results.append(int(code) & _LANE_MASK | int(status) << LANE_BITS | mark << LANE_BITS + 8)
    return Vectors(beats, results)


def drawn_packet(fmt: LogFormat, lanes: int, choose: random.Random) -> list[int]:
    """Return the codes of a packet of any length, of one scale or of many, special ones too."""
    base = choose.randint(fmt.min_code, fmt.max_code)
    spread = choose.choice((1, fmt.fractions, fmt.fractions * 60, fmt.max_code))
    special = (fmt.log_of_zero, fmt.min_code, fmt.max_code, 0, -1)

    def code() -> int:
        if choose.random() < 0.05:
            return choose.choice(special)
        near = base + choose.randint(-spread, spread)
        return min(max(near, fmt.min_code), fmt.max_code)

    length = choose.choice((*_LENGTHS, lanes, lanes + 1, 3 * lanes))
    return [code() for _ in range(length)]


def _beats(core: Core, codes: list[int], mark: int, choose: random.Random) -> list[int]:
    """Return the beats of a packet: codes in any lanes, garbage in the others."""
    beats: list[int] = []
    left = list(codes)
    while left or not beats:
        data = keep = 0
        for lane in range(core.lanes):
            used = bool(left) and choose.random() < 0.8
            word = left.pop(0) & _LANE_MASK if used else choose.getrandbits(LANE_BITS)
            data |= word << LANE_BITS * lane
            keep |= (0xF if used else 0) << 4 * lane
        last = not left
        user = mark if last else choose.getrandbits(1)
        width = LANE_BITS * core.lanes
        flags = keep | (last | user << 1) << 4 * core.lanes
        beats.append(data | flags << width)
    return beats


def _lines(numbers: list[int], bits: int) -> str:
    digits = (bits + 3) // 4
    return "".join(f"{number:0{digits}x}\n" for number in numbers)
