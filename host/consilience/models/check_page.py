"""The page of a check: a verdict for each agent, why, and its statistic over today's runs."""

from html import escape

from consilience.models.checking import ALARM, AgentVerdict, CheckResult
from consilience.monitor.alarm_words import SAYS
from consilience.monitor.curve_picture import LOWEST, SHOWN, STYLE, Curve, drawn
from consilience_hw.spec.monitor_format import Source

__all__ = ["check_page"]

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>consilience check</title>
<meta name="viewport" content="width=device-width">
<style>
{style}</style>
<h1>{title}</h1>
<p>{says}</p>
<p>{promise}</p>
{warnings}
<h2>Agents</h2>
<table><tr><th>agent<th>verdict<th>runs today<th>good runs before<th>why{verdicts}</table>
{reasons}
<h2>Statistic over today's runs</h2>
<p class="note">T in bits after each run; the line is the threshold. What is below {lowest:.0f} bits
is drawn there.</p>
{curves}
<p class="note">Model: {model}, fitted on {fitted:,} good runs that are in no history; {own:,} of
{agents:,} agents have one of their own.
The same files and <code>--seed {seed}</code> give the same verdicts.</p>
</html>
"""


def check_page(result: CheckResult) -> str:
    """Return the page as HTML, with its pictures in it."""
    alarms = len(result.alarms)
    judged = [one for one in result.verdicts if one.judged]
    return _PAGE.format(
        style=STYLE,
        title=f"{alarms} of {len(result.verdicts)} agents alarm",
        says=escape(f"An alarm says that {SAYS[Source.CONFORMAL]}."),
        promise=escape(f"{result.promise[:1].upper()}{result.promise[1:]}."),
        warnings="".join(f"<p class=alarm>{escape(one)}</p>" for one in result.warnings),
        verdicts="".join(map(_row, result.verdicts)),
        reasons="".join(_reasons(one) for one in result.alarms),
        lowest=LOWEST,
        curves="".join(drawn(one.agent, _curve(one), result.threshold) for one in judged[:SHOWN]),
        model=escape(result.model.model.kind),
        fitted=result.model.training.runs,
        seed=result.seed,
        own=sum(one.own_model for one in result.verdicts),
        agents=len(result.verdicts),
    )


def _row(one: AgentVerdict) -> str:
    mark = " class=alarm" if one.verdict == ALARM else ""
    return (
        f"<tr><td>{escape(one.agent)}<td{mark}>{one.verdict}<td>{len(one.judged):,}"
        f"<td>{one.history:,}<td>{escape(one.why)}"
    )


def _reasons(one: AgentVerdict) -> str:
    rows = "".join(
        f"<tr><td>{escape(reason.run)}<td>{_bits(reason.without)}<td>{reason.score:.1f}"
        f"<td>{reason.rank:,} of {reason.of:,}"
        f"<td>{escape('; '.join(step.words() for step in reason.steps))}"
        for reason in one.reasons
    )
    return (
        f"<h2>Why {escape(one.agent)} alarms</h2><p class=note>The runs that moved it most: "
        "the statistic without each, its score and rank, and its steps, with what each adds to the "
        "score (the score less that without the step).</p><table><tr><th>run<th>statistic "
        f"without it (bits)<th>score (bits)<th>rank<th>steps{rows}</table>"
    )


def _bits(bits: float | None) -> str:
    return "none" if bits is None else f"{bits:.1f}"


def _curve(one: AgentVerdict) -> Curve:
    alarms = [] if one.alarm is None else [one.alarm]
    return Curve([run.statistic for run in one.judged], alarms)
