"""The high-precision reference against direct evaluation and against what is known exactly."""

import mpmath
import numpy as np
import pytest

from consilience_hw.spec.log_format import Q16_16
from consilience_sim.reference.reference import error_in_ulp, true_log_sum

ZERO = Q16_16.log_of_zero


def test_exact_cases():
    assert true_log_sum(np.array([5])) == 5
    assert true_log_sum(np.array([0] * 8)) == 3 << 16
    assert true_log_sum(np.array([-(1 << 31) + 1, ZERO])) == -(1 << 31) + 1
    assert error_in_ulp(7, np.array([5])) == 2
    # 1 + 2**-100: far below the window of the specification, but not of mathematics.
    tiny = true_log_sum(np.array([0, -100 << 16]))
    assert mpmath.almosteq(tiny, mpmath.mpf(2) ** -84 / mpmath.log(2), rel_eps=1e-12)


def test_against_direct_evaluation():
    rng = np.random.default_rng(1)
    for scale in (1, 1 << 16, 60 << 16):
        codes = rng.integers(-scale, scale, 50)
        with mpmath.workprec(200):
            direct = 65536 * mpmath.log(
                sum(mpmath.power(2, mpmath.mpf(int(code)) / 65536) for code in codes), 2
            )
            assert abs(true_log_sum(codes) - direct) < mpmath.mpf(2) ** -140


def test_equal_codes_count_each():
    codes = np.array([3, -70_000, 3, ZERO, 3, -70_000])
    with mpmath.workprec(240):
        total = 3 * mpmath.power(2, 3 / mpmath.mpf(65536))
        total += 2 * mpmath.power(2, -70_000 / mpmath.mpf(65536))
        assert abs(true_log_sum(codes) - 65536 * mpmath.log(total, 2)) < mpmath.mpf(2) ** -140


def test_a_sum_of_zero_has_no_logarithm():
    with pytest.raises(ValueError, match="no finite code is zero"):
        true_log_sum(np.array([ZERO]))
