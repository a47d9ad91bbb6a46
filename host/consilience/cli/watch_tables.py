"""Tables of `consilience monitor` for a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from consilience.monitor.budget import View
from consilience.monitor.watching import FleetWatch

__all__ = ["agent_table", "view_table"]

_SHOWN = 12


def agent_table(watch: FleetWatch) -> Table:
    """Return the agents with the highest statistics."""
    table = Table(box=None, pad_edge=False, title_justify="left")
    for name in ("agent", "statistic (bits)", "of threshold", "runs judged", ""):
        table.add_column(name, justify="left" if name in ("agent", "") else "right")
    statistics = watch.monitor.statistics()
    agents = watch.monitor.agents
    for row in (-statistics).argsort(kind="stable")[:_SHOWN].tolist():
        state = watch.monitor.state(agents[row])
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
