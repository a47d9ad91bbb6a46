"""G and L against interval arithmetic of many digits."""

import mpmath
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.log_add import added, log_add, log_add_table, log_add_tree

ZERO, MAX, MIN = Q16_16.log_of_zero, Q16_16.max_code, Q16_16.min_code
FIRST_ZERO = 1_083_229
codes = st.integers(MIN, MAX) | st.sampled_from([ZERO, MIN, MAX])


def exact(distance):
    """log2(1 + 2**(-distance / 65536)) in ulp, to 200 bits."""
    with mpmath.workprec(200):
        return 65536 * mpmath.log(1 + mpmath.mpf(2) ** (mpmath.mpf(-distance) / 65536), 2)


@given(st.integers(0, FIRST_ZERO + 1000))
def test_a_correction_is_the_floor(distance):
    table = log_add_table()
    found = int(table[distance]) if distance < len(table) else 0
    assert found <= exact(distance) < found + 1


def test_the_ends_of_the_table_and_its_steps():
    table = log_add_table()
    assert (table[0], table[FIRST_ZERO - 1], table[FIRST_ZERO], len(table)) == (
        65536, 1, 0, FIRST_ZERO + 1,
    )  # fmt: skip
    assert set(np.diff(table).tolist()) == {0, -1}


@given(codes, codes)
def test_a_sum_is_never_above_the_true_one_and_less_than_one_ulp_below(a, b):
    total, cut = log_add(a, b)
    assert log_add(b, a) == (total, cut)
    if ZERO in (a, b):
        assert (total, cut) == (max(a, b), False)
    elif cut:
        assert total == MAX and max(a, b) + exact(abs(a - b)) >= MAX + 1
    else:
        assert 0 <= max(a, b) + exact(abs(a - b)) - total < 1


@given(codes, codes, codes)
def test_a_sum_is_monotone(a, b, c):
    low, high = sorted((b, c))
    assert log_add(a, low)[0] <= log_add(a, high)[0]


def test_sums_of_codes_absorb_and_are_cut():
    assert added(ZERO, MAX) == added(MAX, ZERO) == added(MIN, -1) == (ZERO, False)
    assert added(MIN, 0) == (MIN, False) and added(MIN, MAX) == (0, False)
    assert added(MAX, 1) == (MAX, True) and added(MAX, 0) == (MAX, False)


@given(st.lists(codes, min_size=1, max_size=16))
def test_a_tree_is_within_its_depth_below_the_true_sum(given):
    total, cut = log_add_tree(given)
    finite = [one for one in given if one != ZERO]
    if not finite:
        assert (total, cut) == (ZERO, False)
        return
    with mpmath.workprec(400):
        terms = [mpmath.mpf(2) ** ((one - max(finite)) / mpmath.mpf(65536)) for one in finite]
        true = max(finite) + 65536 * mpmath.log(mpmath.fsum(terms), 2)
    if cut:
        assert true >= MAX + 1
    else:
        assert 0 <= true - total < max(1, (len(given) - 1).bit_length())


def test_an_odd_last_one_passes():
    assert log_add_tree([0, 0, 0]) == (log_add(65536, 0)[0], False)
    assert log_add_tree([5]) == (5, False)
