"""Runs that several reporters speak of: no lie and no silence of f of them raises a statistic."""

import json
import random

import numpy as np
import pytest

from consilience.errors import BadInput
from consilience.monitor.ended_runs import EndedRuns
from consilience.monitor.fleet_readings import FleetReadings
from consilience.monitor.history import INFINITE, LEAST
from consilience.monitor.monitor import Monitor
from consilience.monitor.observation import Observation, What
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.reported_runs import ReportedRuns, ReportOptions, median_bounds
from consilience.monitor.run_ranking import RunRanking
from consilience.monitor.settings import monitor_settings
from consilience.monitor.watching import FleetWatch

N0 = 50
SEED = 5


def watch_of(options):
    settings = RanksSettings.of(("1/4", "1/2"), N0)
    monitor = Monitor(monitor_settings(arl=1000))
    reports = None if options is None else ReportedRuns(options)
    return FleetWatch(monitor, RunRanking(settings, SEED), "", EndedRuns(0), None,
                      FleetReadings(None), reports)  # fmt: skip


def report(run, reporter, score):
    return Observation(What.WHOLE, "a", run, score, named=True, reporter=reporter)


def statistics_of(told):
    return [one["statistic"] for one in told]


@pytest.mark.parametrize(("n", "f"), [(4, 1), (5, 1), (7, 2), (9, 2), (10, 3), (13, 3)])
def test_no_lie_and_no_silence_makes_a_statistic_higher_than_the_honest_median_does(n, f):
    chance = random.Random(100 * n + f)
    lies_that_bite = 0
    for trial in range(8):
        honest_watch, watch = watch_of(None), watch_of(ReportOptions(f, n))
        honest_told, told = [], []
        for run in range(N0 + 25):
            honest = [chance.randrange(8 if trial % 2 else 1000) for _ in range(n)]
            median = sorted(honest)[(n + 1) // 2 - 1]
            whole = Observation(What.WHOLE, "a", run, median, named=True)
            honest_told += honest_watch.take(whole, 0)[1]
            bad = set(chance.sample(range(n), f))
            silent = {one for one in bad if chance.random() < 0.3}
            order = [one for one in range(n) if one not in silent]
            chance.shuffle(order)
            for one in order:
                lie = chance.choice([LEAST + 1, median, -5, 2000, 1 << 40])
                said = lie if one in bad else honest[one]
                lies_that_bite += said != honest[one]
                told += watch.take(report(run, f"r{one}", said), 0)[1]
            if silent:
                told += watch.take(Observation(What.END, "a", run, named=True), 0)[1]
        assert len(told) == len(honest_told) == 25
        for mine, true in zip(statistics_of(told), statistics_of(honest_told), strict=True):
            assert mine <= true
    assert lies_that_bite > 300


def test_without_liars_allowed_for_the_median_itself_is_ranked():
    chance = random.Random(3)
    honest_watch, watch = watch_of(None), watch_of(ReportOptions(0, 3))
    honest_told, told = [], []
    for run in range(N0 + 20):
        scores = [chance.randrange(1000) for _ in range(3)]
        whole = Observation(What.WHOLE, "a", run, sorted(scores)[1], named=True)
        honest_told += honest_watch.take(whole, 0)[1]
        for reporter, score in enumerate(scores):
            told += watch.take(report(run, reporter, score), 0)[1]
    assert statistics_of(told) == statistics_of(honest_told)


def test_bounds_of_a_run_that_is_open_hold_whatever_comes():
    options = ReportOptions(1, 5)
    assert median_bounds([1, 2, 3, 4, 5], options, closed=True) == (2, 4)
    assert median_bounds([1, 2, 3, 4], options, closed=True) == (2, 3)  # the silent one is faulty
    assert median_bounds([1, 2, 3], options, closed=True) == (LEAST, INFINITE)
    chance = random.Random(1)
    for _ in range(300):
        scores = [chance.randrange(6) for _ in range(5)]
        low, high = LEAST, INFINITE
        for count in range(1, 6):
            before = low, high
            low, high = median_bounds(scores[:count], options, closed=False)
            assert low >= before[0] and high <= before[1]
            if count >= 4:
                last = median_bounds(scores[:count], options, closed=True)
                assert last[0] >= low and last[1] <= high


def test_a_hijack_that_all_honest_reporters_see_alarms_whatever_liars_say():
    options, chance = ReportOptions(2, 9), random.Random(8)
    watch, alarms = watch_of(options), []
    for run in range(100):
        truth = chance.gauss(0, 1) + (6 if run >= 70 else 0)
        for one in range(9):
            said = -99.0 if one < 2 else truth + chance.gauss(0, 0.2)
            found, _ = watch.take(report(run, one, int(said * 65536)), run)
            alarms += found
    assert alarms and all(one["run"] >= 70 for one in alarms)


def test_state_goes_on_where_it_was_saved():
    chance = random.Random(2)
    lines = [report(run, one, chance.randrange(50)) for run in range(70) for one in range(4)]
    whole, part = watch_of(ReportOptions(1, 4)), watch_of(ReportOptions(1, 4))
    told = [one for line in lines for one in whole.take(line, 0)[1]]
    first = [one for line in lines[:250] for one in part.take(line, 0)[1]]
    resumed = watch_of(ReportOptions(1, 4))
    resumed.reports.restore(json.loads(json.dumps(part.reports.facts)))
    resumed.ranking = RunRanking.from_bytes(bytes(part.ranking), SEED)
    resumed.monitor = Monitor.from_bytes(bytes(part.monitor))
    again = [one for line in lines[250:] for one in resumed.take(line, 0)[1]]
    assert first + again == told and len(told) == 70 - N0
    assert bytes(resumed.ranking) == bytes(whole.ranking)
    assert resumed.reports.facts == whole.reports.facts


def test_an_open_run_with_bounds_keeps_them_in_the_bytes_of_ranks():
    ranking = RunRanking(RanksSettings.of(("1/2",), N0), SEED)
    ranking.start("a", 1, 0, at_most=INFINITE)
    ranking.observe("a", 1, 3, 0, at_most=9)
    copy = RunRanking.from_bytes(bytes(ranking), SEED)
    assert bytes(copy) == bytes(ranking)
    copy.start("a", 2, 0)
    copy.finish("a", 1, 4, 0, at_most=7)
    (second,) = copy.finish("a", 2, 5, 0)
    assert (second.rank, second.ranks) == (2, 2)  # the first may have been as high as 7


def test_too_few_reports_bring_no_evidence_and_count_as_the_worst_of_the_past():
    watch = watch_of(ReportOptions(1, 4))
    watch.take(report(0, "x", 5), 0)
    watch.take(Observation(What.END, "a", 0, named=True), 0)
    assert watch.counts["runs too few reported"] == 1
    assert watch.ranking._history("a").past.values == [INFINITE]


def test_what_cannot_be_is_refused_and_leaves_nothing():
    watch = watch_of(ReportOptions(1, 4))
    watch.take(report(0, "x", 5), 0)
    before = json.dumps(watch.reports.facts), bytes(watch.ranking)
    for line, words in (
        (report(0, "x", 6), "something else"),
        (Observation(What.WHOLE, "a", 1, 5, named=True), "no reporter"),
        (Observation(What.END, "a", 7, named=True), "has no report"),
    ):
        with pytest.raises(BadInput, match=words):
            watch.take(line, 0)
    assert (json.dumps(watch.reports.facts), bytes(watch.ranking)) == before
    assert watch.take(report(0, "x", 5), 0) == ([], []) and watch.counts["repeated"] == 1
    for name in "yzw":
        watch.take(report(0, name, 5), 0)
    with pytest.raises(BadInput, match="one more than --reporters 4"):
        watch.take(report(1, "v", 5), 0)
    with pytest.raises(BadInput, match="needs 4 or more"):
        ReportOptions(1, 3)


def test_liars_are_named_by_their_contradictions_alone():
    reports, rng = ReportedRuns(ReportOptions(2, 9)), np.random.default_rng(6)
    for run in range(80):
        truth = rng.normal(0, 1)
        scores = truth + rng.normal(0, 0.5, 9)
        scores[0] = -truth  # says the opposite
        scores[1] = rng.normal(0, 1)  # says nothing
        for one, score in enumerate(scores):
            line = report(run, one, int(score * 65536))
            reports.judged(line)
            reports.note(line)
    (named,) = reports.contradictions.contradicting()
    assert named.reporter == 0 and named.compared == 40 and named.contradicts > 30


def test_a_reporter_is_compared_with_the_others_alone():
    reports = ReportedRuns(ReportOptions(0, 3))
    # The first is the median of all three both times, and would agree with itself.
    for run, scores in enumerate([(5, 4, 6), (8, 3, 9)]):
        for reporter, score in enumerate(scores):
            reports.note(report(run, reporter, score))
    assert reports.contradictions.facts["counts"] == [[0, 0, 1], [1, 0, 1], [2, 0, 1]]
