"""Codes that are hard: logs of zero, end codes, ties, borders of bins, windows and roundings."""

from functools import cache
from random import Random

import numpy as np

from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.golden.borders import WIDTH, borders

__all__ = [
    "HIGHEST",
    "LOWEST",
    "ONE",
    "ZERO",
    "codes_at_a_border",
    "draw_code",
    "draw_codes",
    "draw_length",
    "hard_differences",
]

ZERO = -(1 << 31)
LOWEST, HIGHEST = ZERO + 1, (1 << 31) - 1
ONE = 1 << 16

_ENDS = (ZERO, LOWEST, LOWEST + 1, HIGHEST, HIGHEST - 1, -ONE, -1, 0, 1, ONE)
_BIN = 8 << 16
"""Codes of a bin."""


def draw_code(rng: Random) -> int:
    """Draw one code: an end or a border of a bin, something small, or anything."""
    kind = rng.randrange(8)
    if kind < 3:
        return rng.choice(_ENDS)
    if kind == 3:
        return _clipped(rng.randrange(-4096, 4096) * _BIN + rng.randint(-1, 1))
    if kind < 6:
        return rng.randint(-(1 << rng.randrange(4, 24)), 1 << rng.randrange(4, 24))
    return rng.randint(ZERO, HIGHEST)


def draw_length(rng: Random, most: int = 12) -> int:
    """Draw how many there are: few, often none or one."""
    return rng.choice((0, 1, 1, 2, 2, 3, 4, rng.randint(0, most), rng.randint(0, most)))


def draw_codes(rng: Random, count: int) -> list[int]:
    """Draw codes that have to do with each other."""
    kind = rng.randrange(10)
    if kind < 2:
        return [draw_code(rng) for _ in range(count)]
    base = draw_code(rng)
    if kind < 4:  # alike, with what each of them leaves of the window
        found = [base + rng.randint(-2, 2) * rng.choice((1, ONE, _BIN)) for _ in range(count)]
    elif kind < 6:  # at the cut: what lies 56 to 72 bits below the highest
        found = [base - rng.choice((0, rng.randint(54, 74))) * ONE for _ in range(count)]
        found = [code + rng.randint(-ONE, ONE) for code in found]
    elif kind == 6:  # one far above all others
        found = [base - rng.randint(1, 40) * _BIN for _ in range(count)]
        found[:1] = [base] * len(found[:1])
    elif kind == 7:
        found = [base] * count
    elif kind == 8 and count:
        found = codes_at_a_border(rng) + [draw_code(rng)] * rng.randrange(2)
    else:  # evidence as it is
        found = [round(rng.gauss(0, 20 * ONE)) for _ in range(count)]
    found = [ZERO if rng.random() < 0.08 else _clipped(code) for code in found]
    rng.shuffle(found)
    return found


def codes_at_a_border(rng: Random) -> list[int]:
    """Return codes whose sum is the integer next to a border of the last rounding."""
    bits, place = rng.randint(57, 64), rng.randrange(ONE)
    return list(_codes_for(bits, place, rng.randrange(3), rng.randrange(-500, 500)))


@cache
def _codes_for(bits: int, place: int, beyond: int, top: int) -> tuple[int, ...]:
    total = (borders(16)[place] >> WIDTH - bits) + beyond
    return tuple(golden.codes_for_sum(max(total, 1 << 56), top))


@cache
def hard_differences() -> list[int]:
    """Return codes whose log sum with 0 lies so near a border that a unit may not decide it."""
    codes = np.arange(-24 * ONE, 0)
    shifts = golden.mantissas(Q16_16)[codes & 0xFFFF] * 2.0 ** ((codes >> 16) - 24)
    apart = np.abs(np.modf(np.log2(1 + shifts) * ONE)[0] - 0.5)
    near = codes[np.argsort(apart)[:20]].tolist()
    return [code for code in near if golden.hard_to_round([0, code])]


def _clipped(code: int) -> int:
    return max(LOWEST, min(HIGHEST, code))
