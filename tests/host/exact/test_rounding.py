"""Rounding borders against high precision; sums at and around every kind of border."""

import mpmath
import pytest

from consilience.exact import rounding
from consilience.exact.rounding import border_width, rounding_borders, sum_to_code
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden

SMALL = LogFormat(integer_bits=8, fraction_bits=6, mantissa_bits=12)
FORMATS = [Q16_16, SMALL, LogFormat(bin_width=16), LogFormat(bin_width=32, window_bins=3)]


def true_border(f, fmt):
    with mpmath.workprec(400):
        exponent = mpmath.mpf(2 * f + 1) / 2 ** (fmt.fraction_bits + 1)
        return int(mpmath.floor(mpmath.power(2, exponent + border_width(fmt) - 1)))


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_borders_are_the_integer_parts(fmt):
    borders = rounding_borders(fmt)
    assert len(borders) == fmt.fractions
    assert list(borders) == sorted(set(borders))
    step = max(1, fmt.fractions // 2000)
    for f in [*range(0, fmt.fractions, step), fmt.fractions - 1]:
        assert borders[f] == true_border(f, fmt), f"border {f}"


def test_width_holds_the_capacity():
    assert border_width(Q16_16) == 96
    assert border_width(LogFormat(bin_width=16)) == 160


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_sums_beside_a_border_and_powers_of_two(fmt):
    width = border_width(fmt)
    shift = width - 1 - fmt.window_bins * fmt.bin_width
    for f in range(0, fmt.fractions, max(1, fmt.fractions // 500)):
        border = rounding_borders(fmt)[f] >> shift
        for total in (border - 1, border, border + 1, border + 2):
            unit = fmt.bin_width * fmt.window_bins << fmt.fraction_bits
            assert sum_to_code(total, 0, fmt) == golden.log2_rounded(total, fmt) - unit
    for exponent in range(width):
        position = exponent - fmt.bin_width * fmt.window_bins
        assert sum_to_code(1 << exponent, 0, fmt) == position << fmt.fraction_bits


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_the_widest_sums_at_a_border(fmt):
    """A border's integer part is below it, the next integer above."""
    position = border_width(fmt) - 1 - fmt.bin_width * fmt.window_bins
    for f in range(0, fmt.fractions, max(1, fmt.fractions // 50)):
        border, code = rounding_borders(fmt)[f], (position << fmt.fraction_bits) + f
        assert (sum_to_code(border, 0, fmt), sum_to_code(border + 1, 0, fmt)) == (code, code + 1)


def test_powers_too_coarse_to_decide_are_noticed(monkeypatch):
    rounding_borders.cache_clear()
    monkeypatch.setattr(rounding, "_POWER_ERROR", 1 << 40)
    with pytest.raises(ArithmeticError, match="too near to an integer"):
        rounding_borders(SMALL)
    rounding_borders.cache_clear()
