"""Reports of which some lie: against the golden model, and exactly what they pay on average."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import consilience as cs
from consilience.errors import BadInput
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden import liars

ZERO, MAX, BIT = Q16_16.log_of_zero, Q16_16.max_code, 65536
LEAST = 6 * BIT
codes = st.integers(-9 * BIT, 9 * BIT) | st.sampled_from([ZERO, ZERO + 1, MAX, -1, 0, 1])
clips = st.sampled_from([LEAST, LEAST + 128, 8 * BIT, 17 * BIT, 20 * BIT, 1 << 31])


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(1, 9), clips, st.booleans())
def test_increments_are_those_of_the_golden_model(data, n, clip, after):
    faulty = data.draw(st.integers(0, n - 1))
    rows = data.draw(st.lists(st.lists(codes, min_size=n, max_size=n), min_size=1, max_size=4))
    present = np.ones((len(rows), n), bool)
    for row in present:
        row[data.draw(st.permutations(range(n)))[: data.draw(st.integers(0, faulty))]] = False
    told = [
        [one if here else None for one, here in zip(*pair, strict=True)]
        for pair in zip(rows, present, strict=True)
    ]
    found = cs.independent_reports(rows, faulty, clip, present, after)
    assert found.dtype == np.int32
    assert found.tolist() == [liars.independent_increment(one, faulty, clip, after) for one in told]
    found = cs.dependent_reports(rows, faulty, present)
    assert found.dtype == np.int32
    assert found.tolist() == [liars.dependent_increment(one, faulty) for one in told]


def test_ends_of_the_codes():
    many = np.full((1, 300), MAX, np.int32)
    assert cs.independent_reports(many, 0, 1 << 31).tolist() == [MAX]
    assert cs.independent_reports(np.full((1, 300), ZERO), 0, 1 << 31).tolist() == [ZERO]
    assert cs.dependent_reports(many, 0)[0] < MAX
    assert cs.dependent_reports(np.full((1, 3), ZERO), 1).tolist() == [ZERO]
    assert cs.dependent_reports(np.full((1, 3), ZERO + 1), 1).tolist() == [ZERO]
    assert cs.dependent_reports(np.zeros((0, 3), np.int32), 1).shape == (0,)


LAW = {3 * BIT: 1 / 16, 0: 7 / 16, -3 * BIT: 1 / 2}
"""An honest report and its probability: an e-value whose mean is exactly 1."""
LIES = (ZERO, -3 * BIT, 0, 3 * BIT - 1, 3 * BIT, MAX)
N = 5


def honest(dependent):
    """All outcomes, (outcomes, n), and their probabilities."""
    if dependent:  # all of one observation
        return np.array([[y] * N for y in LAW]), np.array(list(LAW.values()))
    outcomes = np.array(list(product(LAW, repeat=N)))
    return outcomes, np.prod(np.vectorize(LAW.get)(outcomes), axis=1)


def worst(fuse, outcomes, who):
    """The most that liars can bring at each outcome, by any lies or by silence of the first."""
    found = np.full(len(outcomes), -np.inf)
    for lies in product(LIES, repeat=len(who)):
        reports = outcomes.copy()
        reports[:, list(who)] = lies
        for silent in {0, min(1, len(who))}:
            present = np.ones(reports.shape, bool)
            present[:, list(who[:silent])] = False
            found = np.maximum(found, fuse(reports, present))
    return found


def paid(fuse, dependent, faulty, after):
    """The mean of 2**x at its worst: over fixed liars, or over those who suit the outcome best."""
    outcomes, chances = honest(dependent)
    each = np.array([worst(fuse, outcomes, who) for who in combinations(range(N), faulty)])
    if after:
        each = each.max(axis=0)
    pays = 2.0 ** np.minimum(each / BIT, 500) @ chances  # the largest code is too large a power
    return float(np.max(pays))


def independent(faulty, after=False):
    return lambda reports, here: cs.independent_reports(reports, faulty, 8 * BIT, here, after)


def dependent(faulty):
    return lambda reports, here: cs.dependent_reports(reports, faulty, here)


@pytest.mark.parametrize("faulty", [0, 1, 2])
def test_independent_reports_pay_at_most_one_whatever_liars_say(faulty):
    least = 0.9 if not faulty else 0.4
    assert least < paid(independent(faulty), False, faulty, after=False) <= 1
    assert paid(independent(faulty, after=True), False, faulty, after=True) <= 1


@pytest.mark.parametrize("faulty", [0, 1, 2])
@pytest.mark.parametrize("same", [True, False])
def test_dependent_reports_pay_at_most_one_whatever_liars_say(faulty, same):
    assert 0.1 < paid(dependent(faulty), same, faulty, after=True) <= 1


def test_without_a_correction_they_pay_more():
    summed = paid(lambda y, here: np.where(here, np.minimum(y, 9 * BIT), 0).sum(1), False, 1, False)
    assert summed > 100
    # Liars who see first whom to replace gain, if their choice is not paid for.
    assert paid(independent(2), False, 2, after=True) > 1
    # Independence is needed for a sum: of one observation it counts the same evidence five times.
    assert paid(independent(0), True, 0, after=False) > 1
    # One liar more than allowed for.
    assert paid(dependent(1), True, 2, after=False) > 1


@pytest.mark.parametrize("fuse", [cs.dependent_reports, cs.independent_reports])
def test_one_increment_for_each_observation(fuse):
    rng = np.random.default_rng(2)
    reports = rng.integers(-5 * BIT, 5 * BIT, (40, 7)).astype(np.int32)
    whole = fuse(reports, 2)
    assert whole.shape == (40,)
    assert whole.tolist() == [int(fuse(row[np.newaxis], 2)[0]) for row in reports]
    shuffled = rng.permuted(reports, axis=1)
    assert (fuse(shuffled, 2) == whole).all()
    assert (fuse(reports + 1, 2) >= whole).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cs.dependent_reports([1, 2], 0), "are .observations, reporters."),
        (lambda: cs.dependent_reports([[1, 2]], 2), "2 faulty of 2 reporters"),
        (lambda: cs.dependent_reports([[1, 2]], -1), "-1 faulty"),
        (lambda: cs.dependent_reports([[0.5, 2]], 1), "reports must be integers"),
        (lambda: cs.dependent_reports([[1, 2]], 1, [[1, 1]]), "give bool"),
        (lambda: cs.dependent_reports([[1, 2]], 1, [[True]]), "one for each report"),
        (
            lambda: cs.dependent_reports([[1, 2, 3]] * 2, 1, [[True] * 3, [True, False, False]]),
            "observation 1: 2 silent reporters, of 1",
        ),
        (lambda: cs.independent_reports([[1, 2]], 1, LEAST - 128), "6 bits"),
        (lambda: cs.independent_reports([[1, 2]], 1, LEAST + 1), "multiple of 128"),
        (lambda: cs.independent_reports([[1, 2]], 1, 1 << 32), "6 bits"),
    ],
)
def test_what_cannot_be_right_is_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()
