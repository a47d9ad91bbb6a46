"""`RobustHistogram` and `Device.robust` against the golden model; G1, G2 and G3 as stated."""

from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import consilience as cs
from consilience.errors import BadInput, CapacityExceeded, ImpossibleState
from consilience.robust.robust_query import robust_over
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import Decision
from consilience_sim import golden

CODES = st.one_of(
    st.integers(-1000, 1000),
    st.integers(-(2**31), 2**31 - 1),
    st.sampled_from([Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code]),
)
UNITS = st.one_of(st.integers(1, 9), st.sampled_from([512, 1024, 2**24 - 1, 2**24]))
THRESHOLDS = st.one_of(st.integers(-3000, 3000), st.integers(-(2**70), 2**70))


@pytest.fixture(scope="module")
def device():
    with cs.open("cpu") as one:
        yield one


def check_guarantees(honest, lies, faulty, unit, result, threshold):
    """Assert G1, G2 and G3 of `result` from the honest reporters' binned ratios alone."""
    trimmed_sum, trimmed_count, low, high, *_, decision = result
    values = sorted(golden.binned_ratio(x, unit) for x in honest)
    kept = len(honest) + len(lies) - 2 * faulty
    assert sum(values[:kept]) * trimmed_count <= trimmed_sum * kept
    assert trimmed_sum * kept <= sum(values[len(values) - kept :]) * trimmed_count
    total = sum(values)
    assert low <= total <= high
    if decision:
        assert decision == (total * unit > threshold) - (total * unit < threshold)


@given(st.lists(CODES, min_size=1, max_size=40), UNITS, THRESHOLDS, st.data())
def test_cpu_equals_golden(device, ratios, unit, threshold, data):
    faulty = data.draw(st.integers(0, (len(ratios) - 1) // 3))
    found = device.robust(ratios, faulty, 128 * unit, threshold)
    expected = golden.robust(ratios, faulty, unit, threshold)
    assert (*found[:4], found.decision) == expected
    assert found.unit == unit


@given(st.data(), st.lists(CODES, max_size=13), UNITS, THRESHOLDS)
def test_guarantees_hold_for_any_lies(data, lies, unit, threshold):
    faulty = data.draw(st.integers(len(lies), 13))
    honest = data.draw(
        st.lists(CODES, min_size=3 * faulty + 1 - len(lies), max_size=3 * faulty + 9 - len(lies))
    )
    scan = cs.RobustHistogram.of(honest + lies, 128 * unit).scan(faulty, threshold)
    check_guarantees(honest, lies, faulty, unit, scan, threshold)


@pytest.mark.parametrize("n", range(1, 8))
def test_every_case_of_few_reporters(n):
    values = (-2, -1, 0, 1, 2) if n < 6 else (-2, 0, 1)
    cases = 0
    for faulty in range((n - 1) // 3 + 1):
        for liars in range(faulty + 1):
            for honest in combinations_with_replacement(values, n - liars):
                for lies in product((-(2**31), *values, 2**31 - 1), repeat=liars):
                    state = cs.RobustHistogram.of([*honest, *lies], 128)
                    for threshold in (-3, 0, 3):
                        scan = state.scan(faulty, threshold)
                        expected = golden.robust([*honest, *lies], faulty, 1, threshold)
                        assert (*scan[:4], scan.decision, scan.unit) == (*expected, 1)
                        check_guarantees(honest, lies, faulty, 1, scan, threshold)
                        cases += 1
    assert cases >= 3 * len(values)


@given(st.lists(CODES, max_size=30), st.lists(CODES, max_size=30), UNITS)
def test_merge_and_retraction_are_exact(kept, gone, unit):
    state = cs.RobustHistogram.of(kept, 128 * unit).merge(cs.RobustHistogram.of(gone, 128 * unit))
    assert bytes(state) == bytes(cs.RobustHistogram.of([*gone, *kept][::-1], 128 * unit))
    assert bytes(state.remove(gone)) == bytes(cs.RobustHistogram.of(kept, 128 * unit))
    again = cs.RobustHistogram.from_bytes(bytes(state))
    assert bytes(again) == bytes(state)
    assert again.count == len(kept)


def test_impossible_changes_are_refused_and_leave_the_state():
    state = cs.RobustHistogram.of([0, 5], 128)
    before = bytes(state)
    with pytest.raises(ImpossibleState, match="bin 1 does not hold"):
        state.remove([1])
    with pytest.raises(BadInput, match="do not mix"):
        state.merge(cs.RobustHistogram(256))
    assert bytes(state) == before
    full = before[:14] + np.array([(0, 2**32)], [("bin", "<i2"), ("count", "<u8")]).tobytes()
    with pytest.raises(CapacityExceeded):
        cs.RobustHistogram.from_bytes(full).add(0)


def test_bytes_of_no_histogram_are_refused():
    good = bytes(cs.RobustHistogram.of([-1, 4], 128))
    first, second = good[14:24], good[24:]
    broken = [
        b"",
        good[:-1],
        good + b"\0",
        b"X" + good[1:],
        good[:4] + b"\2" + good[5:],
        good[:6] + b"\0\0\0\0" + good[10:],
        good[:10] + b"\0\0\0\0" + good[14:],
        good[:14] + second + first,
        good[:16] + bytes(8) + second,
        good[:14] + first + first,
        good[:14] + b"\x81\0" + good[16:24],
        good[:14] + b"\x7f\xff" + good[16:24] + second,
        good[:16] + b"\xff" * 8,
        good[:16] + b"\0" * 7 + b"\x80" + second[:2] + b"\0" * 7 + b"\x80",  # their sum wraps
    ]
    for data in broken:
        with pytest.raises(ImpossibleState):
            cs.RobustHistogram.from_bytes(data)


def test_bytes_in_any_buffer():
    good = bytes(cs.RobustHistogram.of([-1, 4], 128))
    for data in (bytearray(good), np.frombuffer(good, "<u2")):
        assert bytes(cs.RobustHistogram.from_bytes(data)) == good


def test_as_many_ratios_as_there_may_be():
    counts = np.zeros(257, np.int64)
    counts[[3, 128]] = 2**32 - 1, 1
    state = cs.RobustHistogram.of_counts(counts, 128)
    assert state.count == 2**32
    assert bytes(cs.RobustHistogram.from_bytes(bytes(state))) == bytes(state)


def test_a_histogram_refuses_too_few_by_itself_and_compares_with_0():
    for faulty in (1, -1):
        with pytest.raises(BadInput, match=f"3 reporters cannot tolerate {faulty} faulty"):
            cs.RobustHistogram.of([1, 2, 3], 128).scan(faulty)
    for ratio, decision in ((1, Decision.ABOVE), (0, Decision.UNDECIDED), (-1, Decision.BELOW)):
        assert cs.RobustHistogram.of([ratio], 128).scan(0).decision is decision
        assert cs.open("cpu").robust([ratio], 0, 128).decision is decision


@pytest.mark.parametrize(("hypotheses", "fits"), [(15, True), (16, True), (17, False)])
def test_the_pairs_of_up_to_16_hypotheses(device, hypotheses, fits):
    pairs = hypotheses * (hypotheses - 1) // 2
    ratios = np.ones((1, pairs), np.int32)
    if fits:
        assert (device.robust(ratios, 0, 128).decision == Decision.ABOVE).all()
    else:
        with pytest.raises(BadInput, match="136 pairs are not the pairs of 2 to 16 hypotheses"):
            device.robust(ratios, 0, 128)


def test_a_device_is_asked_with_integers_only():
    asked = []

    def scan(ratios, *given):
        asked.append(given)
        return cs.RobustHistogram.of(ratios, 128).scan(0)

    robust_over(scan, [1], np.int64(0), 128, np.int64(-3))
    assert [tuple(map(type, given)) for given in asked] == [(int, int, int)]
    for wrong in ({"faulty": 0.0}, {"faulty": 0, "threshold": 1.0}):
        with pytest.raises(BadInput, match="must be integers"):
            robust_over(scan, [1], clip=128, **wrong)
    assert len(asked) == 1


@given(st.integers(2, 5), st.data())
def test_pairs_are_undecided_where_no_order_agrees(device, hypotheses, data):
    pairs = hypotheses * (hypotheses - 1) // 2
    row = data.draw(st.lists(st.sampled_from([-300, 0, 300]), min_size=pairs, max_size=pairs))
    found = device.robust([row] * 4, 1, 128)
    one_by_one = [golden.robust([x] * 4, 1, 1) for x in row]
    assert found.low.tolist() == [one[2] for one in one_by_one]
    expected = golden.robust_pairs([one[4] for one in one_by_one], hypotheses)
    assert found.decision.tolist() == expected


def test_a_circle_of_pairs_is_undecided(device):
    assert device.robust([[9, -9, 9]] * 4, 0, 128).decision.tolist() == [0, 0, 0]
    assert device.robust([[9, 9, 9]] * 4, 0, 128).decision.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("ratios", "faulty", "clip", "threshold", "message"),
    [
        ([1, 2, 3], 1, 128, 0, "^3 reporters cannot tolerate 1 faulty: n must exceed 3f$"),
        ([], 0, 128, 0, "0 reporters"),
        ([1], -1, 128, 0, "cannot tolerate -1 faulty"),
        ([1], 0, 100, 0, "multiple of 128"),
        ([1], 0, 0, 0, "clip must be in"),
        ([1], 0, 2**32, 0, "clip must be in"),
        ([1], 0, 128, 0.5, "integers"),
        ([1], 0, 128, [1, 2], "one integer or 1"),
        ([[1, 2]], 0, 128, 0, "2 pairs are not"),
        ([[[1]]], 0, 128, 0, "must be"),
    ],
)
def test_robust_refuses(device, ratios, faulty, clip, threshold, message):
    with pytest.raises(BadInput, match=message):
        device.robust(ratios, faulty, clip, threshold)


def test_guarantee_check_notices_a_fault():
    """Sums one trim too few, and an interval one unit too narrow, fail the check."""
    honest, lies = [0, 0, 0], [2**31 - 1]
    good = golden.robust([*honest, *lies], 1, 1)
    for field, value in ((0, good[0] + 1), (2, good[2] + 1), (3, good[2] - 1), (4, 1)):
        wrong = list(good)
        wrong[field] = value
        with pytest.raises(AssertionError):
            check_guarantees(honest, lies, 1, 1, wrong, 0)


@given(st.lists(CODES, max_size=30), UNITS)
def test_counts_and_sum_are_those_of_the_ratios(ratios, unit):
    state = cs.RobustHistogram.of(np.array(ratios, np.int32), 128 * unit)
    again = cs.RobustHistogram.of_counts(state.counts, 128 * unit)
    assert bytes(again) == bytes(state)
    binned = [min((abs(one) + unit // 2) // unit, 128) * (1 if one > 0 else -1) for one in ratios]
    assert state.sum == sum(binned)


def test_counts_of_no_histogram_are_refused():
    for counts, error in (
        (np.zeros(256, np.int64), BadInput),
        (np.zeros(257), BadInput),
        (np.full(257, -1), ImpossibleState),
        (np.full(257, 1 << 25), CapacityExceeded),
    ):
        with pytest.raises(error):
            cs.RobustHistogram.of_counts(counts, 128)


@pytest.mark.parametrize(
    "counts",
    [[2**62] * 4, np.full(4, 2**63, np.uint64), [2**32, 1], [2**32 + 1]],
    ids=["wraps", "u64", "plus 1", "one bin"],
)
def test_counts_whose_sum_wraps_were_an_empty_histogram(counts):
    given = np.zeros(257, np.asarray(counts).dtype)
    given[: len(counts)] = counts
    with pytest.raises(CapacityExceeded):
        cs.RobustHistogram.of_counts(given, 128)


@pytest.mark.parametrize("call", [{"faulty": 0.9}, {"faulty": 0, "threshold": 2.9}])
def test_fractions_of_reporters_and_ulps_were_cut(call):
    with pytest.raises(BadInput, match="must be integers"):
        cs.RobustHistogram.of([1, 2, 3, 4], 128).scan(**call)
