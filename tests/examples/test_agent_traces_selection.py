"""The committed choice is what the rule gives, and no held-out run had a part in it."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from agent_traces.choose import TOLERANCE, WEIGHTS, goal_grid, grid, switches
from agent_traces.cross_validation import (
    SCHEMES,
    cross_validate,
    detector_auc,
    goal_accuracy,
    goal_scores,
)
from agent_traces.detector_config import DetectorConfig
from agent_traces.evidence import HIJACKED, collect, fit_detector, run_sums
from agent_traces.selection import FIRST_ORDER, FITTING_LABELS, SELECTION, Selection
from agent_traces.traces import TEST, Traces, lineage


@pytest.fixture(scope="module")
def traces() -> Traces:
    return Traces.load()


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(SELECTION.read_text(encoding="utf-8"))
    return content


def config_of(candidate: dict[str, Any]) -> DetectorConfig:
    return DetectorConfig(**{name: candidate[name] for name in DetectorConfig.__dataclass_fields__})


def test_split_is_by_family(traces: Traces) -> None:
    assert len(traces.runs(("benign",), test=True)) == 968
    assert len(traces.runs(("hijacked",), test=True)) == 953
    for test in (False, True):
        agents = np.unique(traces.agent[traces.runs(FITTING_LABELS, test=test)])
        assert all((not name.startswith(("gpt", "claude"))) == test for name in agents)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("gpt-4o-mini-2024-07-18", "gpt-4o"),
        ("gpt-4-turbo-2024-04-09", "gpt-4"),
        ("gpt-3.5-turbo-0125", "gpt-3.5"),
        ("claude-3-5-sonnet-20241022", "claude-3.5"),
        ("claude-3-opus-20240229", "claude-3"),
        ("gemini-1.5-pro-002", TEST),
        ("Meta-SecAlign-70B", TEST),
    ],
)
def test_lineage(agent: str, name: str) -> None:
    assert lineage(agent) == name


def test_repeats_of_a_situation_count_once(traces: Traces) -> None:
    fields = (traces.agent, traces.suite, traces.user_task, traces.goal, traces.label)
    situations = {tuple(str(field[run]) for field in fields) for run in range(len(traces.agent))}
    assert traces.distinct_weights.sum() == pytest.approx(len(situations))


def test_the_record_holds_every_candidate(record: dict[str, Any]) -> None:
    tried = [config_of(candidate) for candidate in record["candidates"]]
    chosen_in_grid = [config for config in grid() if config in tried]
    assert tried[0] == FIRST_ORDER
    assert chosen_in_grid == list(grid()) == tried[1 : 1 + len(chosen_in_grid)]
    assert [config_of(c) for c in record["goal_candidates"]] == list(goal_grid())


def test_the_choice_follows_the_rule(record: dict[str, Any]) -> None:
    chosen = Selection.load()
    size = len(list(grid()))
    tried = [(c["mean_auc"], config_of(c)) for c in record["candidates"][1 : 1 + size]]
    best = max(mean for mean, _ in tried)
    near = [(mean, config) for mean, config in tried if mean >= best - TOLERANCE]
    order = min(config.order for _, config in near)
    mean, config = max((pair for pair in near if pair[1].order == order), key=lambda pair: pair[0])
    switched = record["candidates"][1 + size :]
    assert [config_of(c) for c in switched] == list(switches(config))
    assert max(c["mean_auc"] for c in switched) <= mean + TOLERANCE
    assert chosen.detector == config

    losses = {int(weight): loss for weight, loss in record["log_loss_by_weight"].items()}
    assert tuple(losses) == WEIGHTS
    assert chosen.weight == min(losses, key=losses.__getitem__)
    goal = max(record["goal_candidates"], key=lambda candidate: candidate["accuracy"])
    assert (chosen.goal, chosen.goal_weight) == (config_of(goal), goal["weight"])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("which", ["first order", "chosen"])
def test_committed_scores_are_reproduced(
    traces: Traces, record: dict[str, Any], which: str, scheme: str
) -> None:
    config = FIRST_ORDER if which == "first order" else Selection.load().detector
    (candidate,) = [c for c in record["candidates"] if config_of(c) == config]
    assert detector_auc(traces, config, scheme) == pytest.approx(
        candidate["auc"][scheme], abs=5.1e-5
    )


def test_committed_goal_accuracy_is_reproduced(traces: Traces, record: dict[str, Any]) -> None:
    chosen = Selection.load()
    accuracies = [
        goal_accuracy(goal_scores(traces, chosen.detector, chosen.goal, scheme), chosen.goal_weight)
        for scheme in SCHEMES
    ]
    (candidate,) = [c for c in record["goal_candidates"] if config_of(c) == chosen.goal]
    assert np.mean(accuracies) == pytest.approx(candidate["accuracy"], abs=5.1e-5)


def test_held_out_runs_are_not_read(traces: Traces) -> None:
    rng = np.random.default_rng(5)
    held_out = np.repeat(traces.lineages == TEST, np.diff(traces.indptr))
    scrambled = np.where(held_out, rng.integers(len(traces.tools), size=len(held_out)), traces.tool)
    assert (scrambled != traces.tool).any()
    other = replace(traces, tool=scrambled)
    config = DetectorConfig(1, "witten-bell")
    assert detector_auc(other, config, "family") == detector_auc(traces, config, "family")


def test_cross_validation_refuses_held_out_runs(traces: Traces) -> None:
    with pytest.raises(ValueError, match="GPT and Claude families"):
        cross_validate(
            traces,
            "lineage",
            traces.runs(("benign",), test=True),
            lambda fitting, runs: np.zeros(len(runs)),
        )


def test_folds_leave_out_whole_lineages(traces: Traces) -> None:
    seen = []

    def score(fitting: np.ndarray, runs: np.ndarray) -> np.ndarray:
        out = set(traces.lineages[runs])
        seen.append(out)
        assert not out & set(traces.lineages[fitting])
        return np.zeros(len(runs))

    cross_validate(traces, "lineage", traces.runs(("benign",), test=False), score)
    assert seen == [{"claude-3"}, {"claude-3.5"}, {"gpt-3.5"}, {"gpt-4"}, {"gpt-4o"}]


def test_rows_are_one_per_call_and_one_for_the_end(traces: Traces) -> None:
    fitting = traces.runs(FITTING_LABELS, test=False)
    runs = traces.runs(("hijacked",), test=True)[:50]
    config = Selection.load().detector
    models = fit_detector(traces, fitting, config)
    evidence = collect(traces, runs, models, config)
    calls = traces.indptr[runs + 1] - traces.indptr[runs]
    assert (np.diff(evidence.offsets) == calls + 1).all()
    assert evidence.nats.shape == (calls.sum() + 50, 2)
    assert (evidence.nats <= 0).all()

    again = evidence.take(np.array([7, 3, 7]))
    single = [collect(traces, runs[[run]], models, config) for run in (7, 3, 7)]
    assert np.array_equal(again.nats, np.concatenate([one.nats for one in single]))
    assert np.allclose(run_sums(again), [one.nats.sum(axis=0) for one in single])
    assert run_sums(evidence)[7, HIJACKED] == pytest.approx(run_sums(again)[0, HIJACKED])
