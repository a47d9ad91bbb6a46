"""A serial line in continuous time: what stands on it at a moment, and what bytes it carries."""

import random
from fractions import Fraction

import pytest

RATES = [
    pytest.param(12_000_000, 3_000_000, id="4 cycles"),
    pytest.param(25_000_000, 3_000_000, id="25/3 cycles"),
    pytest.param(27_000_000, 3_000_000, id="9 cycles"),
    pytest.param(1_000_000, 38_400, id="26 cycles"),
]


class Line:
    """The level over time, from edges put on it by an ideal sender.

    Times are in bits of the nominal rate.
    """

    def __init__(self):
        self.edges = [(Fraction(0), 1)]  # time, level from then on
        self.end = Fraction(0)

    def idle(self, bits):
        self.end += Fraction(bits)

    def hold(self, level, bits):
        self.edges.append((self.end, level))
        self.end += Fraction(bits)

    def send(self, byte, *, bit=Fraction(1), stop=1):
        """Put a byte on the line whose bits are `bit` nominal ones long."""
        for level in (0, *(byte >> k & 1 for k in range(8)), stop):
            self.hold(level, bit)

    def levels(self, cycles_per_bit, phase):
        """Return the level at each cycle; `phase` is where in a cycle the line begins."""
        levels, place = [], 0
        for cycle in range(int(self.end * cycles_per_bit) + 1):
            time = (cycle + phase) / cycles_per_bit
            while place + 1 < len(self.edges) and self.edges[place + 1][0] <= time:
                place += 1
            levels.append(self.edges[place][1])
        return levels


def decoded(levels, cycles_per_bit):
    """Return the bytes of a line by their own timing: (byte, cycle of the start's edge), ...

    Each bit is looked at in its exact middle, from the edge of its start bit.
    """
    found, cycle = [], 0
    while cycle < len(levels):
        if levels[cycle]:
            cycle += 1
            continue
        at = [levels[int(cycle + cycles_per_bit * (k + Fraction(1, 2)))] for k in range(10)]
        assert at[0] == 0 and at[9] == 1, "a frame of start and stop bit"
        found.append((sum(bit << k for k, bit in enumerate(at[1:9])), cycle))
        cycle = int(cycle + cycles_per_bit * Fraction(19, 2))
    return found


def some_bytes(count, seed):
    choose = random.Random(seed)
    return bytes(choose.choice([0, 0x55, 0xAA, 0xFF, choose.randrange(256)]) for _ in range(count))


@pytest.fixture
def line():
    return Line()
