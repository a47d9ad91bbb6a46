"""The score: it never falls within a run, and no held-out run has a part in it."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from consilience.monitor.line_fields import binned
from examples.agent_traces.monitor import fitting
from examples.agent_traces.monitor.choose import TOLERANCE, candidates, cross_fitted_scores
from examples.agent_traces.monitor.fitting import (
    CHOICE,
    Shapes,
    chain_set,
    chosen_chains,
    fit_score,
    weigh,
)
from examples.agent_traces.monitor.pipelines import (
    LEAST_RUNS,
    fitting_pipelines,
    held_out_pipelines,
)
from examples.agent_traces.monitor.score import binned_all, rising, shaped
from examples.agent_traces.traces import TEST


def figures_by_definition(rows):
    """The largest sum from the start, of rows in a row, and row, of all rows."""
    sums = [
        sum(rows[first:last])
        for first in range(len(rows))
        for last in range(first + 1, len(rows) + 1)
    ]
    from_the_start = [sum(rows[:last]) for last in range(1, len(rows) + 1)]
    return max(from_the_start), max(sums), max(rows)


@given(st.lists(st.lists(st.integers(-40, 40), min_size=1, max_size=7), min_size=1, max_size=4))
def test_figures_are_of_the_rows_so_far(runs):
    offsets = np.cumsum([0, *map(len, runs)])
    found = rising(np.array([float(x) for run in runs for x in run]), offsets)
    for run, first in zip(runs, offsets[:-1], strict=True):
        for last in range(1, len(run) + 1):
            assert tuple(found[first + last - 1]) == figures_by_definition(run[:last])


@given(st.lists(st.floats(-200, 200), min_size=2, max_size=30))
def test_what_is_weighed_rises_with_the_figures(values):
    found = shaped(np.sort(np.array(values))[:, np.newaxis])
    assert found.shape[1] == 3
    assert (np.diff(found, axis=0) >= 0).all()
    assert np.isfinite(found).all()


def test_it_never_falls_within_a_run(traces, score):
    assert (score.weights >= 0).all()
    assert (score.weights > 0).sum() >= 3
    for test in (False, True):
        scored = score.of(traces, traces.runs(("benign", "hijacked"), test=test))
        assert len(scored.final) > 1000
        falls = rises = 0
        for first, last in pairwise(scored.offsets.tolist()):
            steps = np.diff(scored.codes[first:last])
            falls += int((steps < 0).sum())
            rises += int((steps > 0).sum())
        assert falls == 0
        assert rises > 1000


def test_no_held_out_run_has_a_part_in_it(traces, score):
    rng = np.random.default_rng(5)
    held_out = np.repeat(traces.lineages == TEST, np.diff(traces.indptr))
    tools = rng.integers(len(traces.tools), size=len(held_out))
    label = np.where(traces.lineages == TEST, rng.permutation(traces.label), traces.label)
    other = fit_score(replace(traces, tool=np.where(held_out, tools, traces.tool), label=label))
    assert np.array_equal(other.weights, score.weights)
    assert other.suite_offsets == score.suite_offsets
    runs = traces.runs(("benign", "hijacked"), test=True)[::9]
    assert np.array_equal(other.of(traces, runs).codes, score.of(traces, runs).codes)


def test_no_held_out_run_has_a_part_in_the_choice(traces):
    rng = np.random.default_rng(6)
    held_out = np.repeat(traces.lineages == TEST, np.diff(traces.indptr))
    tools = rng.integers(len(traces.tools), size=len(held_out))
    other = replace(traces, tool=np.where(held_out, tools, traces.tool))
    chains = chain_set((0,), 0.0, False)
    found = [cross_fitted_scores(one, chains, "family") for one in (traces, other)]
    assert np.array_equal(*found)
    judged = {one.name for one in fitting_pipelines(traces, found[0])}
    assert len(judged) == 11
    assert not judged & set(traces.agent[traces.lineages == TEST].tolist())


def test_a_score_depends_on_the_calls_so_far_alone(traces, score):
    """A run that is cut after some calls has had the same scores."""
    runs = traces.runs(("hijacked",), test=True)[:40]
    whole = score.of(traces, runs)
    kept = np.minimum(np.diff(traces.indptr), 2)
    places = np.concatenate(
        [np.arange(a, a + n) for a, n in zip(traces.indptr, kept, strict=False)]
    )
    cut = replace(
        traces,
        indptr=np.concatenate([[0], np.cumsum(kept)]),
        tool=traces.tool[places],
        error=traces.error[places],
    )
    short = score.of(cut, runs)
    for number, run in enumerate(runs.tolist()):
        assert np.array_equal(
            short.before_the_end(number), whole.before_the_end(number)[: kept[run]]
        )


def test_it_is_binned_as_the_command_line_does_it(traces, score):
    values = np.random.default_rng(1).normal(0, 9, 500)
    assert binned_all(values).tolist() == [binned(float(x)) for x in values]


def test_weights_are_those_of_least_loss(traces):
    """Two columns that say the same share the weight; one that speaks against gets none."""
    runs = traces.runs(("benign", "hijacked"), test=False)
    hijacked = (traces.label[runs] == "hijacked").astype(float)
    blurred = hijacked + np.random.default_rng(2).normal(0, 1, len(runs))
    columns = np.stack([blurred, blurred, -blurred], axis=1)
    weights, offsets = weigh(traces, Shapes(runs, columns))
    assert weights[2] == 0
    assert weights[0] == pytest.approx(weights[1], rel=1e-4)
    # Normal with standard deviation 1 and means 0 and 1: the log odds rise by 1 with it.
    assert weights[0] + weights[1] == pytest.approx(1.0, abs=0.2)
    assert set(offsets) == set(traces.suites)


def test_a_fit_that_ends_before_the_loss_is_flat_is_told(traces, monkeypatch):
    def hasty(*words, options, **more):
        return minimize(*words, options={**options, "maxiter": 3}, **more)

    runs = traces.runs(("benign", "hijacked"), test=False)
    monkeypatch.setattr(fitting, "minimize", hasty)
    with pytest.raises(RuntimeError, match=r"the fit ended at a gradient of .*ITERATIONS"):
        weigh(traces, Shapes(runs, np.random.default_rng(3).normal(0, 1, (len(runs), 4))))


def test_the_committed_choice_is_the_rule_s():
    record = json.loads(CHOICE.read_text())
    tried = record["candidates"]
    assert [(tuple(one["orders"]), one["resisted"], one["errors"]) for one in tried] == list(
        candidates()
    )
    for one in tried:
        assert one["mean_delay"] == pytest.approx(np.mean(list(one["delay"].values())), abs=1e-3)
    least = min(one["mean_delay"] for one in tried)
    near = [one for one in tried if one["mean_delay"] <= least + TOLERANCE]
    fewest = min(len(one["orders"]) for one in near)
    best = min(
        (one for one in near if len(one["orders"]) == fewest), key=lambda one: one["mean_delay"]
    )
    assert record["chosen"] == {name: best[name] for name in ("orders", "resisted", "errors")}
    assert chosen_chains() == chain_set(best["orders"], best["resisted"], best["errors"])


def test_pipelines_are_those_with_enough_runs(traces, score):
    found = {one.name: one for one in held_out_pipelines(traces, score)}
    assert len(found) == 8
    for name in np.unique(traces.agent[traces.lineages == TEST]).tolist():
        of = traces.agent == name
        counts = [int((of & (traces.label == kind)).sum()) for kind in ("benign", "hijacked")]
        assert (min(counts) >= LEAST_RUNS) == (name in found)
        if name in found:
            assert [len(found[name].benign), len(found[name].hijacked)] == counts
