"""The page of a coverage: the curve, every tenth, and a roll-out in three steps."""

from html import escape

from consilience.coverage.stages import Coverage
from consilience.coverage.words import certified_words, headline, share_words, stage_words
from consilience.monitor.curve_picture import STYLE

__all__ = ["coverage_page", "coverage_svg", "roll_out"]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 300, 52, 44, 14
_COLOURS = ("#0072b2", "#d55e00")
_STEPS = (10, 50, 100)

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>consilience coverage</title>
<meta name="viewport" content="width=device-width">
<style>
{style}</style>
<h1>How many must take part</h1>
{headline}
<h2>Probability of a verdict</h2>
{picture}
<p class="note">Lines: predicted from {runs}. Bands: all laws of evidence that these runs leave
possible, but for 1 % each. Liars: {liars:,}, all of whom join at once and say the least that can be
said.</p>
<h2>Every tenth</h2>
<table>{table}</table>
<h2>A roll-out in three steps</h2>
<ol>{steps}</ol>
<p class="note">Evidence quality r = {quality:.3f}; liars are borne below a share of
r / (1 + r) = {breakdown:.3f} by the point estimate and below r / (2 + r) = {certified:.3f} by the
certified interval. Who is enrolled and silent counts as not taking part: a verdict of those that
take part says nothing of what the others see.</p>
</html>
"""


def coverage_page(found: Coverage, evidence: str) -> str:
    """Return the page as HTML, with its picture in it."""
    return _PAGE.format(
        style=STYLE,
        headline="".join(f"<p>{escape(line)}</p>" for line in headline(found)),
        picture=coverage_svg(found),
        runs=escape(evidence),
        liars=found.question.liars,
        table=_table(found),
        steps="".join(f"<li>{escape(line)}</li>" for line in roll_out(found)),
        quality=float(found.quality),
        breakdown=float(found.breakdown),
        certified=float(found.certified),
    )


def roll_out(found: Coverage) -> list[str]:
    """Return what is certified at a tenth, a half, and all of the reporters."""
    most = found.question.enrolled
    wanted = [max(most * step // 100, 1) for step in _STEPS]
    stages = {one.taking_part: one for one in found.stages}
    return [
        f"{step} %, {stage_words(found, stages[count])}"
        for step, count in zip(_STEPS, wanted, strict=True)
    ]


def _table(found: Coverage) -> str:
    names = list(found.stages[0].chances)
    head = "".join(f"<th>if {escape(name)}" for name in names)
    if names:
        head += "<th>each further one added"
    rows = "".join(_row(found, place, names) for place in range(len(found.stages)))
    return f"<tr><th>take part<th>margin, bits{head}<th>what is certified{rows}"


def _row(found: Coverage, place: int, names: list[str]) -> str:
    stage = found.stages[place]
    share = share_words(stage.taking_part, found.question.enrolled)
    cells = "".join(f"<td>{stage.chances[name].predicted:.3f}" for name in names)
    if names:
        cells += f"<td>{found.gains[place]:.4f}"
    return (
        f"<tr><td>{stage.taking_part:,} ({share})<td>{stage.margin_bits:+,.1f}{cells}"
        f"<td>{escape(certified_words(found, stage))}"
    )


def coverage_svg(found: Coverage) -> str:
    """Return the curve as SVG: probability of a verdict by those that take part."""
    most = found.question.enrolled
    width, height = _WIDTH - _LEFT - 12, _HEIGHT - _BOTTOM - _TOP

    def x(count: float) -> float:
        return _LEFT + width * count / most

    def y(chance: float) -> float:
        return _TOP + height * (1 - chance)

    parts = [
        f'<line x1="{_LEFT}" x2="{_LEFT + width}" y1="{y(at):.1f}" y2="{y(at):.1f}" '
        f'stroke="#999" stroke-width="0.6"/><text x="{_LEFT - 8}" y="{y(at) + 4:.1f}" '
        f'text-anchor="end">{at:g}</text>'
        for at in (0.0, 0.5, 1.0)
    ]
    for one in found.stages:
        parts.append(
            f'<text x="{x(one.taking_part):.1f}" y="{_HEIGHT - 24}" text-anchor="middle">'
            f"{one.taking_part:,}</text>"
        )
    for name, colour in zip(found.stages[0].chances, _COLOURS, strict=False):
        ends = [(x(one.taking_part), one.chances[name]) for one in found.stages]
        ends = [(at, one) for at, one in ends if one.predicted == one.predicted]
        band = [f"{at:.1f},{y(one.most):.1f}" for at, one in ends]
        band += [f"{at:.1f},{y(one.least):.1f}" for at, one in reversed(ends)]
        line = " ".join(f"{at:.1f},{y(one.predicted):.1f}" for at, one in ends)
        parts.append(f'<polygon points="{" ".join(band)}" fill="{colour}" opacity="0.18"/>')
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2">'
            f"<title>{escape(name)}</title></polyline>"
        )
    for place, (name, colour) in enumerate(zip(found.stages[0].chances, _COLOURS, strict=False)):
        parts.append(
            f'<text x="{_LEFT + 10}" y="{_TOP + 18 + 18 * place}" fill="{colour}">'
            f"if {escape(name)}</text>"
        )
    for count in (found.usual_from, found.whole_usual_from):
        if count is not None:
            parts.append(
                f'<line x1="{x(count):.1f}" x2="{x(count):.1f}" y1="{_TOP}" '
                f'y2="{_TOP + height}" stroke="#a40000" stroke-dasharray="5 4"/>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'fill="currentColor" font-size="12"><title>Probability of a verdict by the number of '
        f"reporters that take part</title>{''.join(parts)}"
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}">reporters that take part, of {most:,}; dashed: where '
        "a verdict begins, of them and of all enrolled</text></svg>"
    )
