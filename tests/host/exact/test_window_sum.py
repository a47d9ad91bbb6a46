"""`WindowSum`: the codes of `LogSum`, the bins of the golden window, and `needs_rescan`."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.errors import BadInput, CapacityExceeded, ImpossibleState, NeedsRescan
from consilience.exact.log_sum import LogSum
from consilience.exact.window_sum import WindowSum
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden

ZERO, HIGH = Q16_16.log_of_zero, Q16_16.max_code
STEP = 8 << 16

code = st.one_of(
    st.integers(-200 << 16, 0), st.integers(ZERO, HIGH), st.sampled_from([ZERO, 0, HIGH])
)
multiset = st.lists(code, max_size=30)


def golden_slots(state):
    """Return the slots that the state's bytes hold, as the golden window numbers them."""
    slots = [0] * Q16_16.slots
    bins = state._held.bins
    for number, value in enumerate(bins.sums.tolist(), start=bins.first):
        slots[number % Q16_16.slots] += value
    return tuple(slots)


@given(multiset, multiset)
def test_streaming_merging_and_cutting_are_one(a, b):
    one = WindowSum.of(a).merge(WindowSum.of(b))
    other = WindowSum.of(b + a)
    cut = LogSum.of(a).merge(LogSum.of(b)).window()
    assert bytes(one) == bytes(other) == bytes(cut)
    expected = golden.window(a + b)
    assert golden_slots(one) == expected.slots
    assert (one.top, one.count, one.zeros) == (expected.top, expected.count, expected.zeros)
    assert (one.code, one.status) == golden.log_sum(a + b, Q16_16)
    assert WindowSum.from_bytes(bytes(one)) == one


def test_the_lowest_bin_is_kept_and_none_below():
    choose = random.Random(6)
    in_lowest = 0
    for _ in range(200):
        base = choose.randrange(-500 << 16, 500 << 16)
        codes = [base - choose.randrange(90 << 16) for _ in range(choose.randrange(1, 12))]
        state, expected = WindowSum.of(codes), golden.window(codes)
        assert golden_slots(state) == expected.slots, codes
        assert state._held.bins.first >= expected.top - Q16_16.window_bins
        in_lowest += expected.slots[(expected.top + 1) % Q16_16.slots] > 0
    assert in_lowest > 50


def test_removals_while_the_top_stays():
    choose = random.Random(5)
    state, held = WindowSum.of([100 << 16]), [100 << 16]
    for _ in range(2000):
        if len(held) > 1 and choose.random() < 0.48:
            state.remove(held.pop(choose.randrange(1, len(held))))
        else:
            held.append(choose.choice([ZERO, choose.randrange(-100 << 16, 104 << 16)]))
            state.add(held[-1])
    assert state == WindowSum.of(held)


def test_a_removal_that_takes_the_top():
    state = WindowSum.of([0, 1, -20 * STEP])
    assert not state.remove(0).needs_rescan
    state.remove(1)
    assert state.needs_rescan
    assert (state.count, state.zeros) == (1, 0)
    for operation in (
        lambda: state.code,
        lambda: state.status,
        lambda: state.top,
        lambda: bytes(state),
        lambda: state.add(5 * STEP),
        lambda: state.remove(-20 * STEP),
        lambda: state.merge(WindowSum()),
        lambda: WindowSum().merge(state),
    ):
        with pytest.raises(NeedsRescan, match="make it anew from the codes or from a LogSum"):
            operation()
    assert repr(state) == "<WindowSum Q16.16: needs rescan>"


def test_a_removal_of_the_top_that_leaves_bins_of_the_window():
    state = WindowSum.of([0, -2 * STEP]).remove(0)
    assert state.needs_rescan
    with pytest.raises(NeedsRescan):
        state.add(5 * STEP)


def test_removing_everything_leaves_an_empty_state():
    state = WindowSum.of([0, -50 * STEP, ZERO]).remove([-50 * STEP, 0, ZERO])
    assert not state.needs_rescan
    assert state == WindowSum()
    assert state.add(7).code == 7


@pytest.mark.parametrize(
    ("codes", "gone", "message"),
    [
        ([0], [STEP], "not in this state"),
        ([0, 5], [0, 0, 0], "3 finite codes and 0 logs of zero"),
        ([0], [ZERO], "0 finite codes and 1 logs of zero"),
        ([], [1], "1 finite codes"),
        ([0, 0], [0, 1 << 16], "bin 0 holds|not in this state"),
        ([0, -20 * STEP], [-20 * STEP, -20 * STEP], "but terms of 1 and their sum"),
    ],
)
def test_refused_removals_change_nothing(codes, gone, message):
    state = WindowSum.of(codes)
    before = bytes(state)
    with pytest.raises(ImpossibleState, match=message):
        state.remove(gone)
    assert bytes(state) == before


def test_a_removal_that_leaves_more_terms_than_codes_is_refused():
    state = WindowSum.of([0, 0, -300 << 16])
    before = bytes(state)
    with pytest.raises(ImpossibleState, match="1 codes would be left, but terms of 2"):
        state.remove([-300 << 16] * 2)
    assert bytes(state) == before


@pytest.mark.parametrize("fmt", [LogFormat(bin_width=16), LogFormat(bin_width=32, window_bins=3)])
def test_other_formats(fmt):
    choose = random.Random(fmt.identifier)
    for _ in range(200):
        codes = [choose.randrange(-100 << 16, 0) for _ in range(choose.randrange(1, 20))]
        state = WindowSum.of(codes[:7], fmt).merge(WindowSum.of(codes[7:], fmt))
        assert (state.code, state.status) == golden.log_sum(codes, fmt)
        assert WindowSum.from_bytes(bytes(state), fmt) == state


def test_capacity_is_sticky():
    state = WindowSum.of([0])
    for _ in range(32):
        state.merge(state.copy())
    assert state.code == 32 << 16
    with pytest.raises(CapacityExceeded):
        state.merge(WindowSum.of([0]))
    with pytest.raises(CapacityExceeded):
        bytes(state)
    assert repr(state) == "<WindowSum Q16.16: over capacity>"


def test_saturation_and_repr():
    state = WindowSum.of([HIGH, HIGH])
    assert (state.code, state.status) == (HIGH, ResultStatus.SATURATED)
    assert repr(WindowSum.of([0])) == "<WindowSum Q16.16: code 0, 1 codes, 0 zeros>"


def test_kinds_and_formats_do_not_mix():
    state = WindowSum.of([0])
    assert state != LogSum.of([0])
    for one, other in ((state, LogSum.of([0])), (LogSum.of([0]), state), (state, 3)):
        with pytest.raises(BadInput, match="merges with its like, not with"):
            one.merge(other)
    with pytest.raises(BadInput, match="use one format"):
        state.merge(WindowSum.of([0], LogFormat(bin_width=16)))
    with pytest.raises(ImpossibleState, match="another kind of state"):
        WindowSum.from_bytes(bytes(LogSum.of([0])))


def test_bytes_that_are_no_window_are_refused():
    def forged(state):
        return WindowSum.MAGIC + bytes(state)[4:]

    far = LogSum.of([0, -8 * STEP])
    with pytest.raises(ImpossibleState, match="bins below its window"):
        WindowSum.from_bytes(forged(far))
    good = bytearray(forged(LogSum.of([0])))
    good[13] = 0  # the count
    with pytest.raises(ImpossibleState, match="counts 0 codes but its bins 1"):
        WindowSum.from_bytes(bytes(good))
    # No code lies below a window that reaches the lowest bin: none can be missing.
    lowest = bytearray(bytes(WindowSum.of([Q16_16.min_code])))
    lowest[13] = 5
    with pytest.raises(ImpossibleState, match="counts 5 codes but its bins 1"):
        WindowSum.from_bytes(bytes(lowest))
