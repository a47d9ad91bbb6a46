"""`LogFormat`: derived constants, identifiers, and what is refused."""

import pytest

from consilience_hw.spec.log_format import Q16_16, LogFormat


def test_constants_of_q16_16():
    fmt = Q16_16
    assert (fmt.code_bits, fmt.log_of_zero) == (32, -(2**31))
    assert (fmt.min_code, fmt.max_code) == (-(2**31) + 1, 2**31 - 1)
    assert (fmt.slots, fmt.parts, fmt.bins, fmt.cell_bits) == (8, 4, 8195, 40)
    assert (fmt.min_top, fmt.max_top) == (-4096, 4095)
    assert fmt.window_bins * fmt.bin_width >= 56
    assert fmt.capacity == 2**32
    assert str(fmt) == "Q16.16"


@pytest.mark.parametrize(
    "fmt",
    [
        Q16_16,
        LogFormat(bin_width=16),
        LogFormat(bin_width=32, window_bins=3),
        LogFormat(integer_bits=8, fraction_bits=6, mantissa_bits=12, window_bins=15),
    ],
)
def test_identifiers_name_one_format(fmt):
    assert LogFormat.from_identifier(fmt.identifier) == fmt
    assert 0 <= fmt.identifier < 1 << 32


def test_the_identifier_of_q16_16_is_pinned():
    assert Q16_16.identifier == 0x10101837


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"integer_bits": 1}, "integer_bits must be in 2..16, not 1"),
        ({"fraction_bits": 17}, "fraction_bits must be in 1..16, not 17"),
        ({"mantissa_bits": 20}, r"mantissa_bits must be in fraction_bits \+ 5 = 21..30, not 20"),
        ({"mantissa_bits": 31}, "not 31"),
        ({"bin_width": 12}, "bin_width must be 8, 16 or 32, not 12"),
        ({"window_bins": 8}, "one less than a power of two up to 16, not 8"),
        ({"window_bins": 3}, r"window_bins \* bin_width must be at least 56, not 24"),
    ],
)
def test_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LogFormat(**options)


def test_parameters_are_whole_numbers():
    with pytest.raises(TypeError):
        LogFormat(bin_width=8.0)
