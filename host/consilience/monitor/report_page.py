"""The page of a watch: the statistic of each agent over its runs, alarms, what is promised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from consilience.monitor.agent_index import AgentId
from consilience.monitor.budget import View

__all__ = ["Curve", "report_page"]

_SHOWN = 24
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 150, 46, 22
_LOWEST = -4.0
"""Bits; what is lower is drawn there."""

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>consilience monitor</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 780px; margin: 2em auto; padding: 0 1em;
        color: #1b1b1b; background: #fff }}
h1 {{ font-size: 1.5em }} h2 {{ font-size: 1.1em; margin: 1.6em 0 0 }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
td, th {{ padding: .2em 1em .2em 0; text-align: left; border-bottom: 1px solid #ddd }}
svg {{ width: 100%; height: auto }} .alarm {{ color: #a40000; font-weight: 600 }}
.note {{ color: #555 }}
@media (prefers-color-scheme: dark) {{ body {{ color: #e8e8e8; background: #161616 }}
  td, th {{ border-color: #444 }} .note {{ color: #aaa }} .alarm {{ color: #ff8a80 }} }}
</style>
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


@dataclass
class Curve:
    """An agent's statistic over its runs.

    Parameters
    ----------
    bits : list of float
        T after each run that was judged.
    alarms : list of int
        Places in `bits`.
    """

    bits: list[float] = field(default_factory=list)
    alarms: list[int] = field(default_factory=list)


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
    order = sorted(curves, key=lambda agent: -max(curves[agent].bits, default=_LOWEST))
    return _PAGE.format(
        says=escape(f"An alarm of an agent says that {says}."),
        views=_row("th", View("view", "alarms", "promise", "false a day"))
        + "".join(_row("td", view) for view in views),
        evidence=escape(f"{evidence[:1].upper()}{evidence[1:]}."),
        facts="".join(f"<tr><th>{escape(k)}<td>{escape(str(v))}" for k, v in facts.items()),
        alarms=_alarm_table(alarms) if alarms else "<p>None.</p>",
        shown=min(_SHOWN, len(order)),
        agents=f"{len(order):,}",
        lowest=_LOWEST,
        curves="".join(_drawn(agent, curves[agent], threshold_bits) for agent in order[:_SHOWN]),
    )


def _row(kind: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{kind}>{escape(cell)}" for cell in cells)


def _alarm_table(alarms: Sequence[Mapping[str, Any]]) -> str:
    rows = ["<tr><th>agent<th>run<th>at<th>what<th>statistic (bits)<th>rank"]
    for one in alarms:
        if "named" in one:
            names = escape(", ".join(map(str, one["named"])))
            whose = escape(f"group {one['group']}" if "group" in one else "the fleet")
            runs = f"read after {one['runs']:,} runs"
            rows.append(f"<tr><td>{names}<td><td><td>named by {whose}, {runs}<td><td>")
            continue
        moved = one.get("moved", one)
        rank = f"{moved['rank']} of {moved['of']}" if "rank" in moved else ""
        kind = one["alarm"] + (", still open" if one.get("provisional") else "")
        at = "" if one["at"] is None else one["at"]
        cells = one["agent"], one["run"], at, kind, one.get("statistic_bits", ""), rank
        rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}" for cell in cells))
    return f"<table>{''.join(rows)}</table>"


def _drawn(agent: AgentId, curve: Curve, threshold: float) -> str:
    """Return one agent's curve as SVG."""
    values = [max(one, _LOWEST) for one in curve.bits]
    top = max([threshold * 1.15, *values])
    width, height = _WIDTH - _LEFT, _HEIGHT - _BOTTOM

    def x(place: float) -> float:
        return _LEFT + width * place / max(1, len(values) - 1)

    def y(bits: float) -> float:
        return height * (1 - (bits - _LOWEST) / (top - _LOWEST))

    points = " ".join(f"{x(place):.1f},{y(one):.1f}" for place, one in enumerate(values))
    marks = "".join(
        f'<circle cx="{x(place):.1f}" cy="{y(values[place]):.1f}" r="4" fill="#c00"/>'
        for place in curve.alarms
    )
    labels = "".join(
        f'<text x="{_LEFT - 6}" y="{y(bits) + 4:.1f}" text-anchor="end">{bits:.4g}</text>'
        for bits in (0.0, threshold)
    )
    title = (
        f"<h2>{escape(str(agent))}{' <span class=alarm>alarm</span>' if curve.alarms else ''}</h2>"
    )
    return (
        f'{title}<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" fill="currentColor" '
        f'font-size="12">'
        f"<title>T of {escape(str(agent))} over {len(values)} runs</title>"
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="#999"/>'
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y(threshold):.1f}" y2="{y(threshold):.1f}" '
        f'stroke="#c00" stroke-dasharray="6 4"/>{labels}'
        f'<polyline points="{points}" fill="none" stroke="#1f77b4" stroke-width="1.6"/>{marks}'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 4}" text-anchor="end">run {len(values)}</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 4}">1</text></svg>'
    )
