"""`consilience explain`: why a verdict is what it is, step by step."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from consilience.cli.device_option import MOST_ROWS, JsonOption
from consilience.cli.output import Output, key_values
from consilience.cli.reading_options import (
    AgentColumnOption,
    AgentTypeOption,
    BenignOption,
    CostOption,
    DecideOption,
    HypothesesOption,
    PriorOption,
    StrictOption,
    TieOption,
    UnitOption,
    WeightColumnOption,
    names_of,
    tell_doubts,
)
from consilience.evidence.atomic_file import AtomicFile, naming
from consilience.explain.evidence_file import ExplainOptions, FileExplanations, explain_file
from consilience.explain.explained import Explanation
from consilience.explain.moves import bits_in_words
from consilience.explain.page import explanations_page
from consilience.explain.timeline import sparkline, threshold_bits
from consilience.explain.words import in_sentences, row_in_words, verdict_in_words

__all__ = ["explain"]

_DEFAULTS = ExplainOptions()


def explain(
    evidence: Annotated[
        Path,
        typer.Argument(
            metavar="EVIDENCE",
            help="Evidence as of `consilience fuse`, .parquet, .csv or .npz, in order of time.",
            show_default=False,
        ),
    ],
    agent: Annotated[
        list[str] | None,
        typer.Option(
            "--agent",
            metavar="NAME",
            help="An agent to explain; may be given several times.",
            show_default="those that are flagged, the most suspect first",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PAGE", help="Also as an HTML page, with pictures."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing page.")] = False,
    label_column: Annotated[
        list[str] | None,
        typer.Option(
            "--label-column",
            metavar="NAME",
            help="A column that words about a row name, as a tool; may be given several times.",
            show_default="reporter and time, where the file has them",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="NAME",
            help="Take rows out together that share a value of this column, as a reporter.",
            show_default="row by row",
        ),
    ] = None,
    agents: Annotated[
        int, typer.Option("--agents", min=1, metavar="N", help="Most agents to explain.")
    ] = _DEFAULTS.most_agents,
    steps: Annotated[
        int, typer.Option("--steps", min=1, metavar="N", help="Most steps of an agent to name.")
    ] = _DEFAULTS.most_steps,
    prior: PriorOption = None,
    cost: CostOption = None,
    benign: BenignOption = None,
    decide: DecideOption = None,
    tie: TieOption = _DEFAULTS.tie,
    unit: UnitOption = _DEFAULTS.unit,
    agent_column: AgentColumnOption = _DEFAULTS.agent_column,
    agent_type: AgentTypeOption = _DEFAULTS.agent_type,
    hypotheses: HypothesesOption = None,
    weight_column: WeightColumnOption = None,
    chunk_rows: Annotated[
        int, typer.Option(min=1, max=MOST_ROWS, metavar="N", help="Rows read at a time.")
    ] = _DEFAULTS.chunk_rows,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say which steps moved a verdict, and what it would be without each of them.

    A posterior is made of exact sums, so that a row is taken out by one subtraction: the verdict
    without it is, bit for bit, what all other rows alone give.
    """
    output = Output(as_json=as_json)
    options = ExplainOptions(
        prior=prior,
        costs=cost,
        benign=benign,
        tie=tie,
        decide=decide,
        unit=unit,
        agent_column=agent_column,
        agent_type=agent_type,
        hypotheses=names_of(hypotheses),
        weight_column=weight_column,
        chunk_rows=chunk_rows,
        strict=strict,
        labels=tuple(label_column or ()),
        by=by,
        agents=tuple(agent or ()),
        most_agents=agents,
        most_steps=steps,
    )
    with contextlib.ExitStack() as stack:
        page = out and stack.enter_context(AtomicFile(out, overwrite=force))
        progress = stack.enter_context(output.progress())
        found = explain_file(evidence, options, progress)
        facts = _facts(found)
        if page and out:
            title = f"Why: {evidence.name}"
            threshold = threshold_bits(found.rule)
            with naming(out):
                text = explanations_page(title, facts, found.explanations, threshold)
                page.file.write(text.encode("utf-8", "backslashreplace"))
            page.commit()
    tell_doubts(output, found.warnings, found.saturated)
    result = {
        **facts,
        "hypotheses": list(found.rule.hypotheses),
        "benign": found.rule.benign,
        "explained": [one.as_json() for one in found.explanations],
        "out": None if out is None else str(out),
    }
    views = [part for one in found.explanations for part in _shown(one)]
    figures = {name.replace("_", " "): value for name, value in facts.items()}
    output.result(result, *views, key_values(figures | ({"written": out} if out else {})))


def _facts(found: FileExplanations) -> dict[str, object]:
    flagged = {} if found.flagged is None else {"flagged": found.flagged}
    facts = {"rows": found.rows, "agents": found.agents, "decided_by": str(found.rule)}
    return facts | flagged


def _shown(explanation: Explanation) -> list[RenderableType]:
    """Return one explanation for a terminal: what it is, its odds over the rows, its steps."""
    first, *rest = in_sentences(explanation)
    table = Table(box=None, pad_edge=False)
    for name in ("step", "moved it by", "without it"):
        table.add_column(name, justify="right" if name == "moved it by" else "left")
    for step in explanation.steps:
        table.add_row(
            Text(row_in_words(step, explanation.by)),
            bits_in_words(step.bits, step.ruled_out),
            Text(verdict_in_words(step.without)),
        )
    odds = f"odds of {explanation.decided} against {explanation.rival}, over the rows: "
    parts: list[RenderableType] = [Text(first, "bold"), odds + sparkline(explanation)]
    if explanation.steps:
        parts.append(table)
    # The table has said what each step alone does.
    parts += rest[len(explanation.steps) :]
    return [*parts, ""]
