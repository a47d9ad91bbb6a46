"""Options, weight and prior: what has the least log loss on runs that were left out."""

import random

import numpy as np
import pytest

from consilience.errors import BadInput
from consilience.models.fitting import fit_model
from consilience.models.left_out import folds
from consilience.models.run import Run
from consilience.models.runs import Runs
from consilience.models.tempering import log_loss, tempered
from consilience.traces.steps import Step


def drawn(runs, share, repeat, seed):
    """Runs of which each call is said `repeat` times: their evidence is too confident by that."""
    chance = random.Random(seed)
    made, truth = [], []
    for n in range(runs):
        bad = chance.random() < share
        tools = [chance.choice("aab" if not bad else "abb") for _ in range(6)]
        steps = tuple(Step(tool) for tool in tools for _ in range(repeat))
        made.append(Run(f"agent {n % 10}", f"r{n}", steps))
        truth.append("bad" if bad else "good")
    return Runs(made, "tool_calls"), truth


def test_evidence_that_is_said_four_times_counts_a_fourth():
    runs, truth = drawn(600, 0.5, 1, 3)
    once = fit_model(runs, "categories", truth, ("good", "bad"), date="2026-11-28")
    runs, truth = drawn(600, 0.5, 4, 3)
    often = fit_model(runs, "categories", truth, ("good", "bad"), date="2026-11-28")
    assert once.weight > 40_000 and 0.15 < often.weight / 65536 < 0.4
    assert often.training.log_loss < 0.66


def test_the_prior_is_that_of_the_labels():
    runs, truth = drawn(600, 0.1, 1, 4)
    fitted = fit_model(runs, "categories", truth, ("good", "bad"))
    assert fitted.prior[1] == pytest.approx(truth.count("bad") / 600, abs=0.05)
    assert sum(fitted.prior) == pytest.approx(1.0)


def test_no_weight_and_no_prior_near_by_has_less_log_loss():
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 3, 300)
    sums = rng.normal(0, 4, (300, 3))
    sums[np.arange(300), truth] += 2.0
    found = tempered(sums, truth, 3)
    best = log_loss(sums, truth, found.weight, np.array(found.prior))
    for factor in (0.9, 1.1):
        other = round(found.weight * factor)
        assert log_loss(sums, truth, other, np.array(found.prior)) > best
        for label in range(3):
            prior = np.array(found.prior)
            prior[label] *= factor**3
            assert log_loss(sums, truth, found.weight, prior / prior.sum()) > best - 1e-4


def test_labels_that_evidence_tells_apart_give_a_finite_prior():
    sums = np.array([[0.0, -50.0]] * 20 + [[-50.0, 0.0]] * 20)
    found = tempered(sums, np.repeat([0, 1], 20), 2)
    assert 0.01 < found.prior[0] < 0.99 and found.log_loss < 1e-6


def test_whole_agents_are_left_out_where_each_label_has_several():
    runs = [Run(f"a{n % 12}", str(n), ()) for n in range(48)]
    truth = [int(n % 12 >= 6) for n in range(48)]
    for fold in folds(runs, truth):
        agents = {runs[one].agent for one in fold}
        assert not agents & {runs[one].agent for one in range(48) if one not in set(fold)}
        assert {truth[one] for one in range(48) if one not in set(fold)} == {0, 1}
    single = folds([Run("a", str(n), ()) for n in range(20)], [n % 2 for n in range(20)])
    assert sorted(np.concatenate(single).tolist()) == list(range(20))


def test_the_allowance_is_twice_the_mean_surprise_of_runs_left_out():
    runs, _ = drawn(100, 0.0, 1, 5)
    fitted = fit_model(runs, "categories", None)
    surprise = -fitted.training.log_loss  # a run's, negative log likelihood
    steps = sum(len(run.steps) + 1 for run in runs.runs) / len(runs.runs)
    assert fitted.allowance == pytest.approx(2 * -surprise / steps / np.log(2))


def test_what_cannot_be_fitted_is_refused():
    runs, truth = drawn(10, 0.5, 1, 6)
    with pytest.raises(BadInput, match="choose another --model"):
        fit_model(runs, "scores", truth, ("good", "bad"))
    with pytest.raises(BadInput, match="there are chain"):
        fit_model(runs, "oracle", truth, ("good", "bad"))
    with pytest.raises(BadInput, match="better a hundred"):
        fit_model(runs, "chain", ["good"] * 9 + ["bad"], ("good", "bad"))
