"""`consilience check`: traces of today against traces of good runs, in one command."""

import contextlib
import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.monitor import ALARMED
from consilience.cli.output import Output
from consilience.cli.trace_options import (
    AGENT_FROM_DEFAULT,
    AUTO,
    AgentFromOption,
    FormatOption,
    TracesArgument,
)
from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile, naming
from consilience.models.check_page import check_page
from consilience.models.checking import ALARM, CheckOptions, CheckResult, check_runs
from consilience.models.checking_metrics import check_streams
from consilience.models.kinds import KINDS
from consilience.models.model_file import FittedModel, read_model
from consilience.models.runs import read_runs
from consilience.monitor.alarm_words import SAYS
from consilience_hw.spec.monitor_format import Source

__all__ = ["check"]

_DEFAULTS = CheckOptions()
_SHOWN = 50
"""Agents of the table; those that alarm are all in it."""


def check(
    traces: TracesArgument,
    baseline: Annotated[
        list[Path],
        typer.Option(
            metavar="GOOD_TRACES",
            help="Runs of the same agents that are known to be good: 200 of each are well, 70 "
            "the least; or metrics of a good time. May be given several times.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH",
            help="The kind of model to fit on a part of the baseline, or a file of `consilience "
            "fit`, which leaves the whole baseline as history.",
            show_default="chain for tool calls, scores for scores",
        ),
    ] = None,
    false_alarm: Annotated[
        str | None,
        typer.Option(
            metavar="P",
            help="Probability that the check alarms at all though every agent behaves.",
            show_default=_DEFAULTS.false_alarm,
        ),
    ] = None,
    arl: Annotated[
        str | None,
        typer.Option(
            metavar="RUNS", help="In its place: runs of an agent to a false alarm, on average."
        ),
    ] = None,
    together: Annotated[
        bool, typer.Option("--together", help="All agents are alike: one history for all.")
    ] = False,
    format_: FormatOption = AUTO,
    agent_from: AgentFromOption = AGENT_FROM_DEFAULT,
    report: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write all of it as a page (HTML).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing --report.")] = False,
    fail_on_alarm: Annotated[
        bool, typer.Option("--fail-on-alarm", help=f"Exit with {ALARMED} if an agent alarms.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=(1 << 64) - 1,
            help="Breaks ties between equal scores; secret from whom it judges.",
            show_default="drawn",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Do agents behave today as in runs that are known to be good? A verdict for each, and why.

    A part of the baseline fits a model of what good runs look like, the rest is each agent's
    history. Runs of today are ranked in it by how much they surprise; ranks become a statistic that
    reaches the threshold no more often than promised, whatever the agents' tasks are, as long as
    they stay the same.

    Example: consilience check today.jsonl --baseline good.jsonl --report check.html
    """
    output = Output(as_json=as_json)
    if false_alarm is not None and arl is not None:
        raise BadInput("--false-alarm and --arl are two promises; give one of them")
    with contextlib.ExitStack() as stack:
        page = None
        if report is not None:
            page = stack.enter_context(AtomicFile(report, overwrite=force))
        with output.working("reading traces"):
            today = read_runs(traces, format_, agent_from)
            good = read_runs(baseline, format_, agent_from)
        chosen: FittedModel | str | None = model
        if model is not None and model not in KINDS:
            chosen = _model_of(Path(model))
        number = secrets.randbits(64) if seed is None else seed
        promised = false_alarm or _DEFAULTS.false_alarm
        options = CheckOptions(promised, arl, together, number)
        metrics = today.kind == good.kind == "metrics"
        result = (check_streams if metrics else check_runs)(today, good, options, chosen)
        for warning in result.warnings:
            output.note(f"warning: {warning}")
        value = result.as_json()
        if page is not None:
            with naming(page.path):
                page.file.write(check_page(result).encode())
            page.commit()
            value["report"] = str(report)
        output.result(value, *_view(result, report))
    return ALARMED if fail_on_alarm and result.alarms else 0


def _model_of(path: Path) -> FittedModel:
    if not path.exists() and not path.suffix:
        raise BadInput(f"--model {path}: neither a file nor a kind of model ({', '.join(KINDS)})")
    return read_model(path)


def _view(result: CheckResult, report: Path | None) -> list[Table | Text]:
    table = Table("agent", "verdict", Column("runs", justify="right"), "why",
                  box=None, pad_edge=False)  # fmt: skip
    shown = max(_SHOWN, len(result.alarms))  # alarms stand first
    for one in result.verdicts[:shown]:
        style = "bold red" if one.verdict == ALARM else ""
        table.add_row(
            Text(one.agent), Text(one.verdict, style), f"{len(one.judged):,}", Text(one.why)
        )
    view: list[Table | Text] = [table]
    if len(result.verdicts) > shown:
        view.append(Text(f"and {len(result.verdicts) - shown:,} more; --json has all"))
    for one in result.alarms:
        view.append(Text(f"\nwhy {one.agent}:"))
        for reason in one.reasons:
            steps = "; ".join(step.words() for step in reason.steps)
            rank = f"rank {reason.rank:,} of {reason.of:,}"
            what = "run " if steps else ""
            view.append(Text(f"  {what}{reason.run} ({rank}){': ' if steps else ''}{steps}"))
    if result.alarms:
        view.append(Text(f"\nAn alarm says that {SAYS[Source.CONFORMAL]}."))
    view.append(Text(f"{result.promise[:1].upper()}{result.promise[1:]}."))
    view.append(Text(f"The same files and --seed {result.seed} give the same verdicts."))
    if report is not None:
        view.append(Text(f"report {report}"))
    return view
