"""The specification in Python integers: its error, its order independence, its fast twin."""

import random

import mpmath
import numpy as np
import pytest

from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden
from consilience_sim.golden.log_sum import codes_for_sum, cut_term

ZERO, LOW, HIGH = Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code


def multiset(choose):
    base = choose.randrange(LOW + (80 << 16), HIGH - (40 << 16))
    scale = choose.choice([1, 1 << 16, 8 << 16, 70 << 16])
    return [base - choose.randrange(scale) for _ in range(choose.choice([1, 2, 3, 10, 100]))]


def true_log_sum(codes):
    """Return log2 of the sum of 2**c in ulp, from the definition, with 200 bits."""
    highest = max(codes)
    total = sum(mpmath.power(2, mpmath.mpf(code - highest) / 65536) for code in codes)
    return highest + mpmath.log(total, 2) * 65536


def test_error_is_within_the_bound():
    choose = random.Random(1)
    worst = 0
    with mpmath.workprec(200):
        for _ in range(400):
            codes = multiset(choose)
            code, _ = golden.log_sum(codes)
            worst = max(worst, abs(code - true_log_sum(codes)))
    assert 0.4 < worst <= 0.51, "the proved bound, and a sample that comes near it"


def test_a_single_code_is_its_own_log_sum():
    choose = random.Random(2)
    for code in [LOW, HIGH, 0, -1, *(choose.randrange(LOW, HIGH) for _ in range(500))]:
        assert golden.log_sum([code]) == (code, 0)


def test_special_multisets():
    assert golden.log_sum([]) == (ZERO, 0)
    assert golden.log_sum([ZERO, ZERO]) == (ZERO, 0)
    assert golden.log_sum([ZERO, 5]) == (5, 0)
    assert golden.log_sum([HIGH, HIGH]) == (HIGH, ResultStatus.SATURATED)
    assert golden.log_sum([0] * 4) == (2 << 16, 0)


def test_capacity():
    fmt = LogFormat()
    many = [0] * 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LogFormat, "capacity", property(lambda self: 4))
        assert golden.log_sum(many, fmt) == (HIGH, ResultStatus.OVER_CAPACITY)
        state = golden.window(many, fmt)
        assert golden.log2_of_window(state, fmt) == (HIGH, ResultStatus.OVER_CAPACITY)


def test_the_capacity_itself_is_not_over_it():
    fmt = LogFormat()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LogFormat, "capacity", property(lambda self: 4))
        assert golden.log_sum([0] * 4, fmt) == (2 << 16, 0)
        assert golden.log2_of_window(golden.window([0] * 4, fmt), fmt) == (2 << 16, 0)


def test_terms_are_cut_and_not_rounded():
    depth = Q16_16.window_bins * Q16_16.bin_width << 16
    assert cut_term(0, 0, Q16_16) == 1 << 56
    assert cut_term(-depth, 0, Q16_16) == 1
    assert cut_term(-depth + 65535, 0, Q16_16) == 1  # almost 2
    assert cut_term(-depth - 1, 0, Q16_16) == 0


def test_the_vectorised_model_is_the_plain_one():
    choose = random.Random(3)
    segments = [multiset(choose) for _ in range(300)]
    segments += [[], [ZERO], [ZERO, 4], [HIGH, HIGH], [LOW], [], [HIGH, ZERO, HIGH]]
    choose.shuffle(segments)
    offsets = np.cumsum([0] + [len(one) for one in segments])
    codes = np.array([code for one in segments for code in one], np.int32)
    sums, status = golden.log_sums(codes, offsets)
    expected = [golden.log_sum(one) for one in segments]
    assert list(zip(sums.tolist(), status.tolist(), strict=True)) == expected


def test_what_is_below_the_cut_counts_for_nothing():
    """Halves of a unit, enough of them to pass a rounding border if they were added uncut."""
    halves = [(-Q16_16.window_bins * Q16_16.bin_width << 16) - 1] * 100
    for f in range(0, 65536, 6007):
        codes = codes_for_sum(golden.borders.borders(16)[f] >> golden.borders.WIDTH - 60, 0)
        code, _ = golden.log_sum(codes)
        assert golden.log_sum(codes + halves) == (code, 0)
        assert golden.log_sum([*codes, halves[0] + 1]) == (code + 1, 0), "a whole unit"


def test_the_vectorised_model_at_rounding_borders():
    choose = random.Random(4)
    segments = []
    for _ in range(100):
        bits, f = choose.randrange(57, 75), choose.randrange(65536)
        border = golden.borders.borders(16)[f] >> golden.borders.WIDTH - bits
        segments += [codes_for_sum(border + beside, 0) for beside in (-1, 0, 1)]
    offsets = np.cumsum([0] + [len(one) for one in segments])
    sums, _ = golden.log_sums(np.concatenate(segments), offsets)
    assert sums.tolist() == [golden.log_sum(one)[0] for one in segments]


def test_the_vectorised_model_of_nothing():
    for offsets in ([0], [0, 0, 0]):
        sums, status = golden.log_sums(np.array([], np.int32), np.array(offsets))
        assert sums.tolist() == [ZERO] * (len(offsets) - 1)
        assert len(status) == len(offsets) - 1


def test_the_vectorised_model_refuses_other_windows():
    with pytest.raises(ValueError, match="B = 8 and D = 7, not 16, 7"):
        golden.log_sums(np.zeros(1, np.int32), np.array([0, 1]), LogFormat(bin_width=16))


@pytest.mark.parametrize("total", [1 << 56, (1 << 56) + 1, (1 << 64) - 1, 0x1234567_89ABCDEF])
def test_codes_for_a_sum(total):
    for top in (0, -7, 100):
        codes = codes_for_sum(total, top)
        assert sum(cut_term(code, top, Q16_16) for code in codes) == total
        assert max(code >> 19 for code in codes) == top


def test_codes_for_a_sum_that_is_too_small():
    with pytest.raises(ValueError, match=r"total must be at least 2\*\*56"):
        codes_for_sum((1 << 56) - 1, 0)
