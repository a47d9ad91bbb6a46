"""When a request counts as lost: the estimate, and what gives none."""

import math

import pytest

from consilience.link.lateness import Lateness


def test_nothing_is_late_before_the_first_measure():
    late = Lateness(0.05)
    late.sent(3, 1.0)
    assert late.due == math.inf
    late.answered(1, 1.001)
    assert late.due == pytest.approx(1.0 + 0.001 + 4 * 0.0005)
    late.answered(2, 1.001)
    assert late.due == math.inf


def test_steady_trips_leave_the_margin():
    late = Lateness(0.05)
    now = 0.0
    for _ in range(100):
        late.sent(1, now)
        now += 0.0002
        late.answered(1, now)
    late.sent(1, now)
    assert late.due - now == pytest.approx(0.0003, rel=1e-3)


def test_patience_doubles_until_something_is_answered():
    late = Lateness(0.05)
    late.sent(1, 0.0)
    late.answered(1, 0.001)
    late.sent(2, 1.0)
    once = late.due - 1.0
    for factor in (2, 4, 8, 16):
        late.gave_up(2.0)
        assert late.due - 2.0 == pytest.approx(min(factor * once, 0.05))
    late.answered(1, 2.001)  # a usual trip after the last repetition
    assert 2.002 < late.due < 2.003


def test_an_answer_too_soon_for_the_repetition_is_that_to_the_first():
    late = Lateness(1.0)
    late.sent(1, 0.0)
    late.answered(1, 0.001)
    late.sent(2, 1.0)
    late.gave_up(1.003)
    late.answered(1, 1.0031)
    late.sent(1, 2.0)
    late.answered(2, 2.001)
    late.sent(1, 3.0)
    assert 3.004 < late.due < 3.01  # more patient than before


def test_an_operation_forgets_the_one_before():
    late = Lateness(0.05)
    late.sent(2, 0.0)
    late.answered(1, 0.001)
    late.repeated(1, 0.002)
    late.begin()
    assert late.due == math.inf
    assert late.repeated_already == 0
