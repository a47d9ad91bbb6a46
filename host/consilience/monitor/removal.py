"""An agent that is gone for good, forgotten: what is left of it are the alarms that were told."""

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.watching import FleetWatch

__all__ = ["remove_agent"]


def remove_agent(watch: FleetWatch, agent: AgentId) -> None:
    """Forget an agent, its statistic, its history and its open runs.

    The history of a group keeps its scores. One that comes again under the name begins as a new
    agent does, but that names of runs which are remembered as ended stay so, and that the chances
    which break ties of its first runs are drawn as they were.

    Parameters
    ----------
    watch : FleetWatch
    agent : int, str or bytes

    Raises
    ------
    BadInput
        Its runs are open in the history of a group, or reporters speak of them; nothing changed.
    """
    if watch.reports is not None:
        raise BadInput(
            f"agent {agent!r} cannot be removed: with --faulty its reports count for the standing "
            "of its reporters; leave it, it costs memory alone"
        )
    if watch.ranking is not None:
        watch.ranking.remove(agent)
    watch.monitor.remove(agent)
    watch.moving.drop([agent])
    watch.readings.remove(agent)
    watch.told = {one for one in watch.told if one[0] != agent}
    watch.highest.pop(agent, None)
    watch.open = {one for one in watch.open if one[0] != agent}
    watch.counts["removed"] += 1
