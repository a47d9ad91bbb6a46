"""The recurrence against its closed form in many digits, and the rules around it one by one."""

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import Arrival, MonitorMode, Policy
from consilience_sim.golden.monitor import MonitorModel

ZERO, MAX, BIT = Q16_16.log_of_zero, Q16_16.max_code, 65536
increments = st.lists(st.integers(-20 * BIT, 5 * BIT) | st.just(ZERO), min_size=1, max_size=30)
MODES = list(MonitorMode)
TINY = mpmath.mpf(2) ** -300  # what the closed form itself is rounded by


def closed_form(mode, given_):
    """The real statistic of one component, in ulp; None for the log of zero."""
    numbers = [None if one == ZERO else one for one in given_]

    def sums(starts):
        total = mpmath.mpf(0)
        for start, weight in starts:
            part = numbers[start:]
            if None not in part:
                total += weight * mpmath.mpf(2) ** (mpmath.mpf(sum(part)) / BIT)
        return total

    with mpmath.workprec(600):
        count = len(numbers)
        if mode is MonitorMode.RESTART:
            total = sums((start, 1) for start in range(count))
        elif mode is MonitorMode.ONCE:
            total = sums([(0, 1)])
        elif mode is MonitorMode.CUSUM:
            total = max(sums([(start, 1)]) for start in range(count))
        else:
            spread = [mpmath.mpf(2) ** -(2 * (n + 1).bit_length() - 1) for n in range(count)]
            total = sums(enumerate(spread))
        return BIT * mpmath.log(total, 2) if total else None


@settings(max_examples=150)
@given(st.sampled_from(MODES), increments)
def test_a_component_is_the_closed_form_less_at_most_an_ulp_an_observation(mode, given_):
    model = MonitorModel(mode, [0], MAX)
    for count, one in enumerate(given_, start=1):
        found = model.update("a", [one]).statistic
        true = closed_form(mode, given_[:count])
        if true is None:
            assert found == ZERO
        else:
            ulps = 0 if mode in (MonitorMode.CUSUM, MonitorMode.ONCE) else count
            assert -TINY < true - found < ulps + TINY


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (MonitorMode.RESTART, [7, 14 + 65532]),  # G(7) = 65532
        (MonitorMode.CUSUM, [7, 14]),
        (MonitorMode.ONCE, [7, 14]),
        (MonitorMode.SPREAD, [7 - BIT, 14 - BIT + 21096]),  # L(7 - 1 bit, -3 bits): G(131079)
    ],
)
def test_first_observations(mode, expected):
    model = MonitorModel(mode, [0], MAX)
    assert [model.update(1, [7]).statistic for _ in expected] == expected


def test_latch_acknowledge_and_renew():
    latched = MonitorModel(MonitorMode.CUSUM, [0], 10)
    alarms = [latched.update(1, [6]).alarm for _ in range(3)]
    assert alarms == [False, True, False] and latched.agents[1].components == [18]
    latched.acknowledge(1)
    assert [latched.update(1, [-18]).alarm, latched.update(1, [10]).alarm] == [False, True]
    renewed = MonitorModel(MonitorMode.CUSUM, [0], 10, Policy.RENEW)
    found = [renewed.update(1, [6]) for _ in range(4)]
    assert [one.statistic for one in found] == [6, 12, 6, 12]
    assert [one.alarm for one in found] == [False, True, False, True]
    assert (renewed.agents[1].observations, renewed.agents[1].since_scheduled) == (0, 4)
    renewed.renew(1, scheduled=True)
    assert renewed.agents[1].since_scheduled == 0


def test_a_provisional_update_gives_what_the_committed_one_will_and_writes_nothing():
    model = MonitorModel(MonitorMode.RESTART, [-BIT, -BIT], 3 * BIT)
    assert model.update(1, [4 * BIT, 4 * BIT], commit=False).alarm and not model.agents
    model.update(1, [BIT, 0])
    before = repr(model.agents)
    provisional = model.update(1, [BIT, BIT], commit=False)
    assert repr(model.agents) == before
    assert model.update(1, [BIT, BIT]).statistic == provisional.statistic


def test_what_is_too_large_is_cut_and_marked_what_is_too_small_is_nothing():
    model = MonitorModel(MonitorMode.ONCE, [0], MAX)
    model.update(1, [MAX])
    assert not model.agents[1].saturated
    assert model.update(1, [1], commit=False).statistic == MAX and not model.agents[1].saturated
    assert model.update(1, [1]).statistic == MAX and model.agents[1].saturated
    low = MonitorModel(MonitorMode.ONCE, [0], MAX)
    low.update(1, [ZERO + 1])
    assert low.update(1, [-1]).statistic == ZERO and not low.agents[1].saturated
    assert low.update(1, [MAX]).statistic == ZERO


def test_sequence_numbers():
    model, found = MonitorModel(MonitorMode.ONCE, [0], MAX), []
    for number in (100, 103, 101, 101, 103, 200, 136, 135, 103, 102):
        found.append(model.update(1, [1], sequence=number).arrival)
    fresh, late, twice, refused = Arrival.FRESH, Arrival.LATE, Arrival.DUPLICATE, Arrival.REFUSED
    assert found == [fresh, fresh, late, twice, twice, fresh, late, refused, refused, refused]
    state = model.agents[1]
    assert (state.missing, state.late, state.duplicates, state.refused) == (98, 2, 2, 3)
    assert state.observations == state.components[0] == 5
