"""Reporters who contradict the rest, run by run: each against the median of all others.

Scores have no sign, so two runs of an agent are compared that follow each other, each run once:
which of them does a reporter call worse, and which do the others? Increments have one.
"""

from collections.abc import Mapping
from statistics import median_low
from typing import Any, NamedTuple

from consilience.monitor.agent_index import AgentId
from consilience.reporters.reputation import is_rare

__all__ = ["Contradiction", "Contradictions"]


class Contradiction(NamedTuple):
    """How a reporter stands to the rest.

    Parameters
    ----------
    reporter : int or str
    compared : int
        Pairs of runs (scores), or runs (increments), in which it can be told.
    agrees, contradicts : int
        Of these, it says the same as the median of the others, or the opposite.
    """

    reporter: AgentId
    compared: int
    agrees: int
    contradicts: int


class Contradictions:
    """Counts of agreement."""

    def __init__(self) -> None:
        self._counts: dict[AgentId, list[int]] = {}
        self._first: dict[AgentId, dict[AgentId, int]] = {}

    def note_scores(self, agent: AgentId, scores: Mapping[AgentId, int]) -> dict[AgentId, int]:
        """Take the scores of a run: the first of a pair is kept, with the second it is compared.

        Returns what reporters said of the second against the first: above 0, it is worse; nothing
        after the first.
        """
        first = self._first.pop(agent, None)
        for reporter in scores:
            self._counts.setdefault(reporter, [0, 0])
        if first is None:
            self._first[agent] = dict(scores)
            return {}
        both = [name for name in scores if name in first]
        for name in both if len(both) > 2 else []:
            others = [one for one in both if one != name]
            said = scores[name] - first[name]
            rest = median_low([scores[one] for one in others])
            self._count(name, said, rest - median_low([first[one] for one in others]))
        return {name: scores[name] - first[name] for name in both}

    def note_increments(self, increments: Mapping[AgentId, int]) -> None:
        """Take the increments of a run, of the first bet."""
        for name, said in increments.items():
            others = [one for other, one in increments.items() if other != name]
            self._counts.setdefault(name, [0, 0])
            if others:
                self._count(name, said, median_low(others))

    def contradicting(self) -> list[Contradiction]:
        """Return those who contradict more often than chance allows, the worst first.

        A reporter who says nothing of the runs is a coin: the probability that any such one is
        named is 1 % at most.
        """
        found = [
            Contradiction(name, agrees + against, agrees, against)
            for name, (agrees, against) in self._counts.items()
            if against > agrees and is_rare(agrees, against, len(self._counts))
        ]
        return sorted(found, key=lambda one: (one.agrees - one.contradicts, repr(one.reporter)))

    def of(self, reporter: AgentId) -> Contradiction:
        """Return how a reporter stands, rare or not."""
        agrees, against = self._counts.get(reporter, (0, 0))
        return Contradiction(reporter, agrees + against, agrees, against)

    @property
    def facts(self) -> dict[str, Any]:
        """What was counted, as JSON holds it."""
        firsts = ([agent, sorted(one.items(), key=repr)] for agent, one in self._first.items())
        counts = ([name, *pair] for name, pair in self._counts.items())
        return {"counts": sorted(counts, key=repr), "first": sorted(firsts, key=repr)}

    def restore(self, facts: Mapping[str, Any]) -> None:
        """Go on from what was counted."""
        self._counts = {name: [agrees, against] for name, agrees, against in facts["counts"]}
        self._first = {agent: dict(pairs) for agent, pairs in facts["first"]}

    def __len__(self) -> int:
        """Return how many reporters have spoken."""
        return len(self._counts)

    def _count(self, name: AgentId, said: int, rest: int) -> None:
        if said and rest:
            self._counts[name][(said > 0) != (rest > 0)] += 1
