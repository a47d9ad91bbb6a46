"""Increments of one run: e-values that hold, and that say where they can never reach a level."""

from fractions import Fraction

import numpy as np
import pytest

from examples.judges_scores.increments import CONFORMAL, FROZEN, ISOTONIC, LEAST_FROZEN
from examples.judges_scores.judged_runs import JudgedRun
from examples.judges_scores.ranked import Ranking
from examples.judges_scores.suspicion import DOUBT
from tests.examples.judges_scores.drawn import drawn, run_of

LEVELS = [Fraction(1, 20), Fraction(1, 10), Fraction(1, 5)]


def test_conformal() -> None:
    """With 67 runs and the two bets e is (68^(3/4) + 68^(1/2)) / 2 = 16.0 at most: not 20."""
    train = drawn(1, 67)
    test = drawn(2, 40, 40)
    said = CONFORMAL.judge(train, test, LEVELS, 9)
    assert said.lacking == (
        "one run brings e = 16.0 at most with 67 solved runs; 1 / level is 20",
        None,
        None,
    )
    assert not said.first[:, 0].any()
    # At 1/10 the highest rank alone alarms: the second brings 16 (2^(1/4) - 1) and less.
    ranking = Ranking((int(DOUBT.running(run.codes)[-1]) for run in train), 9)
    for run, first in zip(test, said.first[:, 1], strict=True):
        ranks = [ranking.rank(run.name, int(one)) for one in DOUBT.running(run.codes)]
        assert first == (ranks.index(1) + 1 if 1 in ranks else 0)
    assert said.first[:, 1].any()


def test_frozen_needs_a_thousand_runs() -> None:
    said = FROZEN.judge(drawn(1, LEAST_FROZEN - 1), drawn(2, 5), LEVELS, 0)
    assert said.lacking == ("999 solved runs; a table needs 1,000",) * 3
    assert not said.first.any()


def test_frozen_keeps_its_promise() -> None:
    train, solved, unsolved = drawn(3, 1500), drawn(4, 4000), drawn(5, 0, 200)
    said = FROZEN.judge(train, solved, LEVELS, 0)
    assert said.lacking == (None, None, None)
    assert ((said.first > 0).mean(axis=0) <= [float(one) for one in LEVELS]).all()
    found = FROZEN.judge(train, unsolved, LEVELS, 0).first > 0
    assert found[:, 2].mean() > 0.1


@pytest.mark.parametrize("separable", [True, False])
def test_isotonic_ratio(separable: bool) -> None:
    """The ratio of the shares of runs that get so high; alarms where it reaches 1 / level."""
    low = 0.0 if separable else 1.0
    train: list[JudgedRun] = [run_of(f"g{i}", [1.0, 1.0]) for i in range(60)]
    train += [run_of(f"b{i}", [1.0, low], solved=False) for i in range(60)]
    test = [run_of("good", [1.0, 1.0, 1.0]), run_of("bad", [1.0, 0.0, 0.0], solved=False)]
    said = ISOTONIC.judge(train, test, LEVELS, 0)
    assert said.first.tolist() == [[0, 0, 0], [2, 2, 2] if separable else [0, 0, 0]]
    assert said.first.dtype == np.int64
