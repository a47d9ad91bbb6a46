"""Scores of an alarm are said as they were sent, with what is usual beside them."""

import random

import pytest

from consilience.monitor.alarm_scores import Scored, as_sent, scores_of, usual_of
from consilience.monitor.binomial_limits import SCALE
from consilience.monitor.history import INFINITE, LEAST
from consilience.monitor.line_fields import binned
from consilience.monitor.past_scores import PastScores


@pytest.mark.parametrize("low", [False, True])
def test_a_score_is_said_as_it_was_sent(low):
    rng = random.Random(1)
    for digits in (0, 1, 2, 3, 4):
        for _ in range(500):
            sent = round(rng.uniform(-1, 1) * 10 ** rng.randint(0, 5), digits)
            assert as_sent(binned(sent, low), low) == sent
    for _ in range(500):  # of more digits than are told apart, what counts alike
        code = binned(rng.uniform(-9, 9), low)
        shown = as_sent(code, low)
        assert binned(shown, low) == code and len(str(abs(shown))) <= 7
    assert as_sent(LEAST, low) is as_sent(INFINITE, low) is None


def test_words_and_numbers():
    codes = [binned(one / 100, True) for one in range(1, 101)]
    past = PastScores.of(sorted(codes), [1] * 100)
    assert usual_of(past, True) == {"runs": 100, "p5": 0.06, "median": 0.51, "p95": 0.96}
    assert usual_of(PastScores(), True) is None
    found = scores_of([("r", Scored(binned(0.58, True), 2, 1141))], True, 3)
    assert found["runs"] == [{"run": "r", "score": 0.58, "rank": 2, "of": 1141}]
    assert found["says"] == "scores, ranked from the lowest on: 0.58 (2 of 1,141) and 3 more"
    found = scores_of([(1, Scored(binned(7), SCALE // 100, SCALE))], False)
    assert found["says"] == "scores: 7 (at most 0.01 of good runs are so high)"
    many = scores_of([(1, Scored(binned(7), 1, 9))] * 8, False, 1)
    assert many["says"].count("7 (1 of 9)") == 6 and many["says"].endswith(" and 3 more")
