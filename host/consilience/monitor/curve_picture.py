"""How pages draw a statistic over runs, and what they look like."""

from dataclasses import dataclass, field
from html import escape

from consilience.monitor.agent_index import AgentId

__all__ = ["LOWEST", "SHOWN", "STYLE", "Curve", "drawn"]

SHOWN = 24
"""Agents of a page."""
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 150, 46, 22
LOWEST = -4.0
"""Bits; what is lower is drawn there."""

STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 780px; margin: 2em auto; padding: 0 1em;
        color: #1b1b1b; background: #fff }
h1 { font-size: 1.5em } h2 { font-size: 1.1em; margin: 1.6em 0 0 }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: .2em 1em .2em 0; text-align: left; border-bottom: 1px solid #ddd }
svg { width: 100%; height: auto } .alarm { color: #a40000; font-weight: 600 }
.note { color: #555 }
@media (prefers-color-scheme: dark) { body { color: #e8e8e8; background: #161616 }
  td, th { border-color: #444 } .note { color: #aaa } .alarm { color: #ff8a80 } }
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


def drawn(agent: AgentId, curve: Curve, threshold: float) -> str:
    """Return one agent's curve as SVG, with its name above; threshold in bits."""
    values = [max(one, LOWEST) for one in curve.bits]
    top = max([threshold * 1.15, *values])
    width, height = _WIDTH - _LEFT, _HEIGHT - _BOTTOM

    def x(place: float) -> float:
        return _LEFT + width * place / max(1, len(values) - 1)

    def y(bits: float) -> float:
        return height * (1 - (bits - LOWEST) / (top - LOWEST))

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
