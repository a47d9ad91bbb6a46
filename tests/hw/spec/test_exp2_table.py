"""Mantissas against high precision and the golden model's own, and their pinned digest."""

import mpmath
import numpy as np
import pytest

from consilience_hw.spec.exp2_table import GUARD_BITS, exp2_powers, mantissa_table, table_digest
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden

FORMATS = [Q16_16, LogFormat(integer_bits=8, fraction_bits=6, mantissa_bits=12)]


@pytest.mark.parametrize("guard_bits", [64, GUARD_BITS, 300])
def test_powers_are_too_low_by_less_than_256_units(guard_bits):
    with mpmath.workprec(guard_bits + 40):
        for f, power in enumerate(exp2_powers(17, guard_bits)[:: 1 << 6]):
            exact = mpmath.power(2, mpmath.mpf(f << 6) / (1 << 17)) * mpmath.mpf(2) ** guard_bits
            assert 0 <= exact - power < 256


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_every_mantissa_is_rounded_once(fmt):
    """The power's error cannot matter: none is within it of a rounding border."""
    table = mantissa_table(fmt)
    shift = GUARD_BITS - fmt.mantissa_bits
    half = 1 << shift - 1
    for power, mantissa in zip(exp2_powers(fmt.fraction_bits), table.tolist(), strict=True):
        assert power + half >> shift == power + 256 + half >> shift == mantissa
    np.testing.assert_array_equal(table, golden.mantissas(fmt))
    assert table.min() == 1 << fmt.mantissa_bits
    assert table.max() < 1 << fmt.mantissa_bits + 1
    assert not table.flags.writeable


def test_the_digest_is_pinned():
    assert table_digest(Q16_16) == (
        "66d408d220e641f6f43ccb130757dcb12e60d7a95ded7d2a130de4d5f052a87b"
    )
