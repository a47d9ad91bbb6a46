"""How each reporter stands to the others: how often it was left out, or alone, and against whom."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from consilience.monitor.agent_index import AgentId

__all__ = ["ReporterStanding", "Standing"]

_MOST_PAIRS = 100_000
"""Pairs that are counted; with more reporters, contradictions of later pairs are counted as such
alone."""


class Standing(NamedTuple):
    """How a reporter stands.

    Parameters
    ----------
    reports : int
        Runs of which it has spoken, and which have closed.
    outside : int
        Of these, it said less or more than any honest median can be, or was left out of the sum.
    alone : int
        Comparisons in which all others that could be told, two or more, said the opposite.
    against : list of (reporter, times)
        Who said the opposite, most often first.
    """

    reports: int
    outside: int
    alone: int
    against: list[tuple[AgentId, int]]


class ReporterStanding:
    """Counts of all reporters. They judge nothing: who differs may be the one who is right."""

    def __init__(self) -> None:
        self._counts: dict[AgentId, list[int]] = {}
        self._against: dict[AgentId, dict[AgentId, int]] = {}
        self._pairs = 0
        self.beyond = 0
        """Contradictions of pairs that are not counted one by one."""

    def __len__(self) -> int:
        """Return how many reporters have spoken of a run that has closed."""
        return len(self._counts)

    @property
    def names(self) -> list[AgentId]:
        """The reporters, in the order in which they were first counted."""
        return list(self._counts)

    def of(self, reporter: AgentId, most: int = 10) -> Standing:
        """Return how a reporter stands, with so many of those that it contradicts."""
        against = sorted(
            self._against.get(reporter, {}).items(), key=lambda item: (-item[1], repr(item[0]))
        )
        reports, outside, alone = self._counts.get(reporter, (0, 0, 0))
        return Standing(reports, outside, alone, against[:most])

    def note(self, reporters: Iterable[AgentId], outside: Iterable[AgentId]) -> None:
        """Take a run that has closed: who spoke, and who of these was left out."""
        for name in reporters:
            self._counts.setdefault(name, [0, 0, 0])[0] += 1
        for name in outside:
            self._counts[name][1] += 1

    def compare(self, said: Mapping[AgentId, int]) -> None:
        """Take what reporters said of one thing: those above 0 contradict those below."""
        up = [name for name, one in said.items() if one > 0]
        down = [name for name, one in said.items() if one < 0]
        for some, others in ((up, down), (down, up)):
            if len(some) == 1 and len(others) > 1:
                self._counts.setdefault(some[0], [0, 0, 0])[2] += 1
        for one in up:
            for other in down:
                self._count(one, other)
                self._count(other, one)

    @property
    def facts(self) -> dict[str, Any]:
        """What was counted, as JSON holds it."""
        return {
            "counts": [[name, *three] for name, three in self._counts.items()],
            "against": [[name, list(one.items())] for name, one in self._against.items()],
            "beyond": self.beyond,
        }

    def restore(self, facts: Mapping[str, Any]) -> None:
        """Go on from what was counted."""
        self._counts = {name: list(three) for name, *three in facts["counts"]}
        self._against = {name: dict(pairs) for name, pairs in facts["against"]}
        self._pairs = sum(map(len, self._against.values()))
        self.beyond = facts["beyond"]

    def _count(self, one: AgentId, other: AgentId) -> None:
        known = self._against.setdefault(one, {})
        if other in known:
            known[other] += 1
        elif self._pairs < _MOST_PAIRS:
            known[other] = 1
            self._pairs += 1
        else:
            self.beyond += 1
