"""The odds of a verdict over the rows of its evidence: as a line of blocks, and as SVG."""

from html import escape
from math import log2

import numpy as np
from numpy.typing import NDArray

from consilience.explain.explained import Explanation
from consilience.explain.moves import bits_in_words
from consilience.explain.words import row_in_words
from consilience.verdicts.decisions import DecisionRule

__all__ = ["sparkline", "svg_timeline", "threshold_bits"]

_BLOCKS = "▁▂▃▄▅▆▇█"
_POINTS = 900
"""Most points of a picture: of more rows the lowest and the highest of each group are drawn."""
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 190, 52, 24, 12
_MOST_BITS = 64.0
"""What is beyond, and what is ruled out, is drawn there."""


def threshold_bits(rule: DecisionRule) -> float:
    """Return the odds in bits above which an agent is flagged, of two hypotheses; for pictures."""
    costs = rule.costs
    if costs is None:
        return 0.0 if rule.level is None else float(log2(rule.level / (1 - rule.level)))
    if not costs.false_alarm or not costs.miss:
        return -_MOST_BITS if not costs.false_alarm else _MOST_BITS
    bits: float = log2(costs.false_alarm / costs.miss)
    if costs.review and costs.review < costs.false_alarm:
        bits = max(bits, log2((costs.false_alarm - costs.review) / costs.review))
    return float(bits)


def sparkline(explanation: Explanation, width: int = 60) -> str:
    """Return the odds after each row as blocks, at most `width` of them; low is for the rival."""
    values = _cut(explanation.timeline)
    groups = np.array_split(values, min(width, len(values)))
    # Of each group what is farthest from the start, so that no peak is lost.
    shown = np.array([group[np.abs(group - values[0]).argmax()] for group in groups])
    shown[-1] = values[-1]
    low, high = min(shown.min(), 0.0), max(shown.max(), 0.0)
    scale = (len(_BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BLOCKS[round((one - low) * scale)] for one in shown.tolist())


def svg_timeline(explanation: Explanation, threshold: float = 0.0) -> str:
    """Return the odds over the rows as SVG: the steps that moved them are marked.

    Parameters
    ----------
    explanation : Explanation
    threshold : float
        Odds in bits at which a line is drawn.
    """
    values = np.concatenate([[_cut(np.array([explanation.start]))[0]], _cut(explanation.timeline)])
    count = len(values) - 1
    low = min(float(values.min()), threshold, 0.0)
    high = max(float(values.max()), threshold, 0.0)
    low, high = low - 0.05 * (high - low + 1), high + 0.05 * (high - low + 1)
    height = _HEIGHT - _BOTTOM - _TOP

    def x(place: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - 8) * place / max(1, count)

    def y(bits: float) -> float:
        return _TOP + height * (1 - (bits - low) / (high - low))

    points = " ".join(f"{x(place):.1f},{y(values[place]):.1f}" for place in _places(values))
    marks = "".join(
        f'<circle cx="{x(step.place + 1):.1f}" cy="{y(values[step.place + 1]):.1f}" r="4" '
        f'fill="#c00"><title>{escape(row_in_words(step, explanation.by))}: '
        f"{escape(bits_in_words(step.bits, step.ruled_out))}</title></circle>"
        for step in explanation.steps
        if step.count == 1
    )
    ticks = "".join(
        f'<text x="{_LEFT - 6}" y="{y(bits) + 4:.1f}" text-anchor="end">{bits:.3g}</text>'
        for bits in sorted({0.0, threshold, float(values.max()), float(values.min())})
    )
    title = f"Odds of {explanation.decided} against {explanation.rival}, in bits, over {count} rows"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" fill="currentColor" font-size="12">'
        f"<title>{escape(title)}</title>"
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="#999"/>'
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y(threshold):.1f}" y2="{y(threshold):.1f}" '
        f'stroke="#c00" stroke-dasharray="6 4"/>{ticks}'
        f'<polyline points="{points}" fill="none" stroke="#1f77b4" stroke-width="1.6"/>{marks}'
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}">prior</text>'
        f'<text x="{_WIDTH - 8}" y="{_HEIGHT - 6}" text-anchor="end">row '
        f"{int(explanation.row_numbers[-1])}</text></svg>"
    )


def _cut(bits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(bits, -_MOST_BITS, _MOST_BITS)


def _places(values: NDArray[np.float64]) -> list[int]:
    """Return which values are drawn: all, or the least and the greatest of each group."""
    if len(values) <= _POINTS:
        return list(range(len(values)))
    groups = np.array_split(np.arange(len(values)), _POINTS // 2)
    ends = {int(group[f(values[group])]) for group in groups for f in (np.argmin, np.argmax)}
    return sorted(ends | {0, len(values) - 1})
