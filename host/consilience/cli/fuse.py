"""`consilience fuse`: an evidence file to a file of posteriors."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from consilience.cli.device_option import (
    MOST_ROWS,
    DeviceOption,
    JsonOption,
    WavesOption,
    opened,
    with_waves,
)
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
from consilience.cli.reporter_table import contradicting_view
from consilience.errors import BadInput
from consilience.evidence.fusing import FuseOptions, FuseSummary, Fusion
from consilience.reporters.reporter_fusion import ReporterFusion, ReporterOptions, refuse_device
from consilience.verdicts.decisions import LEVEL, MOST_PROBABLE, UNDECIDED

__all__ = ["fuse"]

_DEFAULTS = FuseOptions()
_REPORTERS = "Reporters of whom some lie"


def fuse(
    evidence: Annotated[
        Path,
        typer.Argument(
            metavar="EVIDENCE",
            help="Evidence, .parquet, .csv or .npz: one row per observation, with the agent id "
            "and one log-likelihood per hypothesis (-inf = impossible).",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="PATH",
            help="Result, .parquet, .csv or .npz: one row per agent, with the posterior "
            "(probability, and code in log2 Q16.16), decision, rows and status.",
            show_default=False,
        ),
    ],
    prior: PriorOption = None,
    cost: CostOption = None,
    benign: BenignOption = None,
    decide: DecideOption = None,
    tie: TieOption = _DEFAULTS.tie,
    moved_rows: Annotated[
        int,
        typer.Option(
            "--moved-by",
            min=0,
            max=100,
            metavar="N",
            help="Name the N rows that moved each agent that is not benign most, in a column "
            "moved_by, with the verdict without each. See `consilience explain`.",
            show_default="no such column",
            rich_help_panel="How it is decided",
        ),
    ] = 0,
    faulty: Annotated[
        int | None,
        typer.Option(
            "--faulty",
            min=0,
            max=MOST_ROWS,
            metavar="F",
            help="Each agent has reporters, and F of them may lie: robust fusion, in place of a "
            "posterior. Decisions hold whoever lies; each agent needs more than 3 F reporters.",
            show_default="all are believed",
            rich_help_panel=_REPORTERS,
        ),
    ] = None,
    reporter_column: Annotated[
        str | None,
        typer.Option(
            "--reporter-column",
            metavar="NAME",
            help="With --faulty: the column of who says a row (integers or text).",
            show_default="reporter",
            rich_help_panel=_REPORTERS,
        ),
    ] = None,
    clip: Annotated[
        str | None,
        typer.Option(
            "--clip",
            metavar="BITS",
            help="With --faulty: what one reporter can say of an agent at most.",
            show_default="1",
            rich_help_panel=_REPORTERS,
        ),
    ] = None,
    unit: UnitOption = _DEFAULTS.unit,
    agent_column: AgentColumnOption = _DEFAULTS.agent_column,
    agent_type: AgentTypeOption = _DEFAULTS.agent_type,
    hypotheses: HypothesesOption = None,
    weight_column: WeightColumnOption = None,
    chunk_rows: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_ROWS,
            metavar="N",
            help="Rows read, and sent to the device, at a time.",
        ),
    ] = _DEFAULTS.chunk_rows,
    bucket_rows: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_ROWS,
            metavar="N",
            help="Rows held in memory while grouping by agent; more go to temporary files.",
        ),
    ] = _DEFAULTS.bucket_rows,
    spill_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of those temporary files.",
            show_default="the folder of --out",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    strict: StrictOption = False,
    device: DeviceOption = "cpu",
    waves: WavesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fuse log-likelihood evidence into one posterior per agent.

    Rows of an agent may lie anywhere in the file, which may be larger than memory. Every device
    gives the same bits. Nothing is written under the final name until all of it is.
    """
    output = Output(as_json=as_json)
    url = with_waves(device, waves)
    if faulty is None and (reporter_column or clip):
        raise BadInput("--reporter-column and --clip are for --faulty F; give it, 0 if none lies")
    if faulty is not None:
        refuse_device(url)
    asked: dict[str, Any] = {
        "faulty": faulty,
        "reporter_column": reporter_column or "reporter",
        "clip": clip or "1",
    }
    make = FuseOptions if faulty is None else partial(ReporterOptions, **asked)
    options = make(
        prior=prior,
        unit=unit,
        agent_column=agent_column,
        agent_type=agent_type,
        hypotheses=names_of(hypotheses),
        weight_column=weight_column,
        chunk_rows=chunk_rows,
        bucket_rows=bucket_rows,
        spill_directory=spill_dir,
        overwrite=force,
        strict=strict,
        costs=cost,
        benign=benign,
        tie=tie,
        decide=decide,
        moved_by=moved_rows,
    )
    run = (
        ReporterFusion(evidence, out, options)
        if isinstance(options, ReporterOptions)
        else Fusion(evidence, out, options)
    )
    with (
        run as fusion,
        opened(url, output) as opened_device,
        output.progress() as progress,
    ):
        summary = fusion.run(opened_device, progress)
    tell_doubts(output, summary.warnings, summary.saturated_values)
    if summary.unused:
        output.note(
            f"note: taken for no hypotheses: {', '.join(summary.unused)} (name them with "
            "--hypotheses if they are)"
        )
    if summary.ties:
        output.note(
            f"note: agents between equals, exactly: {summary.ties:,}, decided {tie!r} (--tie)"
        )
    undecided = summary.decisions.get(UNDECIDED, 0)
    if undecided and cost is None and faulty is None and decide != MOST_PROBABLE:
        output.note(
            f"note: {undecided:,} agents are undecided: no hypothesis has probability "
            f"{decide or LEVEL} or more. --cost decides by what errors cost, --decide "
            f"{MOST_PROBABLE} takes the largest however near the next one is"
        )
    views: list[RenderableType] = [_decisions(summary), "", _figures(summary)]
    if summary.reporters:
        views += ["", *contradicting_view(summary.reporters["contradicting"])]
    output.result(asdict(summary), *views)


def _decisions(summary: FuseSummary) -> Table:
    table = Table(title_justify="left", box=None, pad_edge=False)
    table.add_column("decision", style="cyan")
    table.add_column("prior", justify="right")
    table.add_column("agents", justify="right")
    priors = dict(zip(summary.hypotheses, summary.prior, strict=True))
    for name, count in summary.decisions.items():
        if name in priors or count:
            prior = f"{priors[name]:.4g}" if name in priors else ""
            table.add_row(Text(name), prior, f"{count:,}")
    return table


def _figures(summary: FuseSummary) -> Table:
    rows: dict[str, object] = {
        "rows": summary.rows,
        "agents": summary.agents,
        "decided by": summary.decided_by,
        **_reporter_figures(summary),
        "saturated values": summary.saturated_values,
        "clamped agents": summary.clamped_agents,
        "device": summary.device,
        "time": f"{summary.seconds:.2f} s ({summary.rows / summary.seconds:,.0f} rows/s)",
        "written": summary.out,
    }
    return key_values(rows)


def _reporter_figures(summary: FuseSummary) -> dict[str, object]:
    found = summary.reporters
    if found is None:
        return {}
    rows: dict[str, object] = {
        "reporters": found["reporters"],
        "may lie, of each agent": f"{found['faulty']} of them, each saying at most "
        f"{found['clip_bits']:g} bits",
    }
    if leanings := found["undecided_lean"]:
        rows["undecided, by their trimmed means"] = ", ".join(
            f"{name} {count:,}" for name, count in leanings.items()
        )
    if found["reporters_needed_median"]:
        rows["reporters that would decide half of these"] = found["reporters_needed_median"]
    return rows
