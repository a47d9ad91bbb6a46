"""Leave-one-out and the live kernel against the golden model; also run uncompiled."""

import numpy as np
import pytest

from consilience.kernels import sum_kernels, vector_terms
from consilience.kernels.kernel_tables import load_tables
from consilience.kernels.sum_kernels import BINS, TALLIES, leave_each_out, update_each
from consilience_hw.spec.flags import ResultStatus, UpdateStep
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.golden.borders import WIDTH, borders
from consilience_sim.golden.log_sum import cut_term

ZERO, LOW, HIGH = Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code


@pytest.fixture(params=[True, False], ids=["compiled", "interpreted"])
def compiled(request, monkeypatch):
    """Run the kernels as they are, or as the Python they are compiled from."""
    if not request.param:
        for name in ("_largest", "_cut_term", "cut_sums", "_cut_total", "_rounded", "_change"):
            monkeypatch.setattr(sum_kernels, name, getattr(sum_kernels, name).py_func)
        for name in ("cut_term", "mantissa_bits"):
            monkeypatch.setattr(vector_terms, name, getattr(vector_terms, name).py_func)
    return request.param


def call(kernel, compiled, *arguments):
    # NumPy tells of a sum that is meant to wrap.
    with np.errstate(over="ignore"):
        (kernel if compiled else kernel.py_func)(*arguments)


def others_of(compiled, codes):
    codes = np.asarray(codes, np.int32)
    sums, status = np.empty(len(codes), np.int32), np.empty(len(codes), np.uint32)
    call(leave_each_out, compiled, codes, load_tables(), sums, status)
    return list(zip(sums.tolist(), status.tolist(), strict=True))


def test_leave_one_out_is_each_from_scratch(compiled):
    rng = np.random.default_rng(1)
    for _ in range(400 if compiled else 40):
        count = int(rng.integers(0, 14))
        scale = int(rng.choice([1, 1 << 16, 1 << 20, 1 << 24, HIGH]))
        codes = rng.integers(-scale, scale, count)
        special = rng.random(count) < 0.15
        codes = np.where(special, rng.choice([ZERO, LOW, HIGH, 0], count), codes)
        assert others_of(compiled, codes) == golden.leave_one_out(codes.tolist())


def test_the_code_that_holds_up_the_window(compiled):
    """Without the highest code all bins that come into the window count."""
    low = [-(60 << 16) + 12_345 * k for k in range(9)]
    for highest in (0, 8 << 16, HIGH):
        codes = [*low, highest]
        found = others_of(compiled, codes)
        assert found[-1] == golden.log_sum(low)
        assert found == golden.leave_one_out(codes)
    # Two in the top bin hold it up together.
    assert others_of(compiled, [*low, 0, 1]) == golden.leave_one_out([*low, 0, 1])


def test_few_codes(compiled):
    assert others_of(compiled, []) == []
    assert others_of(compiled, [77]) == [(ZERO, 0)]
    assert others_of(compiled, [ZERO, ZERO]) == [(ZERO, 0)] * 2
    assert others_of(compiled, [ZERO, 5]) == [(5, 0), (ZERO, 0)]
    assert others_of(compiled, [HIGH] * 3) == [(HIGH, ResultStatus.SATURATED)] * 3


class LiveState:
    def __init__(self, compiled):
        self.compiled = compiled
        self.arrays = [np.zeros(n, np.int64) for n in (BINS, BINS, TALLIES)]

    def run(self, steps, old, new):
        count = len(steps)
        found = [np.empty(count, kind) for kind in (np.int32, np.uint32, np.int64, np.int64)]
        arrays = (np.asarray(steps, np.uint8), *(np.asarray(c, np.int32) for c in (old, new)))
        call(update_each, self.compiled, *arrays, *self.arrays, load_tables(), *found)
        return list(zip(*(values.tolist() for values in found), strict=True))


@pytest.mark.parametrize("scale", [1 << 12, 1 << 21, 1 << 31])
def test_updates_are_golden(compiled, scale):
    rng = np.random.default_rng(scale)
    state, model = LiveState(compiled), golden.LiveModel()
    members, updates, expected = [], [], []
    for _ in range(3_000 if compiled else 150):
        code = int(rng.integers(-scale, scale))
        if rng.random() < 0.1:
            code = int(rng.choice([ZERO, LOW, HIGH, 0, -1]))
        steps, old = 0, 0
        if members and rng.random() < 0.6:
            place = int(rng.integers(len(members)))
            steps, old = int(UpdateStep.LEAVES), members.pop(place)
            model.remove(old)
        if len(members) < 20 and rng.random() < 0.7:
            steps |= int(UpdateStep.ENTERS)
            members.append(code)
            model.add(code)
        updates.append((steps, old, code))
        expected.append(tuple(model.read()))
    assert state.run(*zip(*updates, strict=True)) == expected


@pytest.mark.parametrize("wrong", [8 << 16, -(1 << 20), 5 << 16, 1])
def test_impossible_states_are_noticed(compiled, wrong):
    state = LiveState(compiled)
    state.run([UpdateStep.ENTERS], [0], [0])
    (found,) = state.run([UpdateStep.LEAVES], [wrong], [0])
    assert found[1] == ResultStatus.DAMAGED
    (found,) = state.run([UpdateStep.ENTERS], [0], [wrong])
    assert found[1] == ResultStatus.DAMAGED


def test_capacity(compiled):
    state = LiveState(compiled)
    state.arrays[2][sum_kernels.COUNT] = Q16_16.capacity - 1
    found = state.run([UpdateStep.ENTERS] * 2, [0, 0], [5, 5])
    assert [status for _, status, *_ in found] == [0, ResultStatus.OVER_CAPACITY]


@pytest.mark.parametrize("fraction", [1, 4_711, 60_000])
def test_a_borrow_between_the_halves_of_the_sum(compiled, fraction):
    """What is left lies a hair below a border: a unit of 2**32 too much would cross it."""
    left = borders(Q16_16.fraction_bits)[fraction] >> WIDTH - 61
    codes = golden.codes_for_sum(left, 0)
    low = left & 0xFFFF_FFFF
    extra = next(
        code
        for code in range(-(20 << 16), 0, 7)
        if low + (cut_term(code, 0, Q16_16) & 0xFFFF_FFFF) >= 1 << 32
    )
    expected = golden.log_sum(codes)
    assert golden.finish(left + (1 << 32), 0, Q16_16)[0] == expected[0] + 1
    assert others_of(compiled, [*codes, extra])[-1] == expected


def test_a_bin_with_less_than_its_terms(compiled):
    """Two codes whose terms differ by one in the middle, and less below: only this bound tells."""
    high, low = fewer_than_terms()
    state = LiveState(compiled)
    state.run([UpdateStep.ENTERS] * 3, [0] * 3, [0, 0, high])
    (found,) = state.run([UpdateStep.LEAVES], [low], [0])
    assert found[1] == ResultStatus.DAMAGED


def fewer_than_terms():
    """Return x and y in bin 2: y's part in bin 0 is one more, that in bin -1 is not more."""
    for fraction in range(65_535):
        x, y = golden.mantissas(Q16_16)[fraction : fraction + 2].tolist()
        same = x >> 16 == y >> 16
        if same and (y >> 8 & 255) == (x >> 8 & 255) + 1 and y & 255 <= x & 255:
            return (16 << 16) + fraction, (16 << 16) + fraction + 1
    raise AssertionError("no such pair")
