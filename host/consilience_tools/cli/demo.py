"""`consilience demo`: real agent traces through a device, checked against the golden model."""

from dataclasses import asdict, fields
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any

import typer
from rich.table import Table

from consilience.cli.device_option import DeviceOption, JsonOption, WavesOption, opened, with_waves
from consilience.cli.output import Output, made_folder
from consilience_tools.cli.example import agent_traces, tell_checked

__all__ = ["demo"]

_BENIGN_SHOWN = 4
"""Runs before the hijack in the table of the monitor."""
_WIDTH = 100
"""Columns of what is printed."""
_BAR = 24
"""Characters of a statistic at its threshold."""


def demo(
    device: DeviceOption = "sim",
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for report.html; made if it is missing.")
    ] = Path("build/demo"),
    runs: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Agent runs to fuse: all recorded ones, then replicates drawn from them.",
        ),
    ] = 20000,
    waves: WavesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find hijacked LLM agents in recorded runs, and compare every posterior with the golden model.

    Exit code 8 if any differs. Needs a checkout of the repository.
    """
    output = Output(as_json=as_json)
    url = with_waves(device, waves)
    example = agent_traces()
    # The golden model is needed by nothing else here, and takes a while to import.
    from consilience_sim import golden

    with (
        made_folder(out) as folder,
        opened(url, output) as opened_device,
        output.progress() as progress,
    ):
        report = folder / "report.html"
        result = example.run_demo(
            opened_device, golden.posteriors, report, runs=runs, progress=progress
        )
    more = [*_judged(result), *_watched(result), *_checked(result)]
    tell_checked(output, result, _value(result), _figures(result), "posteriors", more)


def _figures(result: Any) -> dict[str, object]:
    rate = result.evidence_rows / result.seconds_device
    return {
        "device": f"{result.device} ({result.board})",
        "agent runs": f"{result.runs:,} ({result.real_runs:,} recorded, the rest replicates)",
        "posteriors compared": result.all_posteriors,
        "evidence rows": result.evidence_rows,
        "cycles": "not counted" if result.cycles is None else result.cycles,
        "time": f"{result.seconds:.1f} s, {result.seconds_device:.1f} s of it in the device "
        f"({rate:,.0f} rows/s)",
    }


def _judged(result: Any) -> list[Table | str]:
    """Return how well hijacked runs of agents that nothing was fitted on are found."""
    known, new = result.judge, result.judge_without_tasks
    table = Table(box=None, pad_edge=False)
    table.add_column("which runs were hijacked? agent families held out")
    for name in ("user task known", "not used"):
        table.add_column(name, justify="right")
    for name, of, form in (
        ("AUC, hijacked against benign", "auc_hijacked_benign", "{:.3f}"),
        ("AUC, hijacked against resisted", "auc_hijacked_resisted", "{:.3f}"),
        ("found at 1 % false alarms", "tpr_at_fpr_1pct", "{:.0%}"),
        ("log loss, nats per run", "log_loss", "{:.3f}"),
        ("calibration error", "ece", "{:.3f}"),
    ):
        table.add_row(name, form.format(getattr(known, of)), form.format(getattr(new, of)))
    return ["", table, ""]


def _watched(result: Any) -> list[Table | str]:
    """Return how the monitor's statistic of one agent rose, and what it said."""
    watched = result.watched
    title = f"does it still behave? {watched.pipeline}, replicated, {watched.n0} runs of history"
    table = Table(box=None, pad_edge=False)
    for name in ("run", "was", "T, bits"):
        table.add_column(name, justify="left" if name == "was" else "right")
    table.add_column(f"alarm at {watched.threshold:g}")
    first = len(watched.runs) - watched.delay
    for number, run in enumerate(watched.runs):
        if number >= first - _BENIGN_SHOWN:
            rising = "#" * round(_BAR * min(1.0, max(0.0, run.statistic / watched.threshold)))
            alarm = " alarm" if watched.alarmed and run is watched.runs[-1] else ""
            what = "hijacked" if run.hijacked else "benign"
            place = str(watched.n0 + number + 1)
            table.add_row(place, what, f"{run.statistic:.1f}", rising + alarm)
    return [title, table, watched.verdict, watched.promise, ""]


def _checked(result: Any) -> list[Table | str]:
    """Return what became of traces in files: verdicts, a reason, and how to do it by hand."""
    checked = result.checked
    found = checked.result
    table = Table(box=None, pad_edge=False)
    for name in ("agent", "verdict", "why"):
        table.add_column(name)
    for one in found.verdicts:
        mark = "later runs hijacked" if one.agent in checked.hijacked else "behaves"
        table.add_row(f"{one.agent} ({mark})", one.verdict, one.why)
    reasons = []
    for alarm in found.alarms:
        first = alarm.reasons[0]
        reasons.append(f"why {alarm.agent}, in run {first.run}:")
        for step in first.steps:
            reasons += wrap(f"  {step.words()}", _WIDTH, subsequent_indent="    ")
    promise = wrap(f"promise: {found.promise}", _WIDTH)
    names = (checked.today.name, checked.good.name, checked.fitted.name, checked.report.name)
    today, good, fitted, page = names
    by_hand = (
        f"the same by hand, beside the report ({page} is its page):",
        f"  consilience fit {fitted} --out model.json",
        f"  consilience check {today} --baseline {good} --model model.json",
    )
    title = f"from traces to verdicts: the calls in {today} against those in {good}"
    return ["", title, table, *reasons, *promise, *by_hand, ""]


def _value(result: Any) -> dict[str, object]:
    """Return the result's plain fields for JSON; the report has the tables and curves."""
    value: dict[str, object] = {field.name: getattr(result, field.name) for field in fields(result)}
    value["judge"], value["judge_without_tasks"] = (
        asdict(result.judge),
        asdict(result.judge_without_tasks),
    )
    value["watched"] = asdict(result.watched) | {"delay": result.watched.delay}
    value["checked"] = {**result.checked.result.as_json(), "hijacked": result.checked.hijacked}
    value["report"] = str(result.report)
    value["goals"] = [
        {
            "suite": goal.suite,
            "hypotheses": list(goal.names),
            "runs": goal.runs,
            "accuracy": goal.accuracy,
        }
        for goal in result.goals
    ]
    return value | {"cycles": result.cycles}
