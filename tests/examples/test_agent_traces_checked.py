"""The example's files go through the check: the hijacked agents alarm, and no other does."""

from agent_traces.checked import HIJACKED, HISTORY, check_agents
from agent_traces.traces import Traces

from consilience.models.runs import read_runs


def test_the_hijacked_agents_alarm_in_their_hijacked_runs_and_no_other_does(tmp_path):
    found = check_agents(Traces.load(), tmp_path)
    assert {one.agent for one in found.result.alarms} == {*found.hijacked}
    for one in found.result.alarms:
        assert one.judged[one.alarm].run.name.startswith("hijacked")
        assert one.history == HISTORY and len(one.judged) == 20 + HIJACKED
        assert one.reasons[0].steps
    assert "agents alarm" in found.report.read_text()
    assert len(read_runs([found.good]).runs) == HISTORY * len(found.result.verdicts)
