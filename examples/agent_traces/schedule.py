"""Which agents act in a replay, and in which order their calls come."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .traces import Traces

__all__ = ["LABELS", "Call", "draw_agents", "schedule"]

LABELS = ("benign", "resisted", "hijacked")
"""What the replayed runs ended as; resisted: attacked in vain."""


@dataclass(frozen=True)
class Call:
    """An agent's call, number 0 the first; after its last one comes the end of its run."""

    agent: int
    number: int


def draw_agents(
    traces: Traces, runs: NDArray[np.int64], agents: int, chance: np.random.Generator
) -> NDArray[np.int64]:
    """Return up to `agents` of `runs`, each at most once, as many of each of `LABELS` as there are.

    Shares are equal as long as a label has runs left, in random order. Runs of other labels count
    as one more kind.
    """
    kind = np.array([str(label) if label in LABELS else "" for label in traces.label[runs]])
    queues = [chance.permutation(runs[kind == name]) for name in np.unique(kind)]
    turns = np.concatenate([np.arange(len(queue)) for queue in queues])
    dealt = np.concatenate(queues)[np.argsort(turns, kind="stable")]
    return chance.permutation(dealt[:agents])


def schedule(lengths: NDArray[np.int64], chance: np.random.Generator) -> list[Call]:
    """Return all calls of agents with so many calls each, in the order in which they come.

    Agents start at random during twice the mean length of a run and take exponential pauses, so
    that many act at the same time. Their own calls stay in order.
    """
    start = chance.uniform(0.0, 2.0 * float(lengths.mean()), len(lengths))
    calls = []
    for agent, length in enumerate(lengths.tolist()):
        times = start[agent] + np.cumsum(chance.exponential(1.0, length))
        calls += [(time, Call(agent, number)) for number, time in enumerate(times.tolist())]
    return [call for _, call in sorted(calls, key=lambda timed: timed[0])]
