"""Readings of a fleet and of its groups: e-BH at moments that do not depend on scores."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.monitor import Monitor

__all__ = ["FleetReadings", "ReadingOptions"]

_NONE: Mapping[AgentId, AgentId] = MappingProxyType({})


class ReadingOptions(NamedTuple):
    """When and how a fleet is read.

    Parameters
    ----------
    alpha : str
        Level of each reading, of the fleet and of each group.
    every : int or None
        After so many runs; None: at the end alone.
    groups : dict of str to int
        Agents enrolled in each group that is read by itself.
    """

    alpha: str
    every: int | None
    groups: dict[str, int]


class FleetReadings:
    """Reads a fleet, and the groups that were named beforehand.

    Parameters
    ----------
    options : ReadingOptions or None
        None: it is never read.
    """

    def __init__(self, options: ReadingOptions | None) -> None:
        self.options = options
        self._group_of: dict[AgentId, AgentId] = {}
        self._members: dict[str, list[AgentId]] = {}

    @property
    def facts(self) -> list[tuple[AgentId, AgentId]]:
        """The group of each agent, as JSON holds it."""
        return sorted(self._group_of.items(), key=repr)

    def restore(self, facts: list[tuple[AgentId, AgentId]]) -> None:
        """Take in the groups of agents."""
        for agent, group in facts:
            self._join(agent, group)

    def check(
        self,
        agent: AgentId,
        group: AgentId | None,
        joining: Mapping[AgentId, AgentId] = _NONE,
    ) -> None:
        """Raise BadInput if an agent was in another group, or its group has no room for it.

        `joining` are the groups of agents that are about to join, too.
        """
        if group is None or self.options is None:
            return
        known = self._group_of.get(agent) or joining.get(agent)
        if known not in (None, group):
            raise BadInput(
                f"agent {agent!r} was in group {known!r}; give it another name in group {group!r}"
            )
        name = str(group)
        enrolled = self.options.groups.get(name)
        members = len(self._members.get(name, ()))
        members += sum(
            str(one) == name for new, one in joining.items() if new not in self._group_of
        )
        full = enrolled is not None and members >= enrolled
        if known is None and full:
            raise BadInput(
                f"group {name} has more than the {enrolled} agents that are enrolled in it; give "
                f"more: --group-agents {name}=N"
            )

    def note(self, agent: AgentId, group: AgentId | None) -> None:
        """Note the group of an agent, which was checked, and which it stays in."""
        if group is not None and self.options is not None and agent not in self._group_of:
            self._join(agent, group)

    def remove(self, agent: AgentId) -> None:
        """Forget an agent: its group has room for another."""
        group = self._group_of.pop(agent, None)
        if group is not None:
            self._members[str(group)].remove(agent)

    def due(self, runs: int, more: int) -> bool:
        """Return whether a reading comes with the last `more` of all runs so far."""
        every = self.options.every if self.options else None
        return every is not None and runs // every != (runs - more) // every

    def named(self, monitor: Monitor) -> dict[str | None, list[AgentId]]:
        """Return the agents that a reading names: in the fleet (None), and in each group."""
        if self.options is None:
            return {}
        alpha, found = self.options.alpha, dict[str | None, list[AgentId]]()
        if monitor.settings.enrolled is not None:
            found[None] = monitor.fleet(alpha)
        for group, enrolled in self.options.groups.items():
            found[group] = monitor.fleet(alpha, self._members.get(group, []), enrolled)
        return found

    def unread(self) -> list[str]:
        """Return the groups that came and are not read by themselves, though others are."""
        groups = self.options.groups if self.options else {}
        return sorted(set(self._members) - set(groups)) if groups else []

    def alarms(self, monitor: Monitor, line: int, runs: int, says: str) -> list[dict[str, Any]]:
        """Return the lines that name agents."""
        found: list[dict[str, Any]] = []
        for group, named in self.named(monitor).items():
            if not named:
                continue
            whose = {"alarm": "fleet"} if group is None else {"alarm": "group", "group": group}
            found.append(
                {
                    **whose,
                    "named": named,
                    "line": line,
                    "runs": runs,
                    "promise": self.promise,
                    "source": monitor.settings.source.name.lower(),
                    "says": says,
                }
            )
        return found

    @property
    def promise(self) -> str:
        """What holds of each reading."""
        assert self.options is not None
        return f"of those named {self.options.alpha} behave at most, expected for this reading"

    def _join(self, agent: AgentId, group: AgentId) -> None:
        self._group_of[agent] = group
        self._members.setdefault(str(group), []).append(agent)
