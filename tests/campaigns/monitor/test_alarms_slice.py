"""A slice of `make alarms`: its ranks, its limits, and that a broken promise is told."""

import numpy as np
import pytest
from scipy.stats import binom

from consilience_hw.spec.monitor_format import MonitorMode
from tests.campaigns.monitor.limits import upper_share
from tests.campaigns.monitor.null import NullResult, simulate
from tests.campaigns.monitor.page import null_table
from tests.campaigns.monitor.scores import KINDS, ranks_of


@pytest.mark.parametrize("kind", KINDS)
def test_ranks_are_spread_evenly(kind):
    ranks = ranks_of(kind, 3_000, 4, np.random.default_rng(7), 9)
    for step, row in enumerate(ranks):
        counts = np.bincount(row, minlength=step + 11)
        assert counts[0] == 0 and len(counts) == step + 11
        expected = 3_000 / (step + 10)
        assert (abs(counts[1:] - expected) < 5.5 * expected**0.5).all()


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (3, 40), (25, 40_000), (40, 40)])
def test_the_upper_limit_is_where_so_few_hits_are_as_rare_as_said(hits, trials):
    share = upper_share(hits, trials)
    if hits < trials:
        assert binom.cdf(hits, trials, share) == pytest.approx(0.01, rel=1e-6)
    else:
        assert share == 1


def test_a_slice_of_the_promises(monkeypatch):
    monkeypatch.setattr("tests.campaigns.monitor.null._RUNS_STEPS", 60)
    monkeypatch.setattr("tests.campaigns.monitor.null._EVER_STEPS", 60)
    results = list(simulate(6_400, 1, lambda _: None))
    assert len(results) == 4 * 3 * 3 * 9
    # Within 60 runs thresholds of 2 and 3 bits are met: those can be judged.
    assert all(one.holds for one in results if one.bits <= 3)
    assert len(null_table(results)) == 1 + 4 * 3 * 3


@pytest.mark.parametrize(("figure", "allowed", "holds"), [(3.9, 4, False), (4, 4, True)])
def test_a_broken_promise_does_not_hold(figure, allowed, holds):
    runs = NullResult(MonitorMode.RESTART, "tied", 1, 2, 9, 9, figure, allowed)
    ever = NullResult(MonitorMode.ONCE, "tied", 1, 2, 9, 9, 1 / figure, 1 / allowed)
    assert runs.holds == ever.holds == holds
