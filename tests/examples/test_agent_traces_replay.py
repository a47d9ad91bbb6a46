"""Runs replayed as live evidence: every step checked, and the page whatever comes."""

import base64
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from agent_traces import ReplayOptions, ReplayResult, replay
from agent_traces.report.replay_plots import known_after, thinned
from agent_traces.schedule import LABELS, draw_agents, schedule
from agent_traces.traces import DATA, TEST, Traces

import consilience as cs
from consilience.errors import BadInput
from consilience_sim import golden

FAST = ReplayOptions(agents=12, rate=0.0)


def run(
    path: Path, options: ReplayOptions = FAST, model: Any = golden, **more: Any
) -> ReplayResult:
    with cs.open("cpu") as device:
        return replay(device, model, path / "replay.html", options, **more)


def test_every_call_is_seen_and_the_page_tells_all(tmp_path: Path) -> None:
    told = []
    result = run(tmp_path, told=lambda actor, seen, calls: told.append((actor, seen, calls)))
    assert result.mismatches == 0
    assert len(result.actors) == 12
    assert sum(len(actor.calls) for actor in result.actors) == result.calls == len(told)
    assert {actor.label for actor in result.actors} == set(LABELS)
    known = known_after(result)[:, -1]
    assert result.sightings[-1].expected == pytest.approx(known.sum(), rel=1e-4)
    highest = dict.fromkeys(range(12), 0.0)
    for seen in result.sightings:
        highest[seen.call.agent] = max(highest[seen.call.agent], seen.hijacked)
    assert set(result.alarms()) == {agent for agent in highest if highest[agent] >= 0.8}
    page = result.report.read_text()
    assert "<b>Mismatches: 0.</b>" in page and "Ended early" not in page
    assert thinned(result, [3, 1, 2]) == [3, 1, 2] and "are drawn" not in page
    for actor in result.actors:
        assert f"{actor.name}, {actor.suite}" in page


def test_many_agents_were_a_picture_of_18813_points(tmp_path: Path) -> None:
    result = run(tmp_path, ReplayOptions(agents=150, rate=0.0))
    assert sum(acted for _, acted in result.by_label().values()) == 150
    page = result.report.read_text()
    order = sorted(range(150), key=lambda agent: result.actors[agent].label)
    drawn = thinned(result, order)
    assert 120 <= len(drawn) <= 122
    assert drawn == [agent for agent in order if agent in drawn]
    counts = Counter(result.actors[agent].label for agent in drawn)
    assert set(counts) == set(LABELS)
    assert max(counts.values()) - min(counts.values()) <= 3
    assert f"Of 150 agents {len(drawn)} are drawn" in page
    assert page.count('<tr><td class="n">') == 150
    for figure in re.findall(r'base64,([^"]+)"', page):
        (height,) = re.findall(r' height="([0-9.]+)pt"', base64.b64decode(figure).decode())
        assert float(height) < 1300


def test_the_only_agent_of_a_label_is_drawn() -> None:
    labels = ["hijacked"] * 200 + ["resisted"] + ["benign"] * 200
    result: Any = SimpleNamespace(actors=[SimpleNamespace(label=label) for label in labels])
    assert 200 in thinned(result, list(range(401)))


def test_a_wrong_posterior_and_a_wrong_sum_are_mismatches(tmp_path: Path) -> None:
    def shifted(*arguments: Any) -> Any:
        codes, status = golden.posteriors(*arguments)
        return codes + 1, status

    def raised(*arguments: Any) -> Any:
        codes, status = golden.log_sums(*arguments)
        return codes + 1, status

    for model in (
        SimpleNamespace(posteriors=shifted, log_sums=golden.log_sums),
        SimpleNamespace(posteriors=golden.posteriors, log_sums=raised),
    ):
        result = run(tmp_path, ReplayOptions(agents=2, rate=0.0), model)
        assert result.mismatches == result.calls
        assert "nothing below" in result.report.read_text()


def test_ended_early_the_page_says_so(tmp_path: Path) -> None:
    def leave(_actor: Any, seen: Any, _calls: int) -> None:
        if seen.call.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, told=leave)
    assert "Ended early" in (tmp_path / "replay.html").read_text()


def test_calls_come_at_the_rate(tmp_path: Path) -> None:
    result = run(tmp_path, ReplayOptions(agents=1, rate=20.0))
    assert result.seconds >= (result.calls - 1) / 20


def test_schedule_keeps_an_agents_calls_in_order() -> None:
    lengths = np.array([3, 1, 5])
    calls = schedule(lengths, np.random.default_rng(0))
    for agent, length in enumerate(lengths):
        assert [call.number for call in calls if call.agent == agent] == list(range(length))


def test_agents_are_of_each_label_and_of_families_held_out() -> None:
    traces = Traces.load()
    runs = draw_agents(traces, traces.runs(LABELS, test=True), 31, np.random.default_rng(0))
    assert len(set(runs.tolist())) == 31
    assert sorted((traces.label[runs] == label).sum() for label in LABELS) == [10, 10, 11]
    assert set(traces.lineages[runs]) == {TEST}


def rewritten(path: Path, **changed: Any) -> Path:
    with np.load(DATA) as file:
        arrays = dict(file)
    np.savez_compressed(path, **(arrays | changed))
    return path


def test_own_traces_with_tools_in_another_order(tmp_path: Path) -> None:
    with np.load(DATA) as file:
        names, tool = file["tool_names"], file["tool"]
    new = np.array(["a_tool_of_ours", *names[::-1]])
    tools = (len(names) - tool).astype(tool.dtype)
    path = rewritten(tmp_path / "own.npz", tool_names=new, tool=tools)
    own, recorded = Traces.load(path).named_as(Traces.load()), Traces.load()
    assert (own.tool == recorded.tool).all()
    assert own.tools == (*recorded.tools, "a_tool_of_ours")
    result = run(tmp_path, ReplayOptions(path, agents=3, rate=0.0))
    assert result.mismatches == 0
    assert "runs of own.npz" in result.report.read_text()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"suite_names": np.array(["a", "b", "c", "d"])}, "knows no suite a, b, c, d"),
        ({"label_names": np.array(["excluded"] * 7)}, "no runs with calls"),
    ],
)
def test_traces_that_cannot_be_replayed(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    path = rewritten(tmp_path / "own.npz", **changed)
    with pytest.raises(BadInput, match=message):
        run(tmp_path, ReplayOptions(path, agents=100, rate=0.0))
    assert not (tmp_path / "replay.html").exists()
