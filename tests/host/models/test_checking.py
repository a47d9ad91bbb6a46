"""A check names the agents that changed, says why, and keeps the rate that was asked for."""

import math
import random
from dataclasses import replace

import pytest

from consilience.errors import BadInput
from consilience.models.check_page import check_page
from consilience.models.checking import ALARM, UNTOLD, CheckOptions, check_runs
from consilience.models.fitting import fit_model
from consilience.models.run import Run
from consilience.models.runs import Runs, read_runs
from consilience.traces.steps import Step
from tests.host.models.simulated_agents import lines_of, run_of


def runs_of(agent, count, seed, hijacked_from=None, name="r"):
    chance = random.Random(seed)
    return [
        Run(
            agent,
            f"{name}{n}",
            tuple(map(Step, run_of(chance, hijacked_from is not None and n >= hijacked_from))),
        )
        for n in range(count)
    ]


def other_runs(agent, count, seed, name="r"):
    """Return the runs of an agent that has tools and ways of its own."""
    chance = random.Random(seed)
    made = []
    for n in range(count):
        tools = [
            tool for tool in ("find", "invoice", "send") for _ in range(chance.choice((1, 1, 2)))
        ]
        made.append(Run(agent, f"{name}{n}", tuple(map(Step, tools))))
    return made


def both(good, today):
    return (
        Runs([run for one in today for run in one], "tool_calls", names_agents=True),
        Runs([run for one in good for run in one], "tool_calls", names_agents=True),
    )


def test_the_hijacked_agent_alarms_and_its_calls_are_the_reasons():
    today, good = both(
        [runs_of("a", 220, 1), runs_of("b", 220, 2)],
        [runs_of("a", 30, 3, name="t"), runs_of("b", 30, 4, hijacked_from=10, name="t")],
    )
    result = check_runs(today, good, CheckOptions(seed=5))
    found = {one.agent: one for one in result.verdicts}
    assert [one.agent for one in result.alarms] == ["b"]
    assert found["a"].verdict != ALARM and found["b"].alarm >= 10
    steps = {step.name for reason in found["b"].reasons for step in reason.steps}
    assert "export_contacts" in steps
    words = found["b"].why
    for reason in found["b"].reasons:
        run = next(one.run for one in found["b"].judged if one.run.name == reason.run)
        assert reason.run in words and reason.without < result.threshold
        for step in reason.steps[:2]:  # by the evidence without the step's row, by hand
            nats = result.model.score(run).nats
            rows = -nats[:, 0] / math.log(2) - result.model.allowance_of("b")
            left = [*rows[: step.step - 1], *rows[step.step :]]
            best = max(
                sum(left[i:j]) for i in range(len(left)) for j in range(i + 1, len(left) + 1)
            )
            assert step.bits == pytest.approx(reason.score - best, abs=1e-4)
    assert result.verdicts[0].agent == "b" and "1/100" in result.promise


def test_an_agent_that_does_what_another_one_does_alarms():
    """Its runs are no news to a fleet, only to itself."""
    good = [runs_of("support", 140, 1), other_runs("billing", 140, 2), other_runs("rare", 52, 3)]
    swapped = [runs_of("billing", 12, 4, name="t"), other_runs("support", 12, 5, name="t")]
    today, baseline = both(good, [*swapped, other_runs("rare", 12, 6, name="t")])
    result = check_runs(today, baseline, CheckOptions(seed=5))
    found = {one.agent: one for one in result.verdicts}
    for agent in ("support", "billing"):
        assert found[agent].verdict == ALARM and found[agent].alarm < 8 and found[agent].own_model
        assert f"100% of the calls of {agent!r} today are of tools" in "".join(result.warnings)
    assert found["rare"].verdict != ALARM and not found["rare"].own_model
    assert "'rare'" not in "".join(one for one in result.warnings if "of the calls" in one)
    alike = check_runs(today, baseline, CheckOptions(seed=5, together=True))
    assert not alike.alarms and not any("of tools that" in one for one in alike.warnings)


def test_a_failure_is_named_where_it_is_what_surprises():
    def failing(run, place):
        steps = [replace(step, error=n == place) for n, step in enumerate(run.steps)]
        return replace(run, steps=tuple(steps))

    today, good = both(
        [[failing(run, -1) for run in runs_of("a", 150, 1)]],
        [[failing(run, 1) for run in runs_of("a", 30, 2, name="t")]],
    )
    result = check_runs(today, good, CheckOptions(seed=5))
    (verdict,) = result.alarms
    steps = [step for reason in verdict.reasons for step in reason.steps]
    failed = [step for step in steps if step.failed]
    assert failed and all(step.step == 2 and step.failure_bits > 0 for step in failed)
    assert all(
        f"{step.name}, which failed, after {step.after} (" in step.words() for step in failed
    )
    assert all("as it failed)" in step.words() for step in failed)
    after = [step for step in steps if step.step == 3]
    assert after and all(step.after_failed and not step.failure_bits for step in after)
    assert all(f"after {step.after}, which failed (" in step.words() for step in after)
    assert ", which failed, after" in check_page(result)
    told = result.as_json()["agents"][0]["reasons"][0]["steps"]
    assert any(step["failed"] and step["failure_bits"] > 0 for step in told)


def test_good_agents_alarm_no_more_often_than_promised():
    alarms = trials = own = 0
    for seed in range(60):
        numbers = [10 * seed + one for one in range(4)]
        today, good = both(
            [runs_of("a", 70, numbers[0]), other_runs("b", 70, numbers[1])],
            [runs_of("a", 20, numbers[2], name="t"), other_runs("b", 20, numbers[3], name="t")],
        )
        result = check_runs(today, good, CheckOptions(false_alarm="1/4", seed=seed), "categories")
        alarms += len(result.alarms) > 0
        own += sum(one.own_model for one in result.verdicts)
        trials += 1
    # 15 are expected at most; 27 or more of 60 have probability below 1 in 2,000 then.
    assert alarms < 27 and trials == 60 and own > 60


def test_runs_that_fitted_the_model_are_in_no_history():
    today, good = both([runs_of("a", 150, 1)], [runs_of("a", 20, 2, name="t")])
    made = check_runs(today, good, CheckOptions(seed=1)).baseline
    fitted, past = {id(run) for run in made.fitted_on}, {id(run) for run in made.history["a"]}
    assert not fitted & past and len(fitted | past) == 150
    assert len(past) == 75


def test_a_model_that_is_given_leaves_the_whole_baseline():
    today, good = both([runs_of("a", 60, 1)], [runs_of("a", 40, 2, hijacked_from=0, name="t")])
    model = fit_model(Runs(runs_of("z", 100, 9), "tool_calls"), "chain", None)
    result = check_runs(today, good, CheckOptions(seed=1), model)
    assert len(result.baseline.history["a"]) == 60 and result.alarms


def test_too_little_is_told_with_what_is_lacking():
    today, good = both(
        [runs_of("a", 150, 1), runs_of("b", 20, 2)],
        [runs_of("a", 1, 3, name="t"), runs_of("b", 20, 4, name="t"), runs_of("c", 5, 5)],
    )
    result = check_runs(today, good, CheckOptions(seed=1))
    found = {one.agent: one for one in result.verdicts}
    assert {one.verdict for one in found.values()} == {UNTOLD}
    assert "31 more are needed" in found["b"].why and "180 more are better" in found["b"].why
    assert "--together" in found["c"].why
    assert "could not alarm whatever they were" in found["a"].why
    together = check_runs(today, good, CheckOptions(seed=1, together=True))
    assert all(one.history for one in together.verdicts)
    with pytest.raises(BadInput, match="more as --baseline"):
        check_runs(*both([runs_of("a", 15, 1)], [runs_of("a", 5, 2, name="t")]), CheckOptions())
    with pytest.raises(BadInput, match="11 more are needed"):
        check_runs(
            *both([runs_of("a", 40, 1), runs_of("b", 40, 3)], [runs_of("a", 5, 2, name="t")]),
            CheckOptions(),
        )


def test_a_run_that_is_in_both_is_refused(tmp_path):
    good, today = tmp_path / "good.jsonl", tmp_path / "today.jsonl"
    good.write_text(lines_of("ab", 80, 1))
    again = [line for line in good.read_text().splitlines(True) if '"r3"' in line]
    today.write_text(lines_of("ab", 20, 2, name="t") + "".join(again))
    with pytest.raises(BadInput, match="in today's files and in the baseline"):
        check_runs(read_runs([today]), read_runs([good]), CheckOptions())


def test_what_differs_beforehand_is_warned_of():
    good = Runs(runs_of("a", 120, 1), "tool_calls", {"calls"}, names_agents=True)
    new = [Run("a", f"n{n}", (Step("deploy", error=False), Step("rollback"))) for n in range(20)]
    today = Runs(new, "tool_calls", {"otlp"}, names_agents=True)
    warnings = "\n".join(check_runs(today, good, CheckOptions(seed=1)).warnings)
    for cure in (
        "export both alike",
        "give a baseline with them",
        "says of no call that it failed",
    ):
        assert cure in warnings
