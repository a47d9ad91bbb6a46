"""When a request counts as lost: the estimate, and what gives none."""

import math

import pytest

from consilience.link.lateness import Lateness


def test_nothing_is_late_before_the_first_measure():
    late = Lateness(0.05)
    late.sent(0, 3, 1.0)
    assert (late.due, late.filling) == (math.inf, 0.0)
    late.answered(0, 1, 1.001)
    assert late.due == pytest.approx(1.0 + 0.001 + 4 * 0.0005)
    late.answered(1, 0, 1.001)
    late.answered(0, 2, 1.001)
    assert late.due == math.inf


def test_steady_trips_leave_the_margin():
    late = Lateness(0.05)
    now = 0.0
    for _ in range(100):
        late.sent(0, 1, now)
        now += 0.0002
        late.answered(0, 1, now)
    late.sent(0, 1, now)
    assert late.due - now == pytest.approx(0.0003, rel=1e-3)


def test_patience_doubles_until_something_is_answered():
    late = Lateness(0.05)
    late.sent(0, 1, 0.0)
    late.answered(0, 1, 0.001)
    late.sent(0, 2, 1.0)
    once = late.due - 1.0
    for factor in (2, 4, 8, 16):
        late.gave_up()
        late.sent(0, 2, 2.0)
        assert late.due - 2.0 == pytest.approx(min(factor * once, 0.05))
    late.answered(0, 1, 2.001)  # a usual trip after the last repetition
    assert 2.002 < late.due < 2.003


def test_an_answer_too_soon_for_the_repetition_is_that_to_the_first():
    late = Lateness(1.0)
    late.sent(0, 1, 0.0)
    late.answered(0, 1, 0.001)
    late.sent(0, 2, 1.0)
    late.gave_up()
    late.sent(0, 2, 1.003)
    late.answered(0, 1, 1.0031)
    late.sent(1, 2, 2.0)
    late.answered(1, 2, 2.001)
    late.sent(0, 1, 3.0)
    assert 3.004 < late.due < 3.01  # more patient than before


def in_a_queue(late, now, window=32, count=400):
    """A device that takes 25 us a request, 0.2 ms away; return when the last reply came."""
    sent = [now] * window
    late.sent(0, window, now)
    for _ in range(count):
        now = max(now + 25e-6, sent.pop(0) + 200e-6)
        late.answered(0, 1, now)
        late.sent(len(sent), window, now)
        sent.append(now)
    return now


def test_repetitions_that_find_no_queue_make_nobody_more_patient():
    late = Lateness(0.05)
    now = in_a_queue(late, 0.0)
    usual = late.due - now
    for _ in range(10):
        now = late.due
        late.gave_up()
        late.sent(0, 32, now)
        for _ in range(32):
            late.answered(0, 1, now + 200e-6)
        now += 200e-6
        late.sent(0, 32, now)
    assert late.due - now < usual + 0.001


def test_what_fills_a_round_trip_does_not_depend_on_the_queue():
    for window in (9, 16, 32):
        late = Lateness(0.05)
        in_a_queue(late, 0.0, window)
        assert 7 < late.filling < 9.5


def test_an_operation_forgets_the_one_before():
    late = Lateness(0.05)
    late.sent(0, 2, 0.0)
    late.answered(0, 1, 0.001)
    late.sent(0, 1, 0.002)
    late.begin()
    assert late.due == math.inf
    late.sent(0, 1, 1.0)
    late.answered(0, 1, 1.02)  # a longer way now
    assert late.filling == pytest.approx(0.02 * (1000 + (1 / 0.02 - 1000) / 8))
