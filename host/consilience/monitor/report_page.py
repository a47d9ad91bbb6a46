"""The page of a watch: the statistic of each agent over its runs, alarms, what is promised."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from consilience.monitor.agent_index import AgentId
from consilience.monitor.budget import View
from consilience.monitor.curve_picture import LOWEST, SHOWN, STYLE, Curve, drawn

__all__ = ["report_page"]

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>consilience monitor</title>
<meta name="viewport" content="width=device-width">
<style>
{style}</style>
<h1>Does it still behave?</h1>
<p>{says}</p>
<h2>What is promised</h2>
<table>{views}</table>
<p class="note">{evidence}</p>
<h2>What was seen</h2>
<table>{facts}</table>
<h2>Alarms</h2>
{alarms}
<h2>Statistic over runs</h2>
<p class="note">T in bits after each run that was judged; the line is the threshold. The {shown}
agents with the highest statistic, of {agents}. What is below {lowest:.0f} bits is drawn there.</p>
{curves}
</html>
"""


def report_page(
    facts: Mapping[str, object],
    views: Sequence[View],
    evidence: str,
    threshold_bits: float,
    curves: Mapping[AgentId, Curve],
    alarms: Sequence[Mapping[str, Any]],
    says: str,
) -> str:
    """Return the page as HTML, with its pictures in it.

    Parameters
    ----------
    facts : mapping
        Names and values, for a table.
    views : sequence of View
        The budget of false alarms.
    evidence : str
        The most that runs can say, in words.
    threshold_bits : float
    curves : mapping of agent to Curve
    alarms : sequence of mappings
        As they were said.
    says : str
        What an alarm means.
    """
    order = sorted(curves, key=lambda agent: -max(curves[agent].bits, default=LOWEST))
    return _PAGE.format(
        style=STYLE,
        says=escape(f"An alarm of an agent says that {says}."),
        views=_row("th", View("view", "alarms", "promise", "false a day"))
        + "".join(_row("td", view) for view in views),
        evidence=escape(f"{evidence[:1].upper()}{evidence[1:]}."),
        facts="".join(f"<tr><th>{escape(k)}<td>{escape(str(v))}" for k, v in facts.items()),
        alarms=_alarm_table(alarms) if alarms else "<p>None.</p>",
        shown=min(SHOWN, len(order)),
        agents=f"{len(order):,}",
        lowest=LOWEST,
        curves="".join(drawn(agent, curves[agent], threshold_bits) for agent in order[:SHOWN]),
    )


def _row(kind: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{kind}>{escape(cell)}" for cell in cells)


def _why(alarm: Mapping[str, Any]) -> str:
    words = alarm.get("why"), alarm.get("scores", {}).get("says")
    return "; ".join(one for one in words if one)


def _alarm_table(alarms: Sequence[Mapping[str, Any]]) -> str:
    rows = ["<tr><th>agent<th>run<th>at<th>what<th>statistic (bits)<th>rank<th>why"]
    for one in alarms:
        if "named" in one:
            names = escape(", ".join(map(str, one["named"])))
            whose = escape(f"group {one['group']}" if "group" in one else "the fleet")
            runs = f"read after {one['runs']:,} runs"
            rows.append(f"<tr><td>{names}<td><td><td>named by {whose}, {runs}<td><td><td>")
            continue
        moved = one.get("moved", one)
        rank = f"{moved['rank']} of {moved['of']}" if "rank" in moved else ""
        kind = one["alarm"] + (", still open" if one.get("provisional") else "")
        at = "" if one["at"] is None else one["at"]
        bits, why = one.get("statistic_bits", ""), _why(one)
        cells = one["agent"], one["run"], at, kind, bits, rank, why
        rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}" for cell in cells))
    return f"<table>{''.join(rows)}</table>"
