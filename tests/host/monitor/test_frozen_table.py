"""Frozen tables: limits and terms against the golden model, their promise, their bytes."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import consilience as cs
from consilience.errors import BadInput, ImpossibleState
from consilience.monitor.bin_terms import bin_terms
from consilience_sim.golden.frozen import frozen_limits, frozen_terms

ONE = 1 << 32
KAPPAS = ("1/4", "1/2")
COUNTS = [700, 200, 80, 0, 15, 5]


@pytest.mark.parametrize(
    ("counts", "delta"), [(COUNTS, "1/100"), ([0, 998, 0, 3, 0], "1/3"), ([500, 501], "0.02")]
)
def test_tables_are_those_of_the_golden_model(counts, delta):
    table = cs.FrozenTable.fit(counts, KAPPAS, delta)
    limits = frozen_limits(counts, Fraction(delta))
    assert table.fields.limits == tuple(limits)
    assert table.codes.T.tolist() == [frozen_terms(limits, Fraction(one)) for one in KAPPAS]


falling = st.lists(st.integers(1, ONE), min_size=1, max_size=6).map(
    lambda values: tuple(sorted(values, reverse=True))
)
bets = st.sampled_from([Fraction(a, b) for a, b in [(1, 4), (1, 2), (3, 4), (5, 16), (1, 256)]])


@settings(max_examples=100, deadline=None)
@given(falling | st.sets(st.sampled_from([ONE, ONE // 2, 3, 2, 1])).map(
    lambda values: tuple(sorted({1, *values}, reverse=True))), bets)  # fmt: skip
def test_terms_are_those_of_the_golden_model_and_pay_at_most_one(limits, kappa):
    terms = bin_terms(limits, kappa)
    assert terms == sorted(terms)
    with mpmath.workprec(120):
        steps = [a - b for a, b in zip(limits, [*limits[1:], 0], strict=True)]
        paid = sum(
            step * mpmath.mpf(2) ** (mpmath.mpf(x) / 65536)
            for step, x in zip(steps, terms, strict=True)
        )
        power = mpmath.mpf(kappa.numerator) / kappa.denominator
        whole = ONE * (mpmath.mpf(limits[0]) / ONE) ** power
        assert whole * 2 ** mpmath.mpf(-1 / 65536) <= paid * (1 + mpmath.mpf(2) ** -100)
        assert paid <= whole * (1 + mpmath.mpf(2) ** -100)
    try:
        assert terms == frozen_terms(limits, kappa)
    except ArithmeticError:  # a slope that is a power of two exactly
        assert set(limits) <= {ONE, ONE // 2, 3, 2, 1}


@pytest.mark.parametrize(
    ("limits", "kappa", "bits"),
    [
        ((ONE,), "1/4", 0.0),
        ((ONE // 2,), "1/4", 0.75),
        ((18 * 49, 2 * 49), "1/2", 13.5 - np.log2(7)),
        ((18 << 20, 2 << 20), "1/2", 3.5),
        ((9 << 20, 1 << 20), "1/2", 4.0),
        ((1,), "1/65536", 32 * 65535 / 65536),
    ],
)
def test_slopes_that_are_powers_of_two_are_decided(limits, kappa, bits):
    assert bin_terms(limits, Fraction(kappa))[0] == int(np.floor(bits * 65536))


def test_bins_that_no_limit_tells_apart_pay_alike():
    table = cs.FrozenTable.fit(COUNTS)
    assert table.fields.limits[3] == table.fields.limits[4]
    assert (table.codes[3] == table.codes[4]).all() and (table.codes[4] < table.codes[5]).all()
    limits = (ONE, 5 << 20, 5 << 20, 1 << 20)
    terms = bin_terms(limits, Fraction(1, 2))
    assert terms[1] == terms[2] < terms[3]


def test_scores_are_binned_by_edges():
    rng = np.random.default_rng(4)
    scores = rng.integers(0, 100, 1_500)
    edges = [50, 80, 95]
    table = cs.FrozenTable.fit_scores(scores, edges)
    expected = (scores[:, None] >= np.array(edges)).sum(axis=1)
    assert (table.bins(scores) == expected).all()
    assert table.fields.counts == tuple(np.bincount(expected).tolist())
    assert (table.increments(table.bins(scores)) == table.codes[expected]).all()
    far = np.array([2**63 - 1, 94], np.uint64)  # which a float would not tell from others
    assert table.bins(far).tolist() == [3, 2]
    assert table.increments([]).shape == (0, 2)
    same = cs.FrozenTable.fit(table.fields.counts)
    assert (same.codes == table.codes).all() and bytes(same) != bytes(table)
    with pytest.raises(BadInput, match="has no edges"):
        same.bins(scores)


def test_a_monitor_takes_the_increments():
    table = cs.FrozenTable.fit(COUNTS)
    with cs.open("cpu").monitor(2, arl=1_000, source=table.source) as mon:
        good = mon.update(np.zeros(50, np.int64), table.increments(np.zeros(50, np.int64)))
        bad = mon.update(np.zeros(9, np.int64), table.increments(np.full(9, 5)))
    assert not len(good.alarms) and len(bad.alarms) == 1


def test_bytes_are_canonical_and_proved_again():
    for table in (
        cs.FrozenTable.fit(COUNTS, ("1/2", "5/16"), "2/7"),
        cs.FrozenTable.fit_scores(np.arange(1_000), [100, 990]),
    ):
        data = bytes(table)
        again = cs.FrozenTable.from_bytes(data)
        assert bytes(again) == data and (again.codes == table.codes).all()
        assert again.fields == table.fields


def test_the_head_of_the_bytes():
    data = bytes(cs.FrozenTable.fit(COUNTS, ("1/2", "5/16"), "2/7"))
    assert data[:6] == b"CNFT\x01\0" and data[10:16] == bytes([2, 0, 6, 0, 0, 0])
    assert data[16:32] == (2).to_bytes(8, "little") + (7).to_bytes(8, "little")
    assert data[32:38] == bytes([1, 0, 1, 5, 0, 4])
    scored = bytes(cs.FrozenTable.fit_scores(np.arange(1_000), [100, 990]))
    assert scored[11] == 1 and scored[-16:] == np.array([100, 990], "<i8").tobytes()


def test_no_cut_or_flipped_bytes_pass_for_others():
    data = bytes(cs.FrozenTable.fit_scores(np.arange(1_000), [900]))
    for size in range(len(data)):
        with pytest.raises(ImpossibleState):
            cs.FrozenTable.from_bytes(data[:size])
    with pytest.raises(ImpossibleState):
        cs.FrozenTable.from_bytes(data + b"\0")
    passed = 0
    for place in range(len(data)):
        for bit in (1, 16):
            changed = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
            try:
                other = cs.FrozenTable.from_bytes(changed)
            except ImpossibleState:
                continue
            assert bytes(other) == changed
            passed += 1
    assert passed <= 24  # another edge or bet is another table


def test_an_unreduced_delta_is_refused():
    data = bytearray(bytes(cs.FrozenTable.fit(COUNTS, ("1/2",), "1/100")))
    place = data.index((1).to_bytes(8, "little") + (100).to_bytes(8, "little"))
    data[place : place + 16] = (2).to_bytes(8, "little") + (200).to_bytes(8, "little")
    with pytest.raises(ImpossibleState, match="not those"):
        cs.FrozenTable.from_bytes(bytes(data))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cs.FrozenTable.fit([900, 99]), "999 calibration runs: 1,000 to"),
        (lambda: cs.FrozenTable.fit([10**7, 1]), "10,000,001 calibration runs"),
        (lambda: cs.FrozenTable.fit([1_000]), "1 bins: 2 to"),
        (lambda: cs.FrozenTable.fit([1_001, -1]), "0 or more"),
        (lambda: cs.FrozenTable.fit([1e3, 1.0]), "must be integers"),
        (lambda: cs.FrozenTable.fit(COUNTS, delta=1), "between 0 and 1"),
        (lambda: cs.FrozenTable.fit(COUNTS, delta="1/1" + 25 * "0"), "64 bits"),
        (lambda: cs.FrozenTable.fit(COUNTS, kappas=("1/3",)), "kappa 1/3"),
        (lambda: cs.FrozenTable.fit_scores([1], [3, 3]), "ascending"),
        (lambda: cs.FrozenTable.fit_scores([0.5], [3]), "scores must be integers"),
        (lambda: cs.FrozenTable.fit_scores(np.full(1_000, 2**63, np.uint64), [3]), "64 bits"),
        (lambda: cs.FrozenTable.fit(COUNTS).increments([6]), "none of 0 .. 5"),
        (lambda: cs.FrozenTable.fit(COUNTS).increments([-1]), "none of 0 .. 5"),
        (lambda: cs.FrozenTable.fit(COUNTS).increments([0.0]), "bins must be integers"),
    ],
)
def test_what_cannot_be_right_is_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()
