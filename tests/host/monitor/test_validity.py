"""Agents that behave: the promise holds with slow runs and ties, and wrong rules break it.

In 60 fleets of one agent, 200 judged runs each, at A = 12 bits: an alarm within 200 runs has
probability 200 * 2**-12 = 0.049 at most, so 11 of 60 or more have probability below 1e-4.
"""

import heapq

import numpy as np
import pytest

from consilience.monitor.monitor import Monitor
from consilience.monitor.past_scores import PastScores
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.run_ranking import RunRanking
from consilience.monitor.settings import monitor_settings

TRIALS, N0, JUDGED, BITS = 60, 50, 200, 12
MOST, BREAKS = 10, 30
SLOW = 120


def alarms(scores, wrong_order=False, judged=JUDGED, bits=BITS):
    """Return in how many trials the monitor alarms; a high score takes 120 times as long."""
    count = 0
    for trial in range(TRIALS):
        rng = np.random.default_rng([12, trial])
        ranking = RunRanking(RanksSettings.of(n0=N0), trial)
        monitor = Monitor(monitor_settings(threshold=bits << 16))
        values = scores(rng, N0 + judged)
        slow = values >= np.quantile(values, 0.9)
        ends = [(run + SLOW * bool(slow[run]), run) for run in range(len(values))]
        heapq.heapify(ends)
        alarmed = False
        for now in range(len(values) + SLOW + 1):
            if now < len(values) and not wrong_order:
                ranking.start("a", now, now)
            while ends and ends[0][0] <= now:
                run = heapq.heappop(ends)[1]
                if wrong_order:
                    ranking.start("a", run, now)
                for due in ranking.finish("a", run, int(values[run]), now):
                    if due.increments is not None:
                        alarmed |= len(monitor.update("a", [due.increments]).alarms) > 0
        count += alarmed
    return count


def continuous(rng, count):
    return rng.permutation(count)


def tied(rng, count):
    return np.minimum(rng.geometric(0.3, count), 9)


def two_valued(rng, count):
    return (rng.random(count) < 0.1).astype(np.int64)


@pytest.mark.parametrize("scores", [continuous, tied, two_valued])
def test_slow_bad_runs_do_not_alarm_in_order_of_starts(scores):
    assert alarms(scores) <= MOST


def test_in_order_of_ends_slow_bad_runs_of_good_agents_alarm():
    assert alarms(continuous, wrong_order=True) >= BREAKS


def test_a_history_without_its_highest_scores_makes_good_agents_alarm(monkeypatch):
    add = PastScores.add

    def chosen(self, score):
        if score < 200:  # of 250: a choice by value
            add(self, score)

    monkeypatch.setattr(PastScores, "add", chosen)
    assert alarms(continuous) >= BREAKS


@pytest.mark.slow
def test_a_history_that_ends_with_its_first_runs_makes_good_agents_alarm(monkeypatch):
    """Within 1,000 runs at 15 bits 0.031 are allowed: 7 of 60 have probability 0.002."""
    add = PastScores.add

    def capped(self, score):
        if self.total < N0:
            add(self, score)

    assert alarms(continuous, judged=1_000, bits=15) <= 4
    monkeypatch.setattr(PastScores, "add", capped)
    assert alarms(continuous, judged=1_000, bits=15) >= 7
