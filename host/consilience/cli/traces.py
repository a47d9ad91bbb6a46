"""`consilience traces`: what agents did, step by step, from the files that others write."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from consilience.cli.output import Output
from consilience.errors import BadInput
from consilience.traces.detection import AUTO, TraceFile, read_trace
from consilience.traces.steps import Reading

__all__ = ["traces"]

_SHOWN = 40
_TOOLS_SHOWN = 6


def traces(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Traces of agents (OTLP, Jaeger, Langfuse, Inspect, messages, ...), scores of "
            "steps, or metrics; docs/traces.md names the formats. A folder: all files in it; "
            "- is standard input.",
            show_default=False,
        ),
    ],
    format_: Annotated[
        str,
        typer.Option("--format", metavar="NAME", help="The files' format; auto finds it."),
    ] = AUTO,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print sequences of calls as one JSON object.")
    ] = False,
) -> None:
    """Read files of agents' traces: for each run its tool calls in order.

    A file without tool calls has empty sequences, and a warning says why. Of several files, or of
    a folder, the JSON is {"files": [...]}; what is no trace there is left out, with a warning.
    """
    output = Output(as_json=as_json)
    if len(files) == 1 and not files[0].is_dir():
        read = _read(output, files[0], format_)
        output.result(read.as_json(files[0].name), *_view(read))
        return
    found: list[dict[str, Any]] = []
    views: list[Table | Text] = []
    for path in files:
        for file in _within(path):
            try:
                read = _read(output, file, format_)
            except BadInput as refusal:
                if file == path:
                    raise
                output.note(_plain(f"warning: left out: {refusal}"))
                continue
            name = str(file.relative_to(path)) if file != path else file.name
            found.append(read.as_json(name))
            views += [Text(_plain(name), style="bold"), *_view(read)]
    if not found:
        raise BadInput(f"{files[0]}: has no file of a known format; docs/traces.md names them")
    output.result({"files": found}, *views)


def _read(output: Output, file: Path, format_: str) -> TraceFile:
    read = read_trace(file, format_)
    output.note(_plain(f"taken for {read.format.title} ({read.format.name}): {read.why}"))
    for warning in read.reading.warnings:
        output.note(_plain(f"warning: {warning}"))
    return read


def _within(path: Path) -> list[Path]:
    """Return the files in a folder and below, by name; hidden ones do not count."""
    if not path.is_dir():
        return [path]
    below = [file for file in sorted(path.rglob("*")) if file.is_file()]
    return [file for file in below if not any(p[0] == "." for p in file.relative_to(path).parts)]


def _plain(words: str) -> str:
    """Return what a file says in characters that do nothing but stand there."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in words)


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
        table.add_row(*(Text(_plain(word)) for word in words))
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
        table.add_row(*(Text(_plain(word)) for word in [str(named), str(len(steps)), *ends]))
    return table
