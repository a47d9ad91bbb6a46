"""The order of timed calls, under a clock that only the timed actions move."""

import pytest

from consilience_tools.benchmark import timing as module
from consilience_tools.benchmark.timing import (
    Contender,
    Effort,
    Timing,
    contest,
    repeated,
    speed_ratio,
)

SAMPLE = 1e-3


class Clock:
    """A clock, and a record of who moved it."""

    def __init__(self):
        self.now = 0.0
        self.called = []

    def perf_counter(self):
        return self.now

    def contender(self, name, *durations, elements=1000):
        left = list(durations)

        def action():
            self.called.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return Contender(action, elements)


@pytest.fixture
def clock(monkeypatch):
    one = Clock()
    monkeypatch.setattr(module.time, "perf_counter", one.perf_counter)
    return one


def test_rounds_go_forth_and_back(clock):
    contenders = {name: clock.contender(name, 0.01) for name in "ab"}
    timings = contest(contenders, Effort(3, 1, 0, SAMPLE))
    assert "".join(clock.called) == "aabb" + "ab" + "ba" + "ab"
    assert timings["a"].samples == pytest.approx((0.01,) * 3)
    assert timings["a"].rounds == (0, 1, 2)
    assert timings["a"].nanoseconds == pytest.approx(1e4)


def test_short_calls_are_repeated_within_a_sample(clock):
    timings = contest({"a": clock.contender("a", 1e-4)}, Effort(4, 1, 0, SAMPLE))
    assert timings["a"].calls == 10
    assert timings["a"].samples == pytest.approx((1e-4,) * 4)
    assert len(clock.called) == 2 + 40


def test_a_call_that_takes_no_time_ends(clock):
    timings = contest({"a": clock.contender("a", 0.0)}, Effort(1, 1, 0, SAMPLE))
    assert timings["a"].calls == 10**5


@pytest.mark.parametrize(
    ("seconds", "rounds"),
    [(0, (0, 10, 20)), (11, (0, 6, 12, 18, 24)), (1000, tuple(range(30)))],
)
def test_long_ones_have_as_many_rounds_as_the_effort_allows(clock, seconds, rounds):
    contenders = {"short": clock.contender("s", 0.03), "long": clock.contender("l", 2.0)}
    timings = contest(contenders, Effort(30, 3, seconds, SAMPLE))
    assert timings["short"].rounds == tuple(range(30))
    assert timings["long"].rounds == rounds


def test_a_long_one_is_called_once_before(clock):
    contest({"a": clock.contender("a", 2.0)}, Effort(5, 1, 0, SAMPLE))
    assert len(clock.called) == 2


def test_progress_is_told(clock):
    told = []
    contest({"a": clock.contender("a", 0.01)}, Effort(4, 1, 0, SAMPLE), told.append)
    assert told == [0.25, 0.5, 0.75, 1]


def test_a_ratio_is_of_the_rounds_of_both():
    own = Timing(10, 1, (0, 1, 2, 3), (1.0, 9.0, 3.0, 9.0))
    other = Timing(10, 1, (0, 2), (4.0, 4.0))
    assert speed_ratio(own, other).median == 2
    assert speed_ratio(other, own).median == 0.5
    assert speed_ratio(own, other).rounds == 2


def test_repeated_times_every_call(clock):
    action = clock.contender("a", 1.0, 2.0, 3.0).action
    timing, result = repeated(lambda: action() or clock.now, 5, runs=3)
    assert timing == Timing(5, 1, (0, 1, 2), (1.0, 2.0, 3.0))
    assert result == 6
    assert timing.spread.median == 2
