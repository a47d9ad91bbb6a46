"""The golden weights: within their bound of the real function, and never rising."""

import mpmath

from consilience_sim.golden import age_decay, age_weight

LAST = 17 << 16
"""The last q with a weight: 2**-17 is half a unit, and halves go up."""
BOUND = mpmath.mpf(1) / 2 + mpmath.mpf(1) / 512
"""Units: half for the one rounding, and half a unit of a mantissa, of which 2**8 make one."""


def test_by_hand():
    for age, weight in [(0, 65536), (100, 65536), (150, 46341), (200, 32768), (300, 16384)]:
        assert age_weight(age, 100, 100, 10_000) == weight
    assert [age_weight(age, 0, 100, 300) for age in (298, 299, 300, 301)] == [8306, 8249, 0, 0]
    assert age_weight(5, 10, 1, 5) == 0  # the limit goes before the grace
    assert age_decay(101, 100, 3) == 21845


def test_within_the_bound_of_the_real_function():
    worst = 0
    with mpmath.workprec(80):
        for q in [*range(0, LAST, 37), *range(200), LAST - 1, LAST]:
            exact = mpmath.power(2, 16 - mpmath.mpf(q) / 65536)
            worst = max(worst, abs(age_weight(q, 0, 1 << 16, 1 << 32) - exact))
    assert mpmath.mpf("0.499") < worst <= BOUND


def test_never_rises_and_ends():
    before = 65536
    for q in range(LAST + 5):
        weight = age_weight(q, 0, 1 << 16, 1 << 32)
        assert 0 <= before - weight <= 1
        before = weight
    assert [age_weight(q, 0, 1 << 16, 1 << 32) for q in (0, 1, LAST, LAST + 1)] == [
        65536,
        65535,
        1,
        0,
    ]
    assert age_weight((1 << 32) - 1, 0, 1, 1 << 32) == 0
