"""`LogSum`: the multiset alone decides; bytes are canonical; what cannot be is refused."""

import math
import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.errors import BadInput, CapacityExceeded, ImpossibleState
from consilience.exact.log_sum import LogSum
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden

ZERO, LOW, HIGH = Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code
FORMATS = [
    Q16_16,
    LogFormat(bin_width=16),
    LogFormat(bin_width=32, window_bins=3),
    LogFormat(integer_bits=8, fraction_bits=6, mantissa_bits=12),
]

near = st.integers(-80 << 16, 0)
code = st.one_of(near, st.integers(ZERO, HIGH), st.sampled_from([ZERO, LOW, HIGH, 0, -1, 1]))
multiset = st.lists(code, max_size=40)


@given(multiset)
def test_code_is_the_golden_one(codes):
    state = LogSum.of(codes)
    assert (state.code, state.status) == golden.log_sum(codes, Q16_16)
    assert (state.count, state.zeros) == (len(codes) - codes.count(ZERO), codes.count(ZERO))


def test_the_lowest_bin_of_the_window_decides():
    """Sums at a rounding border and one unit beside it."""
    for f in range(0, 65536, 6007):
        border = golden.borders.borders(16)[f] >> golden.borders.WIDTH - 60
        for total in (border - 1, border, border + 1):
            codes = golden.codes_for_sum(total, 0)
            assert LogSum.of(codes).code == golden.log_sum(codes)[0], f"sum {total}"


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: f"{fmt}-B{fmt.bin_width}")
def test_other_formats(fmt):
    choose = random.Random(fmt.identifier)
    one = 1 << fmt.fraction_bits
    for _ in range(200):
        base = choose.randrange(fmt.min_code, fmt.max_code + 1)
        codes = [
            max(fmt.log_of_zero, base - choose.randrange(one * choose.choice([1, 70])))
            for _ in range(choose.randrange(20))
        ]
        state = LogSum.of(codes, fmt)
        assert (state.code, state.status) == golden.log_sum(codes, fmt), codes
        assert LogSum.from_bytes(bytes(state), fmt) == state
        assert state.format == fmt


@given(multiset, multiset, multiset, st.randoms(use_true_random=False))
def test_any_order_and_tree_gives_the_same_bytes(a, b, c, choose):
    whole = bytes(LogSum.of(a + b + c))
    left = LogSum.of(a).merge(LogSum.of(b)).merge(LogSum.of(c))
    right = LogSum.of(c).merge(LogSum.of(a).merge(LogSum.of(b)))
    shuffled = a + b + c
    choose.shuffle(shuffled)
    one_by_one = LogSum()
    for value in shuffled:
        one_by_one.add(value)
    assert bytes(left) == bytes(right) == bytes(one_by_one) == whole


@given(multiset, multiset, st.randoms(use_true_random=False))
def test_what_is_removed_leaves_no_trace(stay, go, choose):
    state = LogSum.of(stay)
    steps = [(LogSum.add, value) for value in go]
    choose.shuffle(steps)
    removed = list(go)
    choose.shuffle(removed)
    for operation, value in steps:
        operation(state, value)
    for value in removed:
        state.remove([value])
    assert bytes(state) == bytes(LogSum.of(stay))
    assert state.code == golden.log_sum(stay, Q16_16)[0]


def test_interleaved_additions_and_removals():
    choose = random.Random(7)
    state, held = LogSum(), []
    for _ in range(3000):
        if held and choose.random() < 0.48:
            state.remove(held.pop(choose.randrange(len(held))))
        else:
            value = choose.choice([ZERO, choose.randrange(-200 << 16, 0), LOW, HIGH])
            state.add(value)
            held.append(value)
    assert bytes(state) == bytes(LogSum.of(held))


def test_arrays_of_any_shape_and_integer_type():
    codes = np.arange(-12, 12, dtype=np.int64).reshape(2, 3, 4) * 1000
    assert LogSum.of(codes) == LogSum.of(codes.astype(np.int32).ravel().tolist())
    assert LogSum.of(5) == LogSum.of([5])
    assert LogSum.of([]) == LogSum()


def test_a_copy_is_independent():
    state = LogSum.of([1, 2])
    other = state.copy().add(3)
    assert (state.count, other.count) == (2, 3)


def test_empty_and_all_zero():
    assert LogSum().code == ZERO
    state = LogSum.of([ZERO] * 3)
    assert (state.code, state.count, state.zeros, state.status) == (ZERO, 0, 3, 0)


def test_saturation():
    state = LogSum.of([HIGH, HIGH])
    assert (state.code, state.status) == (HIGH, ResultStatus.SATURATED)
    assert LogSum.of([HIGH]).status == 0


def test_equality_repr_and_digest():
    state = LogSum.of([0, 0, ZERO])
    assert state == LogSum.of([0, ZERO, 0])
    assert state != LogSum.of([0, 0])
    assert state != "LogSum"
    assert state.digest == LogSum.of([ZERO, 0, 0]).digest
    assert repr(state) == "<LogSum Q16.16: code 65536, 2 codes, 1 zeros>"
    with pytest.raises(TypeError, match="unhashable"):
        hash(state)


def test_bytes_are_as_documented():
    state = LogSum.of([0, ZERO])  # 2**24 in bins 0 .. -3: 1 in bin 0 alone
    header = struct.pack("<4sHIBBBQQ", b"CNLS", 1, Q16_16.identifier, 24, 8, 7, 1, 1)
    assert bytes(state) == header + struct.pack("<hQIB", 0, 1, 1, 0)


def test_the_bytes_of_a_fixed_multiset_are_pinned():
    codes = [(k * k * 7919 - 10**6) % (60 << 16) - (50 << 16) for k in range(1000)]
    assert LogSum.of(codes).digest == (
        "507bcbc0acea9974387d6a273ed138878a918607e72b46e2d6cc6b291d34c79f"
    )


@pytest.mark.parametrize(
    ("codes", "gone"), [([0], [1]), ([0], [0, 0]), ([0], [ZERO]), ([], [5]), ([0, 0], [1 << 16])]
)
def test_removing_what_is_not_there_is_refused_and_changes_nothing(codes, gone):
    state = LogSum.of(codes)
    before = bytes(state)
    with pytest.raises(ImpossibleState, match=r"remove only what was added|never held"):
        state.remove(gone)
    assert bytes(state) == before


def test_what_a_removal_cannot_notice():
    """As documented: a code never added whose parts are all there. What is left may be a code's."""
    state = LogSum.of([0, 3 << 16])  # 1 and 8, in one bin
    state.remove(1 << 16)  # 2: one term with a sum of 7 is left
    assert state.count == 1
    assert state.code == round(65536 * math.log2(7))


def test_capacity_is_sticky():
    state = LogSum.of([0])
    for _ in range(32):
        state.merge(state.copy())
    assert state.count == 1 << 32
    assert state.code == 32 << 16
    full = state.copy()
    with pytest.raises(CapacityExceeded, match="more than 4294967296 codes"):
        state.add(0)
    for operation in (
        lambda: state.code,
        lambda: state.status,
        lambda: bytes(state),
        lambda: state.add([]),
        lambda: state.remove(0),
        lambda: state.window(),
        lambda: LogSum().merge(state),
        lambda: full.copy().merge(LogSum.of([1])),
    ):
        with pytest.raises(CapacityExceeded):
            operation()
    assert repr(state) == "<LogSum Q16.16: over capacity>"
    assert full.add(ZERO).zeros == 1  # a log of zero takes no room


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: f"{fmt}-B{fmt.bin_width}")
def test_the_largest_and_the_lowest_terms_are_possible(fmt):
    """Sums at both ends of what their terms allow, bin by bin."""
    step = fmt.bin_width << fmt.fraction_bits
    for count in (1, 2, 3):
        for base in (fmt.log_of_zero, -step, 0, fmt.max_code + 1 - step):
            for code in (base, base + step - 1):
                codes = [max(code, fmt.min_code)] * count
                state = LogSum.of(codes, fmt)
                assert LogSum.from_bytes(bytes(state), fmt) == state
                assert state.remove(codes[:1]) == LogSum.of(codes[1:], fmt)


def test_too_many_logs_of_zero():
    most = bytearray(bytes(LogSum.of([0])))
    most[21:29] = b"\xff" * 8
    state = LogSum.from_bytes(bytes(most))
    assert state.zeros == 2**64 - 1
    with pytest.raises(CapacityExceeded):
        state.merge(state.copy())


def test_codes_are_no_format():
    with pytest.raises(BadInput, match=r"LogSum.of\(\) takes codes"):
        LogSum([1, 2])


def test_a_number_is_no_bytes():
    with pytest.raises(TypeError):
        LogSum.from_bytes(100)


def test_formats_do_not_mix():
    other = LogSum.of([0], LogFormat(bin_width=16))
    with pytest.raises(BadInput, match="cannot be merged; use one format"):
        LogSum().merge(other)
    with pytest.raises(ImpossibleState, match="states of different formats do not mix"):
        LogSum.from_bytes(bytes(other))
    small = LogFormat(integer_bits=8, fraction_bits=6, mantissa_bits=12)
    with pytest.raises(BadInput, match=r"codes of Q8.6 have 14 bits"):
        LogSum.of([1 << 14], small)


GOOD = bytes(LogSum.of([0, -(5 << 16), 100 << 16, ZERO]))


def changed(place, *values):
    return GOOD[:place] + bytes(values) + GOOD[place + len(values) :]


RECORDS = [GOOD[place : place + 15] for place in range(29, len(GOOD), 15)]


def with_records(*records):
    return GOOD[:29] + b"".join(records)


def record(index, terms, total):
    return struct.pack("<hQIB", index, terms, total & 0xFFFFFFFF, total >> 32)


def with_counts(count, *records):
    return GOOD[:13] + struct.pack("<QQ", count, 0) + b"".join(records)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "0 bytes are no state; its header has 29"),
        (GOOD[:-1], "bytes are no whole state"),
        (GOOD + b"\0", "bytes are no whole state"),
        (GOOD + bytes(15), "not in ascending order|empty bin"),
        (changed(0, 0), "another kind of state"),
        (changed(4, 2), "version 2, this software reads 1"),
        (changed(6, 0), "of format"),
        (changed(10, 23), "P, B, D"),
        (with_records(*RECORDS[::-1]), "not in ascending order"),
        (with_records(RECORDS[0], *RECORDS), "not in ascending order"),
        (with_records(*RECORDS[:-1]), "counts 3 codes but its bins 2"),
        (with_counts(1, record(0, 1, 1), record(1, 0, 0)), "an empty bin"),
        (with_counts(1, record(4096, 1, 1)), "no code of Q16.16 reaches"),
        (with_counts(1, record(-4100, 0, 1), record(-4096, 1, 1)), "no code of Q16.16 reaches"),
        (with_counts(1, record(-4097, 1, 1)), "terms below the lowest code"),
        (with_counts(1 << 33, record(0, 1 << 33, 1 << 33)), "more than 4294967296 codes"),
        (with_counts(2, record(0, 1, 1)), "counts 2 codes but its bins 1"),
        (with_counts(1, record(0, 1, 0)), "bin 0 holds 0, which 1 terms cannot have"),
        (with_counts(1, record(0, 1, 256)), "bin 0 holds 256, which 1 terms cannot have"),
        (with_counts(1, record(-1, 0, 256), record(0, 1, 1)), "bin -1 holds 256"),
        (with_counts(1, record(-4, 0, 1), record(0, 1, 1)), "bin -4 holds 1, which 0 terms"),
        (with_counts(0, record(0, 0, 1)), "bin 0 holds 1, which 0 terms"),
        (
            with_counts(1, *(record(k, k == 0, 255) for k in range(-3, 1))),
            "a sum that as many terms at their positions cannot have",
        ),
        (
            with_counts(1, *(record(k, k == 4095, 255) for k in range(4092, 4096))),
            "a sum that as many terms",
        ),
        (with_counts(1, record(-4096, 1, 1)), "a sum that as many terms"),
        (bytes(LogSum.of([0]).window()), "another kind of state"),
    ],
)
def test_bytes_that_are_no_state_are_refused(data, message):
    with pytest.raises(ImpossibleState, match=message):
        LogSum.from_bytes(data)


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_refused_without_another_error(data):
    with pytest.raises(ImpossibleState):
        LogSum.from_bytes(b"CNLS" + data)


@given(multiset, st.data())
def test_a_damaged_state_is_refused_or_is_another_canonical_state(codes, draw):
    good = bytes(LogSum.of(codes))
    bit = draw.draw(st.integers(0, 8 * len(good) - 1))
    damaged = bytearray(good)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        state = LogSum.from_bytes(bytes(damaged))
    except ImpossibleState:
        return
    assert bytes(state) == bytes(damaged)


def test_a_sum_below_that_of_the_lowest_code_is_refused():
    """Above all other positions the least is a bit that `terms` tells of; not in the lowest bin."""
    good = bytearray(bytes(LogSum.of([LOW])))
    index, terms, total, _ = struct.unpack_from("<hQIB", good, 29)
    assert (index, terms) == (Q16_16.min_top - 3, 0)
    struct.pack_into("<I", good, 29 + 10, total - 1)
    with pytest.raises(ImpossibleState, match="as many terms at their positions cannot have"):
        LogSum.from_bytes(bytes(good))
