"""The law of the lower end against all outcomes of few reports, in fractions."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from consilience.coverage.delay import alarm_moves
from consilience.coverage.lowest_sum import SumLaw, chance_above, sum_law

LAW = {-128: Fraction(1, 5), -28: Fraction(1, 10), 0: Fraction(1, 10), 12: Fraction(1, 4),
       128: Fraction(7, 20)}  # fmt: skip


def shares_of(law):
    found = np.zeros(257)
    for value, share in law.items():
        found[value + 128] = float(share)
    return found


def all_outcomes(honest, liars):
    """The law of low by every outcome: reports sorted, liars at -128, the f highest looked at."""
    found = {}
    for said in product(LAW, repeat=honest):
        chance = Fraction(1)
        for one in said:
            chance *= LAW[one]
        ordered = sorted((*said, *[-128] * liars))
        cut = len(ordered) - liars
        low = sum(ordered[:cut]) + sum(min(one, 0) for one in ordered[cut:])
        found[low] = found.get(low, 0) + chance
    return found


@pytest.mark.parametrize(("honest", "liars"), [(1, 0), (5, 0), (4, 1), (5, 2), (6, 2)])
def test_law_is_that_of_all_outcomes(honest, liars):
    law = sum_law(shares_of(LAW), honest, liars)
    wanted = all_outcomes(honest, liars)
    got = dict(zip(range(law.first, law.first + len(law.shares)), law.shares, strict=True))
    for low, chance in wanted.items():
        assert got[low] == pytest.approx(float(chance), abs=1e-9)
    for limit in (-300, -1, 0, 57):
        above = float(sum(chance for low, chance in wanted.items() if low > limit))
        assert chance_above(shares_of(LAW), honest, liars, limit)[0] == pytest.approx(
            above, abs=1e-9
        )


def test_many_reports_are_bracketed_by_the_exact_law():
    """What is normal beyond 4,096 holds the exact probability, which is there to be had."""
    shares = shares_of(LAW)
    for limit in (40_000, 42_500, 45_000):
        least, most = chance_above(shares, 4_097, 0, limit)
        law = sum_law(shares, 4_097, 0)
        exact = law.shares[max(limit + 1 - law.first, 0) :].sum()
        assert least <= exact <= most and most - least < 0.05


def test_alarm_chances_hold_the_recurrence_that_is_drawn():
    """Shiryaev and Roberts' recurrence in real numbers, drawn 200,000 times."""
    law = SumLaw(-40, np.full(101, 1 / 101))  # low k - cost: uniform on -4.1 .. 5.9 bits
    moves = alarm_moves(law, 6_554, 6_554, 10 << 16)
    rng = np.random.default_rng(5)
    x = (rng.integers(-40, 61, (200_000, 12)) * 6_554 - 6_554) / 65_536
    statistic, first = np.full(len(x), -np.inf), np.zeros(len(x))
    for step in range(12):
        statistic = x[:, step] + np.logaddexp2(0.0, statistic)
        first[(statistic >= 10) & (first == 0)] = step + 1
    for within in (2, 5, 12):
        least, most = moves.within(within)
        seen = np.count_nonzero((first > 0) & (first <= within)) / len(x)
        assert least - 0.004 <= seen <= most + 0.004 and most - least < 0.03
    assert moves.mean()[0] <= moves.mean()[1] < 40
