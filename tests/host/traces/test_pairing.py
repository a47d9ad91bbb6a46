"""Results find their calls: by id, by name, by order, also where ids repeat."""

from consilience.traces.message_calls import message_steps
from consilience.traces.pairing import Calls
from consilience.traces.steps import Step


def called(*groups):
    calls = Calls()
    for group in groups:
        calls.close_group()
        for name, identity in group:
            calls.add(Step(name, identity))
    return calls


def answered(calls):
    return [step.has_result for step in calls.steps]


def test_an_id_that_repeats_goes_to_the_latest_group_and_there_to_the_first():
    calls = called([("f", "0")], [("g", "0"), ("h", "0")])
    for expected in ("g", "h", "f"):
        assert calls.answer("0", None, None).name == expected
    assert calls.answer("0", None, None) is None and answered(calls) == [True] * 3


def test_without_an_id_the_name_counts_and_without_a_name_the_order():
    calls = called([("f", None), ("g", None)], [("f", None)])
    assert calls.answer(None, "g", True).error is True
    assert calls.answer(None, None, None) is calls.steps[2]
    assert calls.answer(None, "f", None) is calls.steps[0]
    assert calls.answer(None, "f", None) is None


def test_an_unknown_id_answers_nothing():
    calls = called([("f", "1")])
    assert calls.answer("2", "f", None) is None and answered(calls) == [False]


def test_a_result_whose_call_is_not_there_counts_once_if_its_tool_is_named():
    results = [{"role": "tool", "tool_call_id": "1", "name": "f", "content": ""}] * 2
    steps = message_steps(results)
    assert [(step.name, step.call_id, step.has_result) for step in steps] == [("f", "1", True)]
    assert message_steps([{"role": "tool", "tool_call_id": "1", "content": ""}]) == []
    assert message_steps(results, orphans=False) == []


def test_many_calls_take_linear_time():
    calls = Calls()
    for number in range(50_000):
        calls.close_group()
        calls.add(Step("f", str(number)))
        calls.answer(str(number), None, None)
        assert calls.answer("unknown", None, None) is None
    assert all(answered(calls))
