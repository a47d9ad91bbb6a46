"""Increments of a model: against the golden model, as e-values, and what is not certified."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import consilience as cs
from consilience.errors import BadInput, ImpossibleState
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.model import model_increments

ZERO = Q16_16.log_of_zero
weights = st.lists(
    st.floats(1e-6, 1) | st.sampled_from([1e-300, 1e-30, 0.5]), min_size=3, max_size=7
)


def logs(values):
    with np.errstate(divide="ignore"):
        return np.log(np.array(values) / np.sum(values))[np.newaxis]


@settings(max_examples=150, deadline=None)
@given(weights, st.data())
def test_increments_are_those_of_the_golden_model_and_pay_at_most_one(base, data):
    size = len(base)
    one = st.floats(0, 1) | st.just(0.0)
    other = data.draw(st.lists(one, min_size=size, max_size=size).filter(any))
    unseen, end = data.draw(st.permutations(range(size)))[:2]
    p0, p1 = logs(base), logs(other)
    expected, certified = model_increments(
        [Fraction(x) for x in p0[0].tolist()], cs.to_codes(p1)[0].tolist(), unseen
    )
    assert certified
    made = cs.ModelIncrements(p0, p1, unseen=unseen, end=end)
    assert made.codes[0].tolist() == expected
    assert expected[unseen] <= 0
    with mpmath.workprec(200):
        paid = sum(
            mpmath.exp(mpmath.mpf(x)) * mpmath.mpf(2) ** (mpmath.mpf(int(c)) / 65536)
            for x, c in zip(p0[0].tolist(), made.codes[0], strict=True)
            if c != ZERO
        )
        assert paid <= 1


@settings(max_examples=60, deadline=None)
@given(st.integers(-40, 40), st.integers(3, 5))
def test_what_pays_more_than_one_is_refused_just_there(above, size):
    """p1 that sums to 2**(above / 65536), about: where the golden model says no, so do we."""
    p0 = logs([1] * size)
    p1 = p0 + above / 65536 * np.log(2)
    p1[:, 0] -= 1e-9
    _, certified = model_increments(
        [Fraction(x) for x in p0[0].tolist()], cs.to_codes(p1)[0].tolist(), 0
    )
    assert certified or above > 0
    assert not certified or above < 3
    if certified:
        cs.ModelIncrements(p0, p1, unseen=0, end=1)
    else:
        with pytest.raises(BadInput, match="context 0: its increments pay"):
            cs.ModelIncrements(p0, p1, unseen=0, end=1)


def test_the_certificate_ends_one_ulp_below_1():
    """Sums of 2**(above / 65536), about: every code of a sum around 0 is met."""
    p0 = np.log([[0.5, 0.5, 1e-9]])
    found = []
    for above in np.arange(-1, 6, 0.25):
        p1 = p0 + above / 65536 * np.log(2)
        _, certified = model_increments(
            [Fraction(x) for x in p0[0].tolist()], cs.to_codes(p1)[0].tolist(), 2
        )
        found.append(certified)
        if certified:
            cs.ModelIncrements(p0, p1, unseen=2, end=1)
        else:
            with pytest.raises(BadInput, match="its increments pay"):
                cs.ModelIncrements(p0, p1, unseen=2, end=1)
    assert found == sorted(found, reverse=True) and 4 < sum(found) < len(found) - 4


def test_the_end_of_a_run_is_part_of_the_certificate():
    """Calls alone sum to 1 under p1, and the end has a probability of its own on top."""
    p0 = np.log([[0.5, 0.3, 0.2]])
    p1 = np.log([[0.7, 0.3, 0.4]])
    with pytest.raises(BadInput, match=r"pay up to 2\*\*0\.4854"):
        cs.ModelIncrements(p0, p1, unseen=1, end=2)


def test_each_context_is_certified():
    p0 = np.log(np.full((5, 4), 0.25))
    p1 = p0.copy()
    p1[3, 2] = np.log(0.26)
    with pytest.raises(BadInput, match="context 3"):
        cs.ModelIncrements(p0, p1, unseen=0, end=1)


def test_runs_end_with_their_end():
    rng = np.random.default_rng(8)
    p0, p1 = (np.log(rng.dirichlet(np.ones(6), 4)) for _ in range(2))
    made = cs.ModelIncrements(p0, p1, unseen=4, end=5)
    contexts, calls = [0, 3, 1], [2, 4]
    found = made.run(contexts, calls)
    assert found.shape == (3, 1) and found.dtype == np.int32
    assert found[:, 0].tolist() == [made.codes[0, 2], made.codes[3, 4], made.codes[1, 5]]
    assert (found == made.increments(contexts, [*calls, 5])).all()
    assert made.run([2], []).tolist() == [[made.codes[2, 5]]]
    with cs.open("cpu").monitor(1, arl=1_000, source=made.source) as mon:
        mon.update([7] * 3, found)
        assert mon.state(7).observations == 3


def test_mean_payment_of_runs_that_follow_p0():
    """Exactly, over all runs of at most 6 calls: the end taken, a run pays 1 at most; else more."""
    p0, p1 = np.array([0.5, 0.1, 0.4]), np.array([0.85, 0.1, 0.05])
    made = cs.ModelIncrements(np.log([p0]), np.log([p1]), unseen=1, end=2)
    pays = p0 * 2.0 ** (made.codes[0] / 65536)
    calls = pays[:2].sum()
    with_end = sum(calls**n * pays[2] for n in range(6)) + calls**6
    without = sum(calls**n * p0[2] for n in range(6)) + calls**6
    assert with_end <= 1 < without


def test_bytes_are_canonical_and_certified_again():
    rng = np.random.default_rng(3)
    p0, p1 = (np.log(rng.dirichlet(np.ones(5), 3)) for _ in range(2))
    made = cs.ModelIncrements(p0, p1, unseen=3, end=1)
    data = bytes(made)
    assert data[:6] == b"CNMI\x01\0" and len(data) == 26 + 8 * 15
    assert data[10:26] == np.array([3, 5, 3, 1], "<u4").tobytes()
    again = cs.ModelIncrements.from_bytes(data)
    assert bytes(again) == data and (again.codes == made.codes).all()
    assert (again.unseen, again.end) == (3, 1)


def test_bytes_that_no_probabilities_have_are_refused():
    p0, p1 = np.log([[0.5, 0.2, 0.3]]), np.log([[0.2, 0.2, 0.6]])
    data = bytes(cs.ModelIncrements(p0, p1, unseen=0, end=1))
    assert data.endswith(cs.to_codes(p1).tobytes())
    for size in range(len(data)):
        with pytest.raises(ImpossibleState):
            cs.ModelIncrements.from_bytes(data[:size])
    with pytest.raises(ImpossibleState, match="missing or left over"):
        cs.ModelIncrements.from_bytes(data + b"\0")
    passed = 0
    for place in range(len(data)):
        for bit in (1, 16, 128):
            changed = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
            try:
                assert bytes(cs.ModelIncrements.from_bytes(changed)) == changed
            except ImpossibleState:
                continue
            passed += 1
    assert 0 < passed < 75  # a lower c1, or a higher c0, is another model that holds

    def with_codes(c0, c1):
        return data[:26] + np.array([*c0, *c1], "<i4").tobytes()

    low = [-65536, -200_000, -113_000]
    for c0, c1, words in (
        ([ZERO, *low[1:]], low, "that no probabilities have"),
        ([1, *low[1:]], low, "that no probabilities have"),
        (low, [1, *low[1:]], "that no probabilities have"),
        (low, [-1, -1, -1], "its increments pay"),
    ):
        with pytest.raises(ImpossibleState, match=words):
            cs.ModelIncrements.from_bytes(with_codes(c0, c1))
    assert cs.ModelIncrements.from_bytes(with_codes(low, low)).codes.tolist() == [[-2, -2, -2]]


GOOD = np.log([[0.5, 0.2, 0.3]])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cs.ModelIncrements(GOOD, GOOD[:, :2], unseen=0, end=1), "one shape"),
        (lambda: cs.ModelIncrements(GOOD[0], GOOD, unseen=0, end=1), "p0: real numbers of shape"),
        (lambda: cs.ModelIncrements(GOOD, GOOD, unseen=0, end=0), "two different columns"),
        (lambda: cs.ModelIncrements(GOOD, GOOD, unseen=0, end=3), "two different columns"),
        (lambda: cs.ModelIncrements(GOOD, -GOOD, unseen=0, end=1), "is 0 at most"),
        (lambda: cs.ModelIncrements(logs([1, 0, 1]), GOOD, unseen=0, end=1), "symbol 1 in context"),
        (lambda: cs.ModelIncrements(GOOD * np.nan, GOOD, unseen=0, end=1), "NaN"),
        (lambda: made().increments([0], [3]), "a symbol that is none of 0 .. 2"),
        (lambda: made().increments([1], [0]), "a context that is none of 0 .. 0"),
        (lambda: made().increments([0, 0], [0]), "2 contexts for 1 symbols"),
        (lambda: made().increments([0], [0.5]), "must be integers"),
        (lambda: made().run([0, 0], [1]), "give its calls alone"),
        (lambda: made().run([0], [0]), "1 contexts for 2 symbols"),
    ],
)
def test_what_cannot_be_right_is_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()


def made():
    return cs.ModelIncrements(GOOD, GOOD, unseen=0, end=1)
