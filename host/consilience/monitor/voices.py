"""Who said of a run as much as was counted: the reporters by whom an alarm came."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from consilience.monitor.agent_index import AgentId

__all__ = ["Voices", "spoken"]

_SHOWN = 6
_LEAST_ROOM = 32


class Voices:
    """The reporters of runs that may move an alarm yet.

    A run is ranked with a score that so many reporters reach that one of them at least is honest:
    these are its voices. Without one of them it would be ranked lower, had it said the least.
    """

    def __init__(self) -> None:
        self._of: dict[AgentId, dict[AgentId, list[AgentId]]] = {}
        self._room: dict[AgentId, int] = {}

    def note(self, agent: AgentId, run: AgentId, reporters: Sequence[AgentId]) -> None:
        """Take who has said of a run, so far, as much as is counted."""
        if reporters:
            self._of.setdefault(agent, {})[run] = list(reporters)

    def forget(self, agent: AgentId, wanted: Callable[[], set[AgentId]]) -> None:
        """Forget the runs of an agent that are not wanted, once they are twice as many as were."""
        runs = self._of.get(agent)
        if runs is None or len(runs) < self._room.get(agent, _LEAST_ROOM):
            return
        kept = wanted()
        for run in [one for one in runs if one not in kept]:
            del runs[run]
        self._room[agent] = max(2 * len(runs), _LEAST_ROOM)
        if not runs:
            del self._of[agent], self._room[agent]

    def of(self, agent: AgentId, runs: Iterable[AgentId]) -> list[dict[str, Any]]:
        """Return the voices of some runs, each with the number of these, those of most first."""
        known = self._of.get(agent, {})
        counts = Counter(name for run in runs for name in known.get(run, ()))
        found = sorted(counts.items(), key=lambda item: (-item[1], repr(item[0])))
        return [{"reporter": name, "runs": count} for name, count in found]

    @property
    def facts(self) -> list[Any]:
        """What it holds, as JSON holds it."""
        return sorted(
            ([agent, self._room.get(agent), sorted(map(list, runs.items()), key=repr)]
             for agent, runs in self._of.items()), key=repr)  # fmt: skip

    def restore(self, facts: Sequence[Any]) -> None:
        """Go on from what it held."""
        self._of = {agent: dict(runs) for agent, _, runs in facts}
        self._room = {agent: room for agent, room, _ in facts if room is not None}


def spoken(voices: Sequence[dict[str, Any]]) -> str:
    """Return voices in words."""
    if not voices:
        return ""
    parts = [f"{one['reporter']} ({one['runs']})" for one in voices[:_SHOWN]]
    more = len(voices) - _SHOWN
    names = ", ".join(parts) + (f" and {more:,} more" if more > 0 else "")
    return f"; reporters that said as much, and of how many of these runs: {names}"
