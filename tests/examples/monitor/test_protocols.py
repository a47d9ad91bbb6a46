"""The protocols: ranks of all streams at once are the product's; delays, run lengths, the page."""

import json
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import consilience as cs
from consilience.errors import Mismatch
from examples.agent_traces.monitor import __main__ as command
from examples.agent_traces.monitor import plain
from examples.agent_traces.monitor import study as study_module
from examples.agent_traces.monitor.comparison import compared, row_of, seen
from examples.agent_traces.monitor.limits import RunLength, mean_limit, share_limits
from examples.agent_traces.monitor.others import RULES, Effort
from examples.agent_traces.monitor.page import figure_rows
from examples.agent_traces.monitor.pipelines import held_out_pipelines
from examples.agent_traces.monitor.plain import plain_statistics
from examples.agent_traces.monitor.ranks import KAPPAS, Increments, keys_of, ranks_of
from examples.agent_traces.monitor.recorded import recorded
from examples.agent_traces.monitor.replicated import (
    ARL,
    BEFORE,
    N0,
    draw_benign,
    draw_hijack,
    hijack,
    no_hijack,
)
from examples.agent_traces.monitor.study import Workload, study

INCREMENTS = Increments(2600)
BIT = 1 << 16


@pytest.fixture(scope="module")
def pipelines(traces, score):
    return held_out_pipelines(traces, score)


@pytest.fixture(scope="module")
def small(traces, score):
    rule = replace(RULES[2], effort=Effort(4, 64, 4, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study_module, "fit_score", lambda given: score)
        return study(traces, Workload(8, 64, 12, 1, (rule,)), 7)


def test_all_at_once_is_the_product_bit_for_bit():
    """Few values, so that ties are many; and a seed and names that the hash must know."""
    rng = np.random.default_rng(3)
    scores = rng.integers(-3, 3, (4, 140)) * 2**40
    agents = ["a", "agent b", "", "c" * 300]
    ranks = cs.ConformalRanks(KAPPAS, N0, seed=2**64 - 5)
    at_once = ranks_of(scores, keys_of(agents, 2**64 - 5), N0)
    for stream, agent in enumerate(agents):
        found, ready = ranks.increments([agent] * 140, np.arange(140), scores[stream])
        assert ready.tolist() == [False] * N0 + [True] * 40
        for run in range(N0, 140):
            expected = INCREMENTS.of(at_once[run - N0, stream : stream + 1], run + 1)
            assert np.array_equal(expected, found[run : run + 1])


def test_streams_through_the_plain_interface(pipelines, monkeypatch):
    """Alarms, delays and provisional alarms of all streams at once are those run by run."""
    drawn = draw_hijack(pipelines[6], 6, 12, 5)
    statistics = plain_statistics(drawn, INCREMENTS)
    at_once = hijack(drawn, INCREMENTS)
    above = statistics >= 10 * BIT
    left = [row for row in above if not row[:BEFORE].any()]
    assert at_once.before == 6 - len(left)
    first = [int(row[BEFORE:].argmax()) + 1 if row[BEFORE:].any() else 12 for row in left]
    assert at_once.delays.tolist() == first
    assert at_once.found.any()
    honest = plain.ranks_of
    monkeypatch.setattr(plain, "ranks_of", lambda *given: honest(*given) + 1)
    with pytest.raises(Mismatch, match="all at once and one by one differ"):
        plain_statistics(drawn.first(1), INCREMENTS)


def test_an_early_alarm_is_one_of_a_provisional_update(pipelines):
    """Runs that have their score before the end alarm early; those that show it there do not."""
    pipeline = pipelines[2]
    shown = replace(
        pipeline, calls=pipeline.hijacked[:, np.newaxis], counts=np.ones_like(pipeline.counts)
    )
    late = replace(shown, calls=np.full_like(shown.calls, pipeline.benign.min()))
    for one, share in ((shown, 1.0), (late, 0.0)):
        found = hijack(draw_hijack(one, 50, 30, 2), INCREMENTS)
        assert found.early[found.found].mean() == share


def test_delay_and_run_length_on_a_small_sample(pipelines):
    """A tenth of the study: within what a sample of its size says."""
    delays = [hijack(draw_hijack(one, 100, 60, 7), INCREMENTS) for one in pipelines]
    assert np.mean([one.delays.mean() for one in delays]) < 4.3
    assert np.mean(np.concatenate([one.early for one in delays])) > 0.95
    times = no_hijack(draw_benign(pipelines[0], 300, 2400, 7), INCREMENTS)
    assert mean_limit(times.runs) > ARL
    assert times.alarmed.any()
    assert not times.alarmed.all()
    assert (times.runs[~times.alarmed] == 2400).all()


def test_recorded_orders_use_no_run_twice(pipelines):
    found = recorded(pipelines[0], 200, 7)
    assert found.runs == 97 - 50
    assert found.allowed(10) == 47 / 1024
    assert Counter(found.suites[0].split(", ")) == Counter(["banking 16", "slack 21", "travel 13"])
    # In a random order places are even; T alarms no more often than allowed.
    assert abs(found.shuffled.place - 0.5) < 5 * (12 * 47 * 200) ** -0.5
    for bits in (6, 10):
        assert share_limits(found.shuffled.alarms(bits), 200)[0] <= found.allowed(bits)
    assert found.shuffled.alarms(4) > 0


def test_scores_that_rise_with_time_break_the_promise_and_the_page_says_so(small, pipelines):
    """The planted fault: later suites look more suspect."""
    one = pipelines[0]
    drifting = replace(one, benign=one.benign + BIT * np.arange(len(one.benign)))
    found = recorded(drifting, 50, 7)
    assert found.as_recorded.alarms(10) == 50
    assert found.off < -1.96
    assert found.shuffled.alarms(10) / 50 <= 0.2
    page = command.monitor_page(replace(small, recorded=(found,)), 1.0)
    assert "**The recorded order breaks the promise** in SecAlign-70B." in page


def test_limits():
    assert share_limits(0, 100) == (0.0, pytest.approx(1 - 0.05 ** (1 / 100)))
    assert share_limits(100, 100) == (pytest.approx(0.05 ** (1 / 100)), 1.0)
    assert mean_limit(np.array([1, 2, 3])) == pytest.approx(2 - 1.6449 / 3**0.5, abs=1e-3)
    assert RunLength(3000, 0).limits == (pytest.approx(3000 / -np.log(0.05)), float("inf"))
    low, high = RunLength(1000, 10).limits
    assert low < RunLength(1000, 10).mean == 100 < high


def test_rows_count_what_was_given():
    row = row_of("r", "", "s", [(np.array([0, 4]), 10)], [(np.array([BEFORE, 0, BEFORE + 3]), 20)])
    assert row.lengths == (RunLength(14, 1),)
    assert (row.streams, row.before, row.found, row.delays) == (3, 1, 1, (11.5,))
    assert row.run_length == 14


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rules_alarm_after_a_change_and_are_tuned(rule, pipelines):
    small = replace(rule, effort=Effort(4, 160, 4, 2))
    benign = [draw_benign(pipelines[0], 4, 160, 3)]
    hijacked = [draw_hijack(pipelines[0], 4, 100, 3)]
    rows = compared(small, benign, hijacked, pipelines[1:2], 300.0, 3)
    assert [row.tuned for row in rows] == (
        [""] if rule.lenient == rule.strict else ["", "GPT and Claude", "own benign runs"]
    )
    assert all(row.streams == 4 for row in rows)
    values = seen(rule, hijacked[0])
    if rule.sees == "probability":
        assert ((values >= 0) & (values <= 1)).all()
    # A change that none can miss, and none.
    far = np.zeros((2, N0 + 150))
    far[0, N0 + 50 :] = 1.0 if rule.sees == "probability" else 1000.0
    setting = min(rule.default, 20.0)
    changed, same = rule.first(rule.prepare(far), setting, True)
    assert changed > 50
    assert same == 0


def test_the_command_writes_page_picture_and_figures(small, tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(command, "study", lambda *given: asked.append(given) or small)
    raw = tmp_path / "monitor" / "traces.json"
    options = ["--streams", "8", "--out", str(tmp_path), "--raw", str(raw)]
    monkeypatch.setattr(sys, "argv", ["monitor", *options])
    assert command.main() == 1, "64 runs do not show one false alarm in 1,024"
    assert [given[1].streams for given in asked] == [8]
    assert "kept in 0 of 8 pipelines" in capsys.readouterr().out
    page = (tmp_path / "traces_over_time.md").read_text()
    rows = figure_rows(small)
    assert len(rows) == 8 + 8 + 1 + 3
    assert all(row in page.splitlines() for row in rows)
    assert f"{small.delay:.2f} runs on average" in page
    assert (tmp_path / "traces_over_time.svg").read_text().startswith("<?xml")
    assert json.loads(raw.read_text())["mean_delay"] == small.delay
    assert small.checked == 8 * (BEFORE + 12)
