"""The canonical bytes of a monitor's model, field by field."""

from collections.abc import Mapping

from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import WINDOW, AgentFlag, Source
from consilience_sim.golden.monitor import AgentModel, MonitorModel

__all__ = ["monitor_bytes"]


def monitor_bytes(model: MonitorModel, source: Source, enrolled: int | None) -> bytes:
    """Return the bytes of all agents, whose ids are integers or text."""
    found = b"CNMO" + _whole(1, 2) + _whole(Q16_16.identifier, 4)
    found += bytes([model.mode, model.policy, source, len(model.weights)])
    found += _whole(model.threshold, 4) + _whole(enrolled or 0, 8)
    found += b"".join(_whole(one, 4) for one in model.weights)
    agents = _by_id(model.agents)
    found += _whole(len(agents), 8)
    for (kind, name), agent in sorted(agents.items()):
        found += bytes([kind]) + _whole(len(name), 4) + name + _agent(agent)
    return found


def _by_id(agents: Mapping[object, AgentModel]) -> dict[tuple[int, bytes], AgentModel]:
    found = {}
    for key, agent in agents.items():
        if isinstance(key, int):
            found[int(key >= 1 << 63), _whole(key, 8)] = agent
        else:
            found[2, str(key).encode()] = agent
    return found


def _agent(agent: AgentModel) -> bytes:
    flags = AgentFlag.SATURATED * agent.saturated | AgentFlag.LATCHED * agent.latched
    flags |= AgentFlag.NUMBERED * (agent.highest is not None)
    highest = agent.highest or 0
    window = sum(1 << d for d in range(WINDOW) if highest - d - 1 in agent.seen)
    found = b"".join(_whole(one, 4) for one in agent.components)
    found += _whole(agent.observations, 8) + _whole(agent.since_scheduled, 8) + bytes([flags])
    found += b"".join(_whole(one, 8) for one in (highest, window, agent.missing))
    return found + b"".join(_whole(one, 4) for one in (agent.late, agent.duplicates, agent.refused))


def _whole(number: int, size: int) -> bytes:
    return (number % (1 << 8 * size)).to_bytes(size, "little")
