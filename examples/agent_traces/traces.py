"""The recorded runs: loading, agent families, and tool calls as symbols of a suite's alphabet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from consilience.models.chain import END

__all__ = ["DATA", "END", "TEST", "Traces", "lineage"]

DATA = Path(__file__).parent / "data" / "agentdojo_traces.npz"
TEST = "test"
"""Lineage of the agents that are held out from every choice and every fit."""

_LINEAGES = {
    "gpt-3.5": "gpt-3.5",
    "gpt-4-": "gpt-4",
    "gpt-4o": "gpt-4o",
    "claude-3-5": "claude-3.5",
    "claude-3-": "claude-3",
}


def lineage(agent: str) -> str:
    """Return the model lineage of an agent pipeline; `TEST` for all but GPT and Claude.

    Agents of one lineage behave alike, so that leaving out one agent alone would flatter.
    """
    return next((name for start, name in _LINEAGES.items() if agent.startswith(start)), TEST)


@dataclass(frozen=True)
class Traces:
    """Runs of tool calls with their labels.

    Parameters
    ----------
    indptr : (runs + 1,) int64
        Run r made the calls ``indptr[r] .. indptr[r + 1]``.
    tool, error : (calls,) int64 and bool
        Index into `tools`, and whether the call is known to have failed.
    agent, suite, user_task, goal, label : (runs,) of str
        Names. `goal` is the attacker's injection task (in "direct" runs the user's own), "" where
        there is none.
    tools : tuple of str
        Names of the tools.
    """

    indptr: NDArray[np.int64]
    tool: NDArray[np.int64]
    error: NDArray[np.bool_]
    agent: NDArray[np.str_]
    suite: NDArray[np.str_]
    user_task: NDArray[np.str_]
    goal: NDArray[np.str_]
    label: NDArray[np.str_]
    tools: tuple[str, ...]

    @classmethod
    def load(cls, path: Path = DATA) -> "Traces":
        """Read the recorded runs. Aborted runs stay, with the label "excluded"."""
        with np.load(path, allow_pickle=False) as file:
            label = file["label_names"][file["label"]]
            user_task = file["user_task_names"][file["user_task"]]
            goal = file["injection_task_names"][file["injection_task"]]
            return cls(
                indptr=file["indptr"].astype(np.int64),
                tool=file["tool"].astype(np.int64),
                error=file["tool_error"] == 1,
                agent=file["agent_names"][file["agent"]],
                suite=file["suite_names"][file["suite"]],
                user_task=user_task,
                # An agent that was plainly asked for the attacker's goal has it as its user task.
                goal=np.where(label == "direct", user_task, goal),
                label=label,
                tools=tuple(str(name) for name in file["tool_names"]),
            )

    @cached_property
    def lineages(self) -> NDArray[np.str_]:
        """Lineage of each run's agent, (runs,) of str."""
        names, index = np.unique(self.agent, return_inverse=True)
        return np.array([lineage(str(name)) for name in names])[index]

    @cached_property
    def suites(self) -> tuple[str, ...]:
        """Names of the suites, sorted."""
        return tuple(str(name) for name in np.unique(self.suite))

    @cached_property
    def distinct_weights(self) -> NDArray[np.float64]:
        """Weight per run, (runs,) float64, so that repeats of one situation count once together.

        A situation is one agent, user task, goal and label: some agents were attacked with one
        wording, others with many, and would outvote the rest. No situation spans two agents, so
        that the weights hold for any choice of agents.
        """
        fields = (self.agent, self.suite, self.user_task, self.goal, self.label)
        keys = np.stack([np.unique(field, return_inverse=True)[1] for field in fields])
        _, index, counts = np.unique(keys, axis=1, return_inverse=True, return_counts=True)
        return 1.0 / counts[index.ravel()]

    def named_as(self, other: "Traces") -> "Traces":
        """Return these runs with tools numbered as in `other`.

        A tool that `other` has not gets a number beyond its own: its name is kept, and to a chain
        fitted on `other` it is no evidence.
        """
        names = (*other.tools, *(name for name in self.tools if name not in other.tools))
        number = np.array([names.index(name) for name in self.tools], np.int64)
        return replace(self, tool=number[self.tool], tools=names)

    def runs(self, labels: Sequence[str], *, test: bool) -> NDArray[np.int64]:
        """Return the runs with one of `labels`, of the held-out families or of GPT and Claude."""
        wanted = np.isin(self.label, labels) & ((self.lineages == TEST) == test)
        return np.flatnonzero(wanted)

    def sequence(self, run: int, *, errors: bool = False) -> tuple[int, ...]:
        """Return the symbols of one run, `END` last.

        A symbol is a tool's index; with `errors` twice that, and one more for a failed call: it
        does not depend on how many tools there are.
        """
        calls = slice(self.indptr[run], self.indptr[run + 1])
        symbols = self.tool[calls]
        if errors:
            symbols = 2 * symbols + self.error[calls]
        return (*(int(symbol) for symbol in symbols), END)

    def call_names(self, run: int) -> list[str]:
        """Return the names of the tools that one run called, in order."""
        return [self.tools[tool] for tool in self.tool[self.indptr[run] : self.indptr[run + 1]]]
