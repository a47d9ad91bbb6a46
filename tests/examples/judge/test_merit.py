"""Figures of merit against their definitions."""

import numpy as np
import pytest

from examples.agent_traces.judge.merit import (
    Mean,
    auc,
    calibration_error,
    log_loss_of,
    threshold_at,
    tpr_at,
)


def test_ranking_by_definition():
    rng = np.random.default_rng(1)
    positive = rng.random(400) < 0.4
    scores = rng.integers(0, 30, 400) + 8 * positive
    pairs = scores[positive][:, np.newaxis] - scores[~positive]
    assert auc(positive, scores) == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    for rate in (0.0, 0.01, 0.1, 1.0):
        allowed = [
            t
            for t in range(scores.min(), scores.max() + 2)
            if (scores[~positive] >= t).mean() <= rate
        ]
        threshold = threshold_at(positive, scores, rate)
        assert (scores[positive] >= threshold).mean() == (scores[positive] >= min(allowed)).mean()
        assert (scores[~positive] >= threshold).mean() <= rate
        assert tpr_at(positive, scores, rate) == (scores[positive] >= min(allowed)).mean()


def test_without_both_kinds_there_is_no_ranking():
    for positive in (np.zeros(3, bool), np.ones(3, bool), np.zeros(0, bool)):
        scores = np.arange(len(positive))
        assert auc(positive, scores) is None
        assert tpr_at(positive, scores, 0.01) is None
    assert log_loss_of(np.zeros(0, bool), np.zeros(0)) is None
    assert calibration_error(np.zeros(0, bool), np.zeros(0)) is None
    assert Mean.of(np.array([1.0])) is None


def test_log_loss():
    odds = np.log(np.array([3.0, 0.25]))
    assert log_loss_of(np.array([True, False]), odds) == pytest.approx(
        (-np.log(0.75) - np.log(0.8)) / 2
    )


def test_calibration_error_of_whole_bins():
    """30 runs, two in each of 15 bins, all probabilities different."""
    rng = np.random.default_rng(2)
    p = np.sort(rng.random(30))
    positive = rng.random(30) < 0.5
    expected = np.mean(
        [abs(positive[2 * b : 2 * b + 2].mean() - p[2 * b : 2 * b + 2].mean()) for b in range(15)]
    )
    order = rng.permutation(30)
    assert calibration_error(positive[order], p[order]) == pytest.approx(expected)


def test_calibration_error_does_not_depend_on_the_order_of_equals():
    positive = np.arange(100) < 50
    p = np.full(100, 0.5)
    assert calibration_error(positive, p) == pytest.approx(0.0)
    assert calibration_error(positive[::-1], p + 0.25) == pytest.approx(0.25)


def test_mean():
    found = Mean.of(np.array([1.0, 2.0, 3.0]))
    assert (found.mean, found.error) == (2.0, pytest.approx(3**-0.5))
