"""Every agent that was heard: since when it is as it is, and what it has done."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from consilience.monitor.agent_index import AgentId

__all__ = ["Directory", "Entry"]

Name = int | str


@dataclass(slots=True)
class Entry:
    """What is known of an agent beside its statistic.

    Parameters
    ----------
    first_ms, last_ms : int
        When it was heard, ms UTC.
    runs : int
        Runs that have counted, those of its history too.
    alarmed_ms : int or None
        Since when an alarm of it stands that nobody has acknowledged.
    acknowledged : bool
        Its last alarm was.
    """

    first_ms: int
    last_ms: int
    runs: int = 0
    alarmed_ms: int | None = None
    acknowledged: bool = False


class Directory:
    """Agents in the order in which they were first heard, which pages follow.

    Each has a number, which goes up and is not given again: a page goes on from a number, whoever
    was removed meanwhile.
    """

    def __init__(self) -> None:
        self._entries: dict[Name, Entry] = {}
        self.order: list[Name] = []
        """Agents by place."""
        self.numbers: list[int] = []
        """Their numbers, which ascend, and at the end that of the next."""
        self.restore([])

    def __len__(self) -> int:
        return len(self.order)

    def __contains__(self, agent: Name) -> bool:
        return agent in self._entries

    def __getitem__(self, agent: Name) -> Entry:
        return self._entries[agent]

    def place(self, number: int) -> int:
        """Return the place of the first agent with this number or a higher one."""
        return bisect_left(self.numbers, number, 0, len(self.order))

    def remove(self, agent: Name) -> None:
        """Forget an agent."""
        del self._entries[agent]
        place = self.order.index(agent)
        del self.order[place], self.numbers[place]

    def hear(self, agents: Iterable[Name], now: int) -> None:
        """Note that agents were heard, in their order."""
        entries = self._entries
        for agent in agents:
            entry = entries.get(agent)
            if entry is None:
                entries[agent] = Entry(now, now)
                self.order.append(agent)
                self.numbers.append(self.numbers[-1] + 1)
            else:
                entry.last_ms = now

    def count(self, agents: Iterable[AgentId]) -> None:
        """Count a run of each."""
        entries = self._entries
        for agent in agents:
            entries[agent].runs += 1  # type: ignore[index]

    @property
    def facts(self) -> list[Any]:
        """What it holds, as JSON holds it."""
        return [
            [agent, one.first_ms, one.last_ms, one.runs, one.alarmed_ms, one.acknowledged]
            for agent, one in self._entries.items()
        ]

    def restore(self, facts: Iterable[Any], numbers: list[int] | None = None) -> None:
        """Go on from what it held; without numbers, as they were before any was removed."""
        self._entries = {agent: Entry(*rest) for agent, *rest in facts}
        self.order = list(self._entries)
        self.numbers = list(range(len(self.order) + 1)) if numbers is None else list(numbers)
