"""The fleet as readers see it: agents, pages of them, and the whole."""

from typing import Any

from consilience.monitor.agent_index import AgentId
from consilience.service.state import ServiceState

__all__ = ["agent_view", "agents_page", "fleet_view", "state_of"]

_LOG_OF_ZERO = -(1 << 31)


def agent_view(state: ServiceState, agent: int | str) -> dict[str, Any]:
    """Return an agent as the API gives it."""
    with state.lock:
        entry, watch = state.directory[agent], state.watch
        statistic = watch.monitor.statistic(agent)
        settings = watch.monitor.settings
        held_up = None if watch.ranking is None else watch.ranking.held_up(agent)
        since = entry.first_ms if entry.alarmed_ms is None else entry.alarmed_ms
        return {
            "agent": agent,
            "state": state_of(state, agent),
            "statistic_bits": _bits(statistic),
            "threshold_bits": round(settings.threshold / 65536, 4),
            "runs": entry.runs,
            "since_ms": since,
            "last_seen_ms": entry.last_ms,
            "promise": watch.promise,
            "source": settings.source.name.lower(),
            "acknowledged": entry.acknowledged,
            "waiting_runs": held_up[1] if held_up else 0,
            "waits_for": held_up[0].run if held_up else None,
        }


def agents_page(
    state: ServiceState, after: int, limit: int, only: str | None
) -> tuple[list[dict[str, Any]], int | None]:
    """Return agents from a number on, and the number to go on from; None at the end."""
    found = list[dict[str, Any]]()
    with state.lock:
        order = state.directory.order
        place = state.directory.place(after)
        standings = None if only is None else _Standings(state)
        while place < len(order) and len(found) < limit:
            agent = order[place]
            place += 1
            if standings is None or standings.of(agent) == only:
                found.append(agent_view(state, agent))
        return found, state.directory.numbers[place] if place < len(order) else None


def fleet_view(state: ServiceState) -> dict[str, Any]:
    """Return the fleet as the API gives it."""
    with state.lock:
        watch, counts = state.watch, {"alarm": 0, "quiet": 0, "learning": 0}
        standings = _Standings(state)
        for agent in state.directory.order:
            counts[standings.of(agent)] += 1
        digest, position = state.recent_digest()
        named = watch.readings.named(watch.monitor)
        return {
            "agents": len(state.directory),
            **counts,
            "named": named.get(None, []),
            "held_up": 0 if watch.ranking is None else len(watch.ranking.waiting()),
            "named_in_groups": {name: one for name, one in named.items() if name is not None},
            "promise": watch.promise,
            "views": [one._asdict() for one in state.views],
            "position": state.position,
            "digest": digest,
            "digest_position": position,
        }


class _Standings:
    """Whether agents are in alarm, quiet or learning, for who asks of many; as `state_of`."""

    def __init__(self, state: ServiceState) -> None:
        watch = state.watch
        self._directory, self._ranking = state.directory, watch.ranking
        needs = watch.ranking is not None and state.settings.options.needs_history
        self._lacking = watch.ranking.lacking() if needs and watch.ranking is not None else None

    def of(self, agent: int | str) -> str:
        """Return how an agent stands."""
        if self._directory[agent].alarmed_ms is not None:
            return "alarm"
        if self._lacking is None or self._ranking is None:
            return "quiet"
        name = self._ranking.group(agent)
        return "learning" if name is None or name in self._lacking else "quiet"


def state_of(state: ServiceState, agent: AgentId) -> str:
    """Return whether an agent is in alarm, quiet or learning; under the state's lock.

    In alarm is one of which an alarm stands that nobody has acknowledged, whatever its statistic.
    """
    watch = state.watch
    assert not isinstance(agent, bytes)
    entry = state.directory[agent]
    if entry.alarmed_ms is not None:
        return "alarm"
    if watch.ranking is not None and state.settings.options.needs_history:
        return "learning" if watch.ranking.runs(agent)[0] < watch.ranking.settings.n0 else "quiet"
    return "quiet"


def _bits(code: int) -> float | None:
    return None if code == _LOG_OF_ZERO else round(code / 65536, 4)
