"""Lines of suites: near to the common one by the penalty, by log loss, and chosen by the rule."""

import json

import numpy as np
import pytest

from examples.agent_traces.judge.calibration import (
    PENALTIES,
    Lines,
    balanced,
    candidates,
    cross_validated_loss,
    fit_lines,
)
from examples.agent_traces.judge.choose import TOLERANCE, nearness
from examples.agent_traces.judge.fitting import CHOICE, NULL


@pytest.fixture(scope="module")
def drawn(traces):
    """Sums of the fitting families whose log odds are 2 x + 1, but in one suite 0.5 x - 1."""
    runs = traces.runs((*NULL, "hijacked"), test=False)
    rng = np.random.default_rng(2)
    hijacked = traces.label[runs] == "hijacked"
    odd = traces.suite[runs] == traces.suites[0]
    # Normal with means +-m and variance v: log odds are 2 m x / v, here slope and shift of each.
    mean = np.where(odd, 0.5, 1.0)
    spread = np.sqrt(np.where(odd, 2.0, 1.0))
    sums = rng.normal(np.where(hijacked, mean, -mean), spread) + np.where(odd, 2.0, -0.5)
    return runs, sums, str(traces.suites[0])


def test_without_a_penalty_to_speak_of_each_suite_has_its_own_line(traces, drawn):
    runs, sums, odd = drawn
    lines = fit_lines(traces, runs, sums, 1e-6)
    judged = runs[np.isin(traces.label[runs], ("benign", "hijacked"))]
    share, hijacked = balanced(traces, judged), traces.label[judged] == "hijacked"
    for suite, (slope, intercept) in lines.of_suite.items():
        here = traces.suite[judged] == suite  # more of the one kind are here than of the other
        prior = np.log(share[here & hijacked].sum() / share[here & ~hijacked].sum())
        wanted = (0.5, -1.0) if suite == odd else (2.0, 1.0)
        assert (slope, intercept - prior) == pytest.approx(wanted, abs=0.35)


def test_the_larger_the_penalty_the_nearer_to_the_common_line(traces, drawn):
    runs, sums, odd = drawn
    gaps = []
    for penalty in (1e-4, 1e-2, 1.0, 100.0):
        lines = fit_lines(traces, runs, sums, penalty)
        gaps.append(np.abs(np.subtract(lines.of_suite[odd], lines.common)).max())
    assert gaps == sorted(gaps, reverse=True) and gaps[-1] < 0.01
    shared = fit_lines(traces, runs, sums, None)
    assert set(shared.of_suite.values()) == {shared.common}
    assert lines.common == pytest.approx(shared.common, abs=0.02)
    assert cross_validated_loss(traces, runs, [sums], 1e-3) < cross_validated_loss(
        traces, runs, [sums], None
    )


def test_odds_are_the_suite_s_line_of_the_sum_and_rise_with_the_score():
    lines = Lines((2.0, 1.0), {"a": (0.5, -1.0)})
    sums = np.array([-3.0, 0.0, 4.0])
    scores = lines.score(sums)
    assert scores.tolist() == [-5.0, 1.0, 9.0]
    assert lines.odds(scores, np.array(["a"] * 3)).tolist() == [-2.5, -1.0, 1.0]
    assert lines.odds(scores, np.array(["new"] * 3)).tolist() == scores.tolist()


def test_the_committed_calibration_is_the_rule_s():
    record = json.loads(CHOICE.read_text())["calibration"]
    tried = record["candidates"]
    assert [(one["scheme"], one["penalty"]) for one in tried] == candidates()
    least = min(one["log_loss"] for one in tried)
    near = [one for one in tried if one["log_loss"] <= least + TOLERANCE]
    chosen = max(near, key=lambda one: nearness(one["penalty"]))
    assert record["chosen"] == {name: chosen[name] for name in ("scheme", "penalty")}
    assert nearness(None) > max(one for one in PENALTIES if one is not None)
