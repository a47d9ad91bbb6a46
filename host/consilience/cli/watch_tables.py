"""Tables of `consilience monitor` for a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from consilience.monitor.budget import View
from consilience.monitor.watching import FleetWatch

__all__ = ["agent_table", "view_table"]

_LIVE, _AT_THE_END = 12, 50
"""Agents of the table that stands on a terminal while lines come, and of the last one."""


def agent_table(watch: FleetWatch, *, last: bool = False) -> Table:
    """Return the agents with the highest statistics; in the last table all that are in alarm."""
    table = Table(box=None, pad_edge=False, title_justify="left")
    for name in ("agent", "statistic (bits)", "of threshold", "runs judged", ""):
        table.add_column(name, justify="left" if name in ("agent", "") else "right")
    statistics = watch.monitor.statistics()
    agents = watch.monitor.agents
    order = (-statistics).argsort(kind="stable").tolist()
    most = _AT_THE_END if last else _LIVE
    for place, row in enumerate(order):
        if place >= most and not (last and watch.counts["alarms"]):
            break
        state = watch.monitor.state(agents[row])
        if place >= most and not state.latched:
            continue
        bits = state.statistic / 65536 if state.statistic > -(1 << 31) else float("-inf")
        share = bits / (watch.monitor.settings.threshold / 65536)
        mark = Text("ALARM", "bold red") if state.latched else Text("")
        table.add_row(
            Text(str(agents[row])),
            f"{bits:.2f}",
            f"{share:.0%}",
            f"{state.observations:,}",
            mark,
        )
    return table


def view_table(views: Sequence[View]) -> Table:
    """Return the budget of false alarms as a table."""
    table = Table(box=None, pad_edge=False, title_justify="left")
    for name in ("view", "alarms", "promise", "false a day"):
        table.add_column(name, overflow="fold")
    for view in views:
        table.add_row(*(Text(one) for one in view))
    return table
