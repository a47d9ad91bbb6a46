"""What every reader gives: for each agent and run an ordered sequence of steps."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Reading", "Sequence", "Step"]


@dataclass(slots=True)
class Step:
    """One step: a tool call, a scored step, or a value of a metric.

    Attributes
    ----------
    name : str
        The tool, the event or the metric.
    call_id : str or None
        As in the file; not unique in every format.
    error : bool or None
        None: the format has no flag, or there is no result.
    time : str or None
        As in the file, in its unit.
    has_result : bool
        Whether the file says that the call came to an end.
    agent, agent_span : str or None
        Who took the step, where it is said.
    score : float, int, str or None
        As in the file.
    extra : dict
        What one format adds, as JSON.
    """

    name: str
    call_id: str | None = None
    error: bool | None = None
    time: str | None = None
    has_result: bool = False
    agent: str | None = None
    agent_span: str | None = None
    score: float | int | str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def as_call(self) -> dict[str, Any]:
        """Return the tool call as JSON."""
        call: dict[str, Any] = {
            "tool": self.name,
            "call_id": self.call_id,
            "error": self.error,
            "time": self.time,
            "has_result": self.has_result,
        }
        if self.agent is not None:
            call["agent"] = self.agent
        if self.agent_span is not None:
            call["agent_span"] = self.agent_span
        return call | self.extra


@dataclass(slots=True)
class Sequence:
    """The steps of one run, in order.

    Attributes
    ----------
    conversation : str or None
        The run's name; None if the file has none.
    agent : str or None
        None if the file does not name it, or its steps are of several.
    steps : list of Step
    extra : dict
        What one format adds, as JSON.
    """

    conversation: str | None
    agent: str | None = None
    steps: list[Step] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def as_calls(self) -> dict[str, Any]:
        """Return the sequence of tool calls as JSON."""
        agent = self.agent
        if agent is None:
            named = {step.agent for step in self.steps}
            agent = named.pop() if len(named) == 1 else None
        calls = [step.as_call() for step in self.steps]
        return {"conversation": self.conversation, "agent": agent, "calls": calls} | self.extra


@dataclass(slots=True)
class Reading:
    """What a file holds.

    Attributes
    ----------
    kind : str
        tool_calls, scores or metrics.
    order_by : str
        What the order of steps is taken from.
    sequences : list of Sequence
    time_unit : str or None
        Of `Step.time`; None where there is none.
    extra : dict
        What one format adds, as JSON: scores of a whole trace, verdicts of guards.
    warnings : list of str
        What a user should know, a line each.
    """

    kind: str
    order_by: str
    sequences: list[Sequence]
    time_unit: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """SHA-256 of the calls, the same in whatever format they are written.

        Of each run that has calls: tools, ids and whether there is a result, in order; runs in the
        order of these. Formats differ in what else they have: times, flags, names of runs.
        """
        runs = [
            json.dumps([[step.name, step.call_id, step.has_result] for step in sequence.steps])
            for sequence in self.sequences
            if sequence.steps
        ]
        return hashlib.sha256("\n".join(sorted(runs)).encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return the whole as JSON."""
        value: dict[str, Any] = {"kind": self.kind, "order_by": self.order_by}
        if self.time_unit is not None:
            value["time_unit"] = self.time_unit
        if self.kind == "tool_calls":
            value["sequences"] = [sequence.as_calls() for sequence in self.sequences]
            value["digest"] = self.digest
            agents = self._by_agent()
            if agents:
                value["by_agent"] = agents
        elif self.kind == "scores":
            value["sequences"] = [
                {
                    "id": sequence.conversation,
                    "agent": sequence.agent,
                    "n": len(sequence.steps),
                    "scores": [step.score for step in sequence.steps],
                }
                | sequence.extra
                for sequence in self.sequences
            ]
        else:
            value["series"] = [
                sequence.extra | {"points": [[step.time, step.score] for step in sequence.steps]}
                for sequence in self.sequences
            ]
        return value | self.extra | {"warnings": self.warnings}

    def _by_agent(self) -> list[dict[str, Any]]:
        """Return the tools of each agent, agents by their first call."""
        groups: dict[tuple[str | None, str | None], list[str]] = {}
        for sequence in self.sequences:
            for step in sequence.steps:
                if step.agent is not None or step.agent_span is not None:
                    groups.setdefault((step.agent, step.agent_span), []).append(step.name)
        return [
            {"agent": agent, "agent_span": span, "tools": tools}
            for (agent, span), tools in groups.items()
        ]
