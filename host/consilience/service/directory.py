"""Every agent that was heard: since when it is as it is, and what it has done."""

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
    """Agents in the order in which they were first heard, which pages follow."""

    def __init__(self) -> None:
        self._entries: dict[Name, Entry] = {}
        self.order: list[Name] = []
        """Agents by place."""
        self._places: dict[Name, int] = {}

    def __len__(self) -> int:
        return len(self.order)

    def __contains__(self, agent: Name) -> bool:
        return agent in self._entries

    def __getitem__(self, agent: Name) -> Entry:
        return self._entries[agent]

    def place(self, agent: Name) -> int:
        """Return the place of an agent; KeyError if it was not heard."""
        return self._places[agent]

    def hear(self, agents: Iterable[Name], now: int) -> None:
        """Note that agents were heard, in their order."""
        entries = self._entries
        for agent in agents:
            entry = entries.get(agent)
            if entry is None:
                entries[agent] = Entry(now, now)
                self._places[agent] = len(self.order)
                self.order.append(agent)
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

    def restore(self, facts: Iterable[Any]) -> None:
        """Go on from what it held."""
        self._entries = {agent: Entry(*rest) for agent, *rest in facts}
        self.order = list(self._entries)
        self._places = {agent: place for place, agent in enumerate(self.order)}
