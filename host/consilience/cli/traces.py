"""`consilience traces`: what agents did, step by step, from the files that others write."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from consilience.cli.output import Output
from consilience.traces.detection import AUTO, TraceFile, read_trace
from consilience.traces.steps import Reading

__all__ = ["traces"]

_SHOWN = 40
_TOOLS_SHOWN = 6


def traces(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Traces of agents (OTLP, Jaeger, Langfuse, Inspect, messages, ...), scores of "
            "steps, or metrics; docs/traces.md names the formats.",
            show_default=False,
        ),
    ],
    format_: Annotated[
        str,
        typer.Option("--format", metavar="NAME", help="The file's format; auto finds it."),
    ] = AUTO,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print sequences of calls as one JSON object.")
    ] = False,
) -> None:
    """Read a file of agents' traces: for each run its tool calls in order.

    A file without tool calls has empty sequences, and a warning says why.
    """
    output = Output(as_json=as_json)
    read = read_trace(file, format_)
    output.note(f"taken for {read.format.title} ({read.format.name}): {read.why}")
    for warning in read.reading.warnings:
        output.note(f"warning: {warning}")
    output.result(read.as_json(file.name), *_view(read))


def _view(read: TraceFile) -> list[Table | Text]:
    table = _series(read.reading) if read.reading.kind == "metrics" else _runs(read.reading)
    left = len(read.reading.sequences) - _SHOWN
    return [table, Text(f"and {left:,} more; --json has all")] if left > 0 else [table]


def _runs(reading: Reading) -> Table:
    scored = reading.kind == "scores"
    table = Table(box=None, pad_edge=False)
    table.add_column("run", style="cyan", overflow="fold")
    table.add_column("agent", overflow="fold")
    for name in ("steps",) if scored else ("calls", "errors", "open"):
        table.add_column(name, justify="right")
    table.add_column("scores" if scored else "tools", overflow="fold")
    for sequence in reading.sequences[:_SHOWN]:
        steps = sequence.steps
        counts = [len(steps)]
        if not scored:
            counts += [sum(step.error is True for step in steps),
                       sum(not step.has_result for step in steps)]  # fmt: skip
        shown = [str(step.score if scored else step.name) for step in steps[:_TOOLS_SHOWN]]
        if len(steps) > _TOOLS_SHOWN:
            shown.append("...")
        agent = sequence.as_calls()["agent"]
        words = [sequence.conversation or "-", agent or "-", *map(str, counts), ", ".join(shown)]
        table.add_row(*map(Text, words))
    return table


def _series(reading: Reading) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("series", style="cyan", overflow="fold")
    for name in ("points", "first", "last"):
        table.add_column(name, justify="right")
    for sequence in reading.sequences[:_SHOWN]:
        steps = sequence.steps
        named = sequence.extra.get("series") or (steps[0].name if steps else "-")
        ends = [str(step.score) for step in (steps[0], steps[-1])] if steps else ["-", "-"]
        table.add_row(*map(Text, [str(named), str(len(steps)), *ends]))
    return table
