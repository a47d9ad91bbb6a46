"""Rounding borders against mpmath, and log2 of integers against a slow, exact comparison."""

import random
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden
from consilience_sim.golden import borders as module
from consilience_sim.golden.borders import (
    WIDTH,
    border_words,
    borders,
    fractions_of,
    is_near_border,
    log2_rounded,
)

SMALL = LogFormat(integer_bits=8, fraction_bits=3, mantissa_bits=12)


def test_borders_are_integer_parts():
    table = borders(16)
    assert len(table) == 65536
    with mpmath.workprec(WIDTH + 100):
        for f in range(0, 65536, 37):
            exact = mpmath.power(2, mpmath.mpf(2 * f + 1) / 2**17 + WIDTH - 1)
            assert table[f] == int(mpmath.floor(exact))


def test_an_undecided_border_is_an_error(monkeypatch):
    borders.cache_clear()
    monkeypatch.setattr(module, "powers_of_two", lambda bits: [1 << 2 * module.BITS] * 2**bits)
    with pytest.raises(ArithmeticError, match="border 1 is too near to an integer"):
        borders(3)
    monkeypatch.undo()
    borders.cache_clear()


@pytest.mark.parametrize("fmt", [SMALL], ids=str)
def test_rounding_is_decided_by_powers(fmt):
    """log2(n) rounds to c iff 2**(2c - 1) < n**(2 * 2**F) < 2**(2c + 1): integers only."""
    twice = 2 * fmt.fractions
    choose = random.Random(1)
    for n in [*range(1, 300), *(choose.getrandbits(90) + 1 for _ in range(300))]:
        code = log2_rounded(n, fmt)
        assert Fraction(2) ** (2 * code - 1) < n**twice < Fraction(2) ** (2 * code + 1)


def test_a_sum_that_is_the_integer_part_of_a_border():
    """It is below the border; the next integer is above."""
    for f in range(0, 65536, 997):
        border = borders(16)[f]
        assert log2_rounded(border, Q16_16) == (WIDTH - 1 << 16) + f
        assert log2_rounded(border + 1, Q16_16) == (WIDTH - 1 << 16) + f + 1


def test_sums_too_wide_are_refused():
    with pytest.raises(ValueError, match=f"at most {WIDTH} bits"):
        log2_rounded(1 << WIDTH, Q16_16)


def test_the_vectorised_comparison_is_the_plain_one():
    upper, lower = border_words(16)
    assert len(np.unique(upper)) == len(upper), "two borders share an upper word"
    rng = np.random.default_rng(2)
    some = rng.integers(0, 65536, 2000)
    for change in (-1, 0, 1):
        below = fractions_of(upper[some], lower[some] + np.uint64(change % 2**64), 16)
        totals = [
            (int(high) << 64) + int(low) + change
            for high, low in zip(upper[some], lower[some], strict=True)
        ]
        expected = [log2_rounded(total, Q16_16) - (127 << 16) for total in totals]
        assert below.tolist() == expected


def test_only_what_is_near_a_border_may_be_marked():
    table = borders(16)
    for f in (0, 1, 20_000, 65_534, 65_535):
        border = table[f]
        for distance in (0, 1, border >> 35, border >> 40):
            assert is_near_border(border + distance, Q16_16)
            assert is_near_border(border - distance, Q16_16)
        for distance in (border >> 33, border >> 20):
            assert not is_near_border(border + distance, Q16_16)
            assert not is_near_border(border - distance, Q16_16)
    assert not is_near_border(1, Q16_16)
    assert not golden.hard_to_round([5, 5, 7 << 16])
    assert not golden.hard_to_round([Q16_16.log_of_zero])
    border = table[777] >> WIDTH - 60
    assert golden.hard_to_round(golden.codes_for_sum(border, 0))
