"""Ranks to increments: the calibrators in many digits, the order of starts, what is provisional."""

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MonitorMode
from consilience_sim.golden.conformal import ConformalModel, count_term, rank_term
from consilience_sim.golden.monitor import MonitorModel

QUARTER, HALF = Fraction(1, 4), Fraction(1, 2)
kappas = st.sampled_from([QUARTER, HALF, Fraction(3, 4), Fraction(1, 16), Fraction(5, 256)])


def exact(rank, kappa):
    with mpmath.workprec(300):
        power = mpmath.mpf(kappa.numerator) / kappa.denominator
        if rank > 4096:
            return 65536 * (mpmath.log(power, 2) - (1 - power) * mpmath.log(rank, 2))
        return 65536 * mpmath.log(mpmath.mpf(rank) ** power - mpmath.mpf(rank - 1) ** power, 2)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 4096) | st.integers(4097, 10**6), kappas)
def test_the_term_of_a_rank_is_the_floor(rank, kappa):
    assert rank_term(rank, kappa) <= exact(rank, kappa) < rank_term(rank, kappa) + 1


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**6), kappas)
def test_the_term_of_a_count_is_the_floor(count, kappa):
    with mpmath.workprec(300):
        true = 65536 * (1 - mpmath.mpf(kappa.numerator) / kappa.denominator) * mpmath.log(count, 2)
    assert count_term(count, kappa) <= true < count_term(count, kappa) + 1 - mpmath.mpf(2) ** -200


@pytest.mark.parametrize("kappa", [QUARTER, HALF])
@pytest.mark.parametrize("count", [1, 2, 51, 101, 500])
def test_increments_are_e_values(kappa, count):
    """Over the ranks, which are equally likely, the mean of 2**x is at most 1, and near it."""
    with mpmath.workprec(100):
        codes = [rank_term(j, kappa) + count_term(count, kappa) for j in range(1, count + 1)]
        mean = mpmath.fsum(mpmath.mpf(2) ** (mpmath.mpf(x) / 65536) for x in codes) / count
    assert 1 - mpmath.mpf(3) / 65536 < mean <= 1


def test_beyond_the_series_terms_go_on_below_the_difference():
    for kappa in (QUARTER, HALF):
        assert rank_term(4097, kappa) <= rank_term(4096, kappa)


def ran(model, *scores):
    due = []
    for number, score in enumerate(scores):
        model.start("a", number, number)
        due += model.finish(number, score, number)
    return due


def test_ranks_with_ties_counted_in_full():
    model = ConformalModel([HALF], 3)
    due = ran(model, 5, 5, 7, 9, 5, 1)
    assert [one.increments for one in due[:3]] == [None] * 3
    n4, n5, n6 = (count_term(count, HALF) for count in (4, 5, 6))
    assert due[3].increments == [n4]  # the highest
    assert due[4].increments == [rank_term(5, HALF) + n5]  # two above, two equal
    assert due[5].increments == [rank_term(6, HALF) + n6]


def test_seeded_ties_are_spread_evenly_over_the_ranks_that_they_share():
    counts = dict.fromkeys(range(1, 5), 0)
    terms = {rank_term(rank, HALF) + count_term(4, HALF): rank for rank in counts}
    for seed in range(400):
        model = ConformalModel([HALF], 3, seed)
        counts[terms[ran(model, 5, 5, 5, 5)[3].increments[0]]] += 1
    assert all(70 <= one <= 130 for one in counts.values())


def test_runs_become_due_in_the_order_of_their_starts():
    model = ConformalModel([HALF], 1)
    for number in range(3):
        model.start("a", number, number)
    assert model.finish(1, 50, 10) == model.finish(2, 40, 11) == []
    due = model.finish(0, 45, 12)
    assert [one.run for one in due] == [0, 1, 2]
    assert due[1].increments == [count_term(2, HALF)]
    assert due[2].increments == [rank_term(3, HALF) + count_term(3, HALF)]


def test_past_its_deadline_a_run_counts_with_the_score_it_had():
    model = ConformalModel([HALF], 0, deadline=10)
    model.start("a", 0, 0)
    model.start("a", 1, 1)
    model.observe(0, 7, 9)
    assert model.finish(1, 8, 10) == []
    due = model.observe(0, 99, 11)
    assert [one.run for one in due] == [0, 1] and model._past == [7, 8]
    assert model.finish(0, 100, 12) == []


def test_what_was_cut_for_suspicion_is_ranked_and_stands_as_infinite_in_the_history():
    model = ConformalModel([HALF], 1)
    ran(model, 5)
    model.start("a", 1, 1)
    assert model.finish(1, 3, 1, suspected=True)[0].increments == [
        rank_term(2, HALF) + count_term(2, HALF)
    ]
    model.start("a", 2, 2)
    assert model.finish(2, 2**63 - 2, 2)[0].increments == [rank_term(2, HALF) + count_term(3, HALF)]


scores = st.integers(0, 4)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(scores, min_size=4, max_size=4),
    st.lists(st.tuples(scores, st.booleans()), min_size=1, max_size=4),
    scores,
    st.sampled_from([MonitorMode.RESTART, MonitorMode.CUSUM, MonitorMode.SPREAD]),
    st.sampled_from([None, 3]),
)
def test_a_provisional_statistic_is_never_above_the_final_one(past, earlier, score, mode, seed):
    model = ConformalModel([QUARTER, HALF], 4, seed)
    monitor = MonitorModel(mode, [-65536, -65536], Q16_16.max_code)
    ran(model, *past)
    for number in range(4, 4 + len(earlier) + 1):
        model.start("a", number, number)
    for number, (final, ends_early) in enumerate(earlier, start=4):
        if ends_early:
            for one in model.finish(number, final, 20):
                monitor.update("a", one.increments)
    last = 4 + len(earlier)
    given_ = model.provisional(last, score)
    provisional = monitor.update("a", given_, commit=False).statistic
    final, due = None, []
    for number, (one, ends_early) in enumerate(earlier, start=4):
        if not ends_early:
            due += model.finish(number, one, 30)
    due += model.finish(last, score, 31)
    for one in due:
        final = monitor.update("a", one.increments).statistic
    assert provisional <= final
