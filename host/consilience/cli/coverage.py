"""`consilience coverage`: how many must take part before a verdict can be had."""

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output
from consilience.coverage.asking import CoverageOptions, asked_of
from consilience.coverage.page import coverage_page, coverage_svg, roll_out
from consilience.coverage.stages import Coverage, coverage_of
from consilience.coverage.words import certified_words, headline, share_words
from consilience.evidence.atomic_file import AtomicFile, naming

__all__ = ["coverage"]

_PROMISE = "The verdict that is wanted (one of these)"


def coverage(
    reporters: Annotated[
        int, typer.Option(metavar="N", help="Reporters that are enrolled.", show_default=False)
    ],
    evidence: Annotated[
        Path | None,
        typer.Argument(
            metavar="[EVIDENCE]",
            help="Recorded runs whose truth is known: a calibration set (JSON), or CSV with the "
            "columns truth and ratio (log2 of first : second, bits).",
            show_default=False,
        ),
    ] = None,
    quality: Annotated[
        str | None,
        typer.Option(
            metavar="R",
            help="In place of EVIDENCE: mean of an honest report towards the truth, in clips, as "
            "0.64.",
        ),
    ] = None,
    liars: Annotated[
        str, typer.Option(metavar="F|P%", help="Reporters that may lie: a number, or a share.")
    ] = "10%",
    clip: Annotated[
        str | None,
        typer.Option(
            metavar="BITS",
            help="Most that one report counts.",
            show_default="1, of a monitor 8",
        ),
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(
            metavar="BITS",
            help="One decision: the sum is above, or below, so many bits.",
            show_default="0",
            rich_help_panel=_PROMISE,
        ),
    ] = None,
    arl: Annotated[
        str | None,
        typer.Option(
            metavar="RUNS",
            help="An alarm of the monitor: runs to a false alarm, on average.",
            rich_help_panel=_PROMISE,
        ),
    ] = None,
    false_alarms_per_day: Annotated[
        str | None,
        typer.Option(
            metavar="X",
            help="The same by the fleet: with --agents and --runs-per-day.",
            rich_help_panel=_PROMISE,
        ),
    ] = None,
    agents: Annotated[
        int | None, typer.Option(metavar="N", help="Agents of the fleet.", rich_help_panel=_PROMISE)
    ] = None,
    runs_per_day: Annotated[
        str | None,
        typer.Option(metavar="N", help="Runs of one agent a day.", rich_help_panel=_PROMISE),
    ] = None,
    within: Annotated[
        int, typer.Option(min=1, metavar="RUNS", help="Bad runs within which it is to alarm.")
    ] = 10,
    sure: Annotated[
        str, typer.Option(metavar="P", help="Probability with which the verdict is wanted.")
    ] = "99/100",
    report: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Write a page (.html) or the picture alone (.svg)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing --report.")] = False,
    as_json: JsonOption = False,
) -> None:
    """How many reporters must take part before a verdict can be had, and what each tenth buys.

    Liars are taken to be among the first that join, and to say the least that can be said. A number
    of reporters is told for the evidence's quality alone, which holds for any evidence as good, and
    for its whole law where recorded runs are given.

    Example: consilience coverage calibration.json --reporters 100 --liars 10% --report page.html
    """
    output = Output(as_json=as_json)
    options = CoverageOptions(
        reporters=reporters,
        evidence=evidence,
        quality=quality,
        liars=liars,
        clip=clip,
        threshold=threshold,
        arl=arl,
        false_alarms_per_day=false_alarms_per_day,
        agents=agents,
        runs_per_day=runs_per_day,
        within=within,
        sure=sure,
    )
    with contextlib.ExitStack() as stack:
        page = None
        if report is not None:
            page = stack.enter_context(AtomicFile(report, overwrite=force))
        asked = asked_of(options)
        for warning in asked.warnings:
            output.note(f"warning: {warning}")
        with output.working("working out every tenth"):
            found = coverage_of(asked.question, asked.quality, asked.laws)
        value = found.as_json() | {"evidence": asked.evidence, "said": headline(found)}
        value["roll_out"] = roll_out(found)
        if page is not None and report is not None:
            is_picture = report.suffix == ".svg"
            text = coverage_svg(found) if is_picture else coverage_page(found, asked.evidence)
            with naming(page.path):
                page.file.write(text.encode())
            page.commit()
            value["report"] = str(report)
        output.result(value, *_view(found), *([Text(f"report {report}")] if report else []))


def _view(found: Coverage) -> list[Table | Text]:
    names = list(found.stages[0].chances)
    table = Table(
        Column("take part", justify="right"),
        Column("margin, bits", justify="right"),
        *(Column(f"if {name}", justify="right") for name in names),
        *([Column("runs to it", justify="right")] if found.is_monitor and names else []),
        *([Column("each added", justify="right")] if names else []),
        "what is certified",
        box=None,
        pad_edge=False,
    )
    for place, one in enumerate(found.stages):
        share = share_words(one.taking_part, found.question.enrolled)
        chances = [one.chances[name] for name in names]
        means = [f"{each.mean:.1f}" if each.mean is not None else "-" for each in chances]
        table.add_row(
            f"{one.taking_part:,} ({share})",
            f"{one.margin_bits:+,.1f}",
            *(f"{each.predicted:.3f}" for each in chances),
            *(means if found.is_monitor else []),
            *([f"{found.gains[place]:.4f}"] if names else []),
            Text(certified_words(found, one)),
        )
    facts = (
        f"evidence quality r = {_shown(found.quality)}; liars are borne below "
        f"r / (1 + r) = {_shown(found.breakdown)}, certified below r / (2 + r) = "
        f"{_shown(found.certified)}"
    )
    return [table, Text(""), *(Text(line) for line in headline(found)), Text(facts)]


def _shown(share: Fraction) -> str:
    return f"{float(share):.3f}"
