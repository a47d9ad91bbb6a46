"""Probabilities that sum to 1 as printed, beside exact decimals of the codes."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from consilience.verdicts.probabilities import in_words, probabilities, units_of
from consilience_hw.spec.log_format import Q16_16

ZERO = Q16_16.log_of_zero


def exact(row):
    """The probabilities of codes by 60 decimal digits."""
    with localcontext() as context:
        context.prec, context.Emin = 60, -(10**6)
        terms = [Decimal(0) if c == ZERO else Decimal(2) ** (Decimal(int(c)) / 65536) for c in row]
        return [term / sum(terms) for term in terms]


def drawn(hypotheses, spread, rows=200):
    rng = np.random.default_rng(hypotheses)
    codes = rng.integers(-spread, 1, (rows, hypotheses)).astype(np.int32)
    codes[rng.random(codes.shape) < 0.1] = ZERO
    codes[:, 0] = np.where((codes == ZERO).all(axis=1), 0, codes[:, 0])
    return codes


@pytest.mark.parametrize("hypotheses", [2, 3, 7, 16])
@pytest.mark.parametrize("spread", [1, 65536, 20 * 65536, 60 * 65536, 2**31 - 1])
def test_printed_probabilities_sum_to_1_and_are_the_codes_own(hypotheses, spread):
    codes = drawn(hypotheses, spread)
    found = probabilities(codes)
    for row, shown in zip(codes, found, strict=True):
        printed = [Decimal(repr(float(one))) for one in shown]
        small = [p for p in printed if 0 < p < Decimal("1e-6")]
        with localcontext() as context:
            context.prec = 1000
            miss = abs(sum(printed) - 1)
            assert miss <= (Decimal("0.51e-12") if small else 0)
        for code, p, truth in zip(row, printed, exact(row), strict=True):
            if code == ZERO:
                assert p == 0
            elif truth < Decimal("0.9e-6"):
                assert abs(p - truth) <= truth * Decimal("1e-13") + Decimal("1e-320")
            else:
                assert abs(p - truth) < Decimal("1.6e-12")


@pytest.mark.parametrize("decimals", [1, 2, 4, 12])
def test_units_are_whole_and_at_most_one_off(decimals):
    codes = drawn(5, 3 * 65536)
    units = units_of(codes, decimals)
    assert (units.sum(axis=1) == 10**decimals).all()
    for row, shares in zip(codes, units.tolist(), strict=True):
        for share, truth in zip(shares, exact(row), strict=True):
            assert abs(share - truth * 10**decimals) < 1


def test_the_largest_remainders_get_the_units_that_are_left():
    # 0.5, 0.25, 0.25 in tenths: the rests are 0, 0.5, 0.5
    assert units_of(np.array([[-65536, -131072, -131072]], np.int32), 1).tolist() == [[5, 3, 2]]
    # 1/7, 2/7, 4/7: 14.29, 28.57, 57.14 percent
    codes = np.array([[0, 65536, 131072]], np.int32) - np.int32(183_980)
    assert units_of(codes, 2).tolist() == [[14, 29, 57]]


def test_no_possible_hypothesis_is_all_zero():
    assert probabilities(np.full((2, 3), ZERO, np.int32)).tolist() == [[0.0] * 3] * 2
    assert probabilities(np.zeros((0, 2), np.int32)).shape == (0, 2)


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ([-65536, -65536], ["0.50", "0.50"]),
        ([ZERO, 0], ["0", "1"]),
        ([-1, -10 * 65536], ["0.999", "0.001"]),
        ([0, -60 * 65536], ["above 1 - 1e-12", "below 1e-12"]),
        ([-103872, -103872, -103872], ["0.34", "0.33", "0.33"]),
    ],
)
def test_words_show_what_differs(codes, words):
    assert in_words(np.array(codes, np.int32)) == words


def test_words_show_on_which_side_of_a_level_it_is():
    # 0.9497 and 0.9503: with two decimals both would be the level itself.
    for odds, words in ((18.88, ["0.9497", "0.0503"]), (19.12, ["0.950", "0.050"])):
        codes = np.array([0, -round(np.log2(odds) * 65536)], np.int32)
        shown = in_words(codes, Fraction("0.95"))
        assert shown[0][: len(words[0])] == words[0][: len(shown[0])]
        assert (Fraction(shown[0]) >= Fraction("0.95")) == (odds >= 19)
        assert sum(map(Fraction, shown)) == 1
    assert in_words(np.array([0, -round(np.log2(18.88) * 65536)], np.int32)) == ["0.95", "0.05"]
