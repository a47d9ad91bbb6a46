"""The golden model's powers and mantissas against mpmath, which shares no code with them."""

import mpmath
import pytest

from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim.golden.mantissas import BITS, mantissas, power_of_two


@pytest.mark.parametrize("numerator", [0, 1, 2, 12_345, 65_535, 131_071])
def test_powers_are_as_exact_as_claimed(numerator):
    with mpmath.workprec(BITS + 60):
        exact = mpmath.power(2, mpmath.mpf(numerator) / 2**17) * mpmath.mpf(2) ** BITS
        assert abs(power_of_two(numerator, 17) - exact) < mpmath.mpf(2) ** (BITS - 260)


@pytest.mark.parametrize(
    "fmt", [Q16_16, LogFormat(integer_bits=8, fraction_bits=6, mantissa_bits=12)], ids=str
)
def test_every_mantissa_is_the_nearest_integer(fmt):
    assert len(mantissas(fmt)) == fmt.fractions
    with mpmath.workprec(120):
        scale = mpmath.mpf(2) ** fmt.mantissa_bits
        root = mpmath.power(2, mpmath.mpf(1) / fmt.fractions)
        power = scale
        for f, mantissa in enumerate(mantissas(fmt).tolist()):
            if f % 64 == 0:  # the running product would lose a bit or two a thousand steps
                power = scale * mpmath.power(2, mpmath.mpf(f) / fmt.fractions)
            assert mantissa == mpmath.nint(power)
            power *= root
