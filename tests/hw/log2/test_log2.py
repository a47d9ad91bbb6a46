"""`Log2`: its tables, its integer model, and every state it must not guess."""

import random
from fractions import Fraction
from functools import cache

import mpmath
import pytest

from consilience_hw.log2 import log2_rom as rom
from consilience_hw.log2.log2 import Log2, result_layout
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.testing.stream_bench import StreamBench, bits_of, fields_of
from tests.hw.golden_windows import state_fields

HARD = ResultStatus.HARD_TO_ROUND


@cache
def bench():
    return StreamBench(Log2())


def results_of(states):
    """Return (code, status) of each state; states are dicts of `window_layout`."""
    dut = bench().component
    beats = [bits_of(dut.i.payload.shape(), state) for state in states]
    run = bench().run(beats, len(beats))
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {dut.latency}
    results = [fields_of(result_layout(Q16_16), bits) for bits in run.outputs]
    return [(result.code, result.status) for result in results]


def test_error_bound_is_derived_and_holds():
    tables = rom.log2_rom()
    assert 73 < rom.error_bound(tables) <= rom.ERROR
    choose = random.Random(5)
    worst = 0.0
    with mpmath.workprec(200):
        for number in range(4000):
            # 60 fraction bits, of which the unit keeps 40; half of them just above 1.
            bits = choose.randrange(1, 61) if number % 2 else 60
            full = (1 << 60) + choose.getrandbits(bits)
            got = tables.log2(full >> 60 - rom.X)
            true = mpmath.log(mpmath.mpf(full) / 2**60, 2) * 2**rom.G
            worst = max(worst, abs(got - true))
    assert worst <= rom.error_bound(tables)


def test_the_last_index_of_the_third_table_is_inside():
    tables = rom.log2_rom()
    assert tables.largest_q < Fraction(1 << rom.C, 1 << rom.C_LOW)


def test_random_states():
    choose = random.Random(2)
    states = []
    for _ in range(600):
        base = choose.randrange(-(2**31), 2**31)
        low = choose.choice([1, 1 << 16, 60 << 16])
        count = choose.choice([1, 2, 3, 30])
        codes = [max(-(2**31) + 1, base - choose.randrange(low)) for _ in range(count)]
        states.append(golden.window(codes, Q16_16))
    for state, (code, status) in zip(
        states, results_of([state_fields(state) for state in states]), strict=True
    ):
        assert (code, status) == golden.log2_of_window(state)


def test_round_trip_of_single_codes():
    choose = random.Random(4)
    codes = [choose.randrange(-(2**31) + 1, 2**31) for _ in range(2000)]
    codes += [-(2**31) + 1, 2**31 - 1, 0, 1, -1, 65535, 65536, 8 << 16, (8 << 16) - 1]
    results = results_of([state_fields(golden.window([code], Q16_16)) for code in codes])
    assert results == [(code, 0) for code in codes]


def test_full_slots_carry_through():
    # Every slot as large as 2**32 parts of 255 make it: the longest carry chain there is.
    full = (2**32 - 1) * 255
    states = []
    for top in (-4096, -1, 0, 5, 4095):
        states.append(golden.WindowState(top=top, slots=(full,) * 8, count=2**32 - 1, zeros=0))
    expected = [golden.log2_of_window(state) for state in states]
    assert results_of([state_fields(state) for state in states]) == expected
    assert expected[-1][1] == ResultStatus.SATURATED


def test_absent_and_over_capacity():
    absent = {"present": 0, "top": 77, "slots": [0] * 8, "count": 0}
    over = {"present": 1, "top": 4095, "slots": [2**40 - 1] * 8, "count": 9, "over": 1}
    results = results_of([absent, over])
    assert results[0] == (-(2**31), 0)
    assert results[1][1] == ResultStatus.OVER_CAPACITY


@pytest.mark.parametrize("below", [0, 1, 2**18])
def test_border_states_are_marked_never_guessed(below):
    """States that aim at a rounding border: the unit may not decide them by luck."""
    choose = random.Random(below)
    states, totals = [], []
    with mpmath.workprec(300):
        for _ in range(60):
            fraction, exponent = choose.randrange(65536), choose.randrange(57, 63)
            border = mpmath.power(2, exponent + mpmath.mpf(2 * fraction + 1) / 131072)
            total = int(mpmath.floor(border)) - below
            codes = golden.codes_for_sum(total, 0, Q16_16)
            states.append(golden.window(codes, Q16_16))
            totals.append((total, fraction))
    for state, (code, status), (total, _) in zip(
        states, results_of([state_fields(state) for state in states]), totals, strict=True
    ):
        exact, _ = golden.log2_of_window(state)
        assert status == HARD, f"sum {total} was decided"
        assert abs(code - exact) <= 1


def test_far_from_a_border_nothing_is_marked():
    """At 1.5 times the bound from a border every state is decided, and rightly."""
    states = []
    with mpmath.workprec(300):
        for fraction in range(0, 65536, 997):
            for side in (-1, 1):
                distance = side * mpmath.mpf(1.5 * 2 * rom.ERROR) / 2**rom.G
                log = 60 + mpmath.mpf(2 * fraction + 1) / 131072 + distance
                total = int(mpmath.floor(mpmath.power(2, log)))
                states.append(golden.window(golden.codes_for_sum(total, 0, Q16_16), Q16_16))
    results = results_of([state_fields(state) for state in states])
    assert results == [golden.log2_of_window(state) for state in states]
