"""The test of one run: exact for exchangeable runs, nothing ahead, as the monitor has it."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest

from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.run_ranking import RunRanking
from examples.judges_scores.comparison import METHODS
from examples.judges_scores.judged_runs import DATA, JudgedRun, read_runs
from examples.judges_scores.ranked import Ranking, chosen_method, divided, rank_method
from examples.judges_scores.suspicion import DOUBT, LOWEST, STATISTICS
from tests.examples.judges_scores.drawn import drawn, run_of

LEVELS = [Fraction(1, 20), Fraction(1, 10), Fraction(1, 5)]


@pytest.fixture(scope="module")
def hotpotqa() -> list[JudgedRun]:
    return read_runs(DATA / "hotpotqa.csv")


def test_suspicion_by_hand() -> None:
    codes = [65536, 16384, 49152, 0]
    found = {one.name: (one.running(codes) / 65536).tolist() for one in STATISTICS}
    assert found["lowest score so far"] == [0, 0.75, 0.75, 1]
    assert found["sum of doubt"] == [0, 0.75, 1, 2]
    assert found["sum of squared doubt"] == [0, 0.5625, 0.625, 1.625]
    assert found["sum of the root of doubt"] == pytest.approx([0, 0.866, 1.366, 2.366], abs=1e-4)
    assert found["number of steps"] == [1, 2, 3, 4]


def test_ranks_are_those_of_the_monitor(hotpotqa: list[JudgedRun]) -> None:
    """Of open runs too: `RunRanking.provisional`, with one history for all."""
    ends = [int(DOUBT.running(run.codes)[-1]) for run in hotpotqa[:60]]
    ours = Ranking(ends, seed=3)
    whole = RunRanking(RanksSettings.of(n0=50, history="group"), seed=3)
    for place, end in enumerate(ends):
        whole.start("past", f"{place}", 0, "one group")
        whole.finish("past", f"{place}", end, 0)
    data = bytes(whole)
    for run in hotpotqa[60:]:
        theirs = RunRanking.from_bytes(data, seed=3)
        theirs.start(run.name, run.name, 0, "one group")
        for suspicion in DOUBT.running(run.codes).tolist():
            found = theirs.provisional(run.name, run.name, suspicion)
            assert found is not None
            assert (found.rank, found.ranks) == (ours.rank(run.name, suspicion), ours.ranks)


@pytest.mark.parametrize("count", [19, 20, 40, 67])
def test_of_runs_without_ties_exactly_so_many_alarm(count: int) -> None:
    """Each of N runs is as likely the new one: the promise is the mean over all of them."""
    draw = np.random.default_rng(count)
    runs = [run_of(f"{i}", draw.random(int(draw.integers(1, 6))).tolist()) for i in range(count)]
    judge = rank_method(DOUBT).judge
    flagged = np.array(
        [judge(runs[:i] + runs[i + 1 :], [runs[i]], LEVELS, 1).first[0] > 0 for i in range(count)]
    )
    assert flagged.sum(axis=0).tolist() == [floor(level * count) for level in LEVELS]


@pytest.mark.parametrize("values", [1, 2, 20])
def test_the_promise_is_kept_with_ties(values: int) -> None:
    """Drawn runs: the share that alarms is floor(level N) / N, whatever the scores are."""
    flagged = []
    for seed in range(600):
        runs = drawn(1000 * values + seed, 41, values=values)
        flagged.append(rank_method(DOUBT).judge(runs[:39], runs[39:], LEVELS, seed).first > 0)
    means = np.array(flagged).mean(axis=1)
    error = means.std(axis=0) / np.sqrt(len(means))
    promised = np.array([floor(level * 40) / 40 for level in LEVELS])
    assert (np.abs(means.mean(axis=0) - promised) <= 4 * error).all()


def test_the_chosen_statistic_keeps_it_too() -> None:
    flagged = []
    for seed in range(150):
        runs = drawn(seed, 62, 20)
        train, test = runs[:60] + runs[62:], runs[60:62]
        flagged.append(chosen_method().judge(train, test, LEVELS, seed).first > 0)
    means = np.array(flagged).mean(axis=1)
    error = means.std(axis=0) / np.sqrt(len(means))
    promised = np.array([floor(level * 41) / 41 for level in LEVELS])
    assert (np.abs(means.mean(axis=0) - promised) <= 4 * error).all()


def test_what_chooses_does_not_calibrate(hotpotqa: list[JudgedRun]) -> None:
    fit, calibration = divided(hotpotqa, Fraction(1, 3), 5)
    assert {run.name for run in fit}.isdisjoint(run.name for run in calibration)
    assert len(fit) + len(calibration) == len(hotpotqa)
    assert sum(run.solved for run in fit) == 27
    assert all(run.solved for run in calibration)
    assert fit != divided(hotpotqa, Fraction(1, 3), 6)[0]


@pytest.mark.parametrize("method", METHODS, ids=[one.name for one in METHODS])
def test_nothing_is_looked_ahead_at(hotpotqa: list[JudgedRun], method) -> None:
    """What is said at a step of a run is said of the run that is cut there."""
    train, test = hotpotqa[:90], hotpotqa[120:]
    whole = method.judge(train, test, LEVELS, 0).first
    ahead = 0
    for steps in (2, 5):
        cut = method.judge(train, [run.head(steps) for run in test], LEVELS, 0).first
        ahead += int((cut != np.where(whole <= steps, whole, 0)).sum())
    # RandVille has another threshold at the last step: it must know that it is the last.
    assert (ahead > 0) == (method.name == "e-valuator, RandVille")


def test_too_few_runs_are_told() -> None:
    said = rank_method(LOWEST).judge(drawn(1, 18), drawn(2, 3), LEVELS, 0)
    assert said.lacking == ("18 solved runs calibrate; 19 are needed", None, None)
    assert not said.first[:, 0].any()
    assert rank_method(LOWEST).judge(drawn(1, 19), drawn(2, 3), LEVELS, 0).lacking[0] is None
