"""Folds, shares and limits: no run is judged by what has seen it, and nothing is counted twice."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binomtest

from examples.judges_scores.comparison import compared, folds_of, shares, verdicts_of
from examples.judges_scores.judged_runs import JudgedRun
from examples.judges_scores.verdicts import Method, Verdicts, nothing
from tests.examples.judges_scores.drawn import drawn, run_of

LEVEL = Fraction(1, 10)


def test_folds_have_their_share_of_both_kinds() -> None:
    runs = drawn(1, 53, 7)
    for seed in range(3):
        fold = folds_of(runs, 5, seed)
        assert np.bincount(fold).tolist() == [12] * 5
        assert max(np.bincount(fold[53:], minlength=5)) == 2
        assert (fold == folds_of(runs, 5, seed)).all()
    assert (folds_of(runs, 5, 0) != folds_of(runs, 5, 1)).any()


def test_no_run_is_judged_by_what_has_seen_it() -> None:
    runs = drawn(2, 20, 10)
    judged: list[str] = []

    def judge(
        train: Sequence[JudgedRun], test: Sequence[JudgedRun], levels: Sequence[Fraction], seed: int
    ) -> Verdicts:
        names = [run.name for run in test]
        assert set(names).isdisjoint(run.name for run in train)
        assert len(train) + len(test) == len(runs)
        judged.extend(names)
        first = np.array([[int(name.split()[1]) + seed] for name in names])
        return Verdicts(first, ("never" if seed else None,))

    told = verdicts_of(runs, [Method("spy", "", judge)], [LEVEL], seeds=2, folds=3)
    assert sorted(judged) == sorted([run.name for run in runs] * 2)
    assert told.first[0, :, :, 0].tolist() == [list(range(30)), list(range(1, 31))]
    assert told.lacking == [[[None] * 3 + ["never"] * 3]]


@pytest.mark.parametrize(("count", "runs"), [(0, 83), (1, 83), (3, 67), (67, 67)])
def test_limits_are_those_of_the_binomial(count: int, runs: int) -> None:
    flags = np.arange(runs) < count
    found = shares(np.array([flags, flags]))
    exact = binomtest(count, runs).proportion_ci(0.95, "exact")
    assert found == pytest.approx((count / runs, exact.low, exact.high))


def test_figures_by_hand() -> None:
    runs = [run_of("a", [1.0] * 4), run_of("b", [1.0])]
    runs += [run_of(name, [0.0] * 5, solved=False) for name in "cd"]
    method = Method("none", "", lambda train, test, levels, seed: nothing(len(test), ["why"]))
    told = verdicts_of(runs, [method], [LEVEL], seeds=2, folds=2)
    told.first[0, :, :, 0] = [[0, 1, 2, 0], [0, 0, 5, 0]]
    cell = compared(runs, [method], [LEVEL], told)[0]
    assert cell.false.share == 0.25
    assert cell.found.share == 0.5
    assert cell.saved.share == pytest.approx((3 + 0) / 2 / 10)
    assert cell.saved.low == 0.0
    assert cell.saved.high == pytest.approx(0.3, abs=1e-9)
    assert (cell.lacking, cell.lacking_folds) == ("why", 1)
