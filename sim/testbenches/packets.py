"""Multisets of codes that a log sum finds hard, and their distribution over beats."""

from collections.abc import Callable, Iterator
from random import Random

import mpmath

from consilience_hw.spec.log_format import LogFormat

__all__ = ["beats_of", "border_sums", "corner_packets", "random_packet", "scattered"]

Beat = list[int | None]
"""A code, or None for an unused lane, for each lane."""


def beats_of(codes: list[int], lanes: int) -> list[Beat]:
    """Fill beats from lane 0 up; an empty packet is one beat of unused lanes."""
    padded: Beat = [*codes, *[None] * (-len(codes) % lanes)]
    return [padded[start : start + lanes] for start in range(0, len(padded), lanes)] or [
        [None] * lanes
    ]


def scattered(codes: list[int], lanes: int, choose: Random) -> list[Beat]:
    """Put shuffled codes into random lanes of more beats than needed: any lane may be unused."""
    beats = len(codes) // lanes + choose.randrange(1, 4)
    places = sorted(choose.sample(range(beats * lanes), len(codes)))
    cells: Beat = [None] * (beats * lanes)
    for place, code in zip(places, choose.sample(codes, len(codes)), strict=True):
        cells[place] = code
    return [cells[start : start + lanes] for start in range(0, len(cells), lanes)]


def corner_packets(fmt: LogFormat, lanes: int) -> Iterator[list[int]]:
    """Yield packets of every length around a beat, and of every special code and step."""
    zero, low, high = fmt.log_of_zero, fmt.min_code, fmt.max_code
    one = 1 << fmt.fraction_bits
    step = one * fmt.bin_width
    for length in (0, 1, 2, lanes, lanes + 1, 2 * lanes, 40 * lanes + 3):
        for code in (zero, low, -step, -1, 0, one - 1, step - 1, step, high - one * 40, high):
            yield [code] * length
    yield [zero, 0]
    yield [0, zero]
    yield [zero] * lanes + [low]
    yield [low, high]
    yield [high, low]
    # Two equal terms add one bit: up to the largest code, and one above it.
    yield [high - one] * 2
    yield [high - one + 1] * 2
    # A term one bin lower each time, through the window and out of it, and the way back.
    stairs = [-step * bin_number for bin_number in range(fmt.slots + 4)]
    yield stairs
    yield stairs[::-1]
    # Carries run from the lowest bin to the top one.
    yield [-one * position for position in range(1, 60)] + [-one * 59]
    # A term at the cut, and one below it.
    depth = step * fmt.window_bins
    for below in (depth - 1, depth, depth + 1, depth + step):
        yield [0] + [-below] * 9


def border_sums(choose: Random, fmt: LogFormat) -> Iterator[int]:
    """Yield sums, in units of the window's lowest bit, from at to just off a rounding border.

    A border is ``2**((k + 1/2) / 2**F)``: no sum meets it, the nearest integer to it is about
    2**-44 ulp off. Powers of two, the only sums with an exact logarithm, and their neighbours
    come too.
    """
    bits = fmt.window_bins * fmt.bin_width
    for _ in range(8):
        k = choose.randrange(fmt.fractions)
        with mpmath.workprec(256):
            exponent = bits + 1 + (k + mpmath.mpf(0.5)) / fmt.fractions
            border = int(mpmath.nint(mpmath.power(2, exponent)))
        for shift in (None, 1, 8, 16, 20, 24, 28, 32):
            for sign in (-1, 1):
                yield border + (sign << shift if shift is not None else 0)
    for exponent in range(bits, bits + fmt.bin_width):
        yield from ((1 << exponent) - (exponent > bits), 1 << exponent, (1 << exponent) + 1)


def random_packet(choose: Random, lanes: int, fmt: LogFormat) -> list[int]:
    """Return codes of one random scale: anywhere, near one another, special, or equal."""
    length = choose.choice([1, 2, 3, lanes, lanes + 1, 3 * lanes, 40])
    zero, one = fmt.log_of_zero, 1 << fmt.fraction_bits
    base = choose.randrange(fmt.min_code, fmt.max_code + 1)
    scale = choose.choice([1, one, 8 * one, 70 * one])
    draws: list[Callable[[], int]] = [
        lambda: choose.randrange(zero, fmt.max_code + 1),
        lambda: max(zero, base - choose.randrange(scale)),
        lambda: choose.choice([zero, fmt.min_code, fmt.max_code, 0, -1, base]),
        lambda: base,
    ]
    draw = choose.choice(draws)
    return [draw() for _ in range(length)]
