"""Explanations as one HTML page, with the pictures in it."""

from collections.abc import Iterable, Mapping
from html import escape

from consilience.explain.explained import Explanation
from consilience.explain.moves import bits_in_words
from consilience.explain.timeline import svg_timeline
from consilience.explain.words import in_sentences, row_in_words, verdict_in_words

__all__ = ["explanation_section", "explanations_page"]

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 780px; margin: 2em auto; padding: 0 1em;
        color: #1b1b1b; background: #fff }}
h1 {{ font-size: 1.5em }} h2 {{ font-size: 1.15em; margin: 2em 0 .3em }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
td, th {{ padding: .2em 1em .2em 0; text-align: left; border-bottom: 1px solid #ddd }}
svg {{ width: 100%; height: auto }} .note {{ color: #555 }}
@media (prefers-color-scheme: dark) {{ body {{ color: #e8e8e8; background: #161616 }}
  td, th {{ border-color: #444 }} .note {{ color: #aaa }} }}
</style>
<h1>{title}</h1>
<table>{facts}</table>
<p class="note">A row is taken out exactly: what is said of a verdict without it is what all other
rows alone give. Odds are in bits; 1 bit doubles them. The dashed line is where the decision
turns, for two hypotheses.</p>
{sections}
</html>
"""


def explanations_page(
    title: str,
    facts: Mapping[str, object],
    explanations: Iterable[Explanation],
    threshold: float = 0.0,
) -> str:
    """Return the page.

    Parameters
    ----------
    title : str
    facts : mapping
        Names and values, for the first table.
    explanations : iterable of Explanation
    threshold : float
        Odds in bits at which the decision turns.
    """
    return _PAGE.format(
        title=escape(title),
        facts="".join(f"<tr><th>{escape(k)}<td>{escape(str(v))}" for k, v in facts.items()),
        sections="".join(explanation_section(one, threshold) for one in explanations),
    )


def explanation_section(explanation: Explanation, threshold: float = 0.0) -> str:
    """Return one explanation as HTML: sentences, picture, table."""
    first, *rest = in_sentences(explanation)
    steps = "".join(
        f"<tr><td>{escape(row_in_words(step, explanation.by))}"
        f"<td>{escape(bits_in_words(step.bits, step.ruled_out))}"
        f"<td>{escape(verdict_in_words(step.without))}"
        for step in explanation.steps
    )
    table = f"<table><tr><th>step<th>moved it by<th>without it{steps}</table>" if steps else ""
    return (
        f"<h2>{escape(first)}</h2>{svg_timeline(explanation, threshold)}{table}"
        f"<p>{'<br>'.join(map(escape, rest))}</p>"
    )
