"""`consilience score`: traces through a model, to what `consilience monitor` and `fuse` read."""

from pathlib import Path
from typing import Annotated

import typer

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output as Voice
from consilience.cli.output import key_values
from consilience.cli.trace_options import (
    AGENT_FROM_DEFAULT,
    AUTO,
    AgentFromOption,
    FormatOption,
    TracesArgument,
)
from consilience.errors import BadInput
from consilience.evidence.writing import ResultFile
from consilience.models.model_file import read_model
from consilience.models.runs import read_runs
from consilience.models.scoring import Output, tables_of

__all__ = ["score"]


def score(
    traces: TracesArgument,
    model: Annotated[
        Path,
        typer.Option(metavar="PATH", help="A file of `consilience fit`.", show_default=False),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="PATH", help="Result, .csv, .parquet or .npz.", show_default=False),
    ],
    write: Annotated[
        Output,
        typer.Option(
            "--write",
            help="scores: of each run; steps: after each step; evidence: log-likelihoods of each "
            "step; runs: of each run.",
        ),
    ] = Output.SCORES,
    by_run: Annotated[
        bool, typer.Option("--by-run", help="Evidence: judge each run by itself, as AGENT/RUN.")
    ] = False,
    format_: FormatOption = AUTO,
    agent_from: AgentFromOption = AGENT_FROM_DEFAULT,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Score runs with a model, in the order of their starts.

    A score never falls within a run; high is suspect. Evidence has the model's weight in a column.

    Example: consilience score today.jsonl --model model.json --out scores.csv
    """
    output = Voice(as_json=as_json)
    if by_run and write not in (Output.EVIDENCE, Output.RUNS):
        raise BadInput("--by-run is of --write evidence and runs; scores are of runs anyway")
    fitted = read_model(model)
    with ResultFile(out, overwrite=force) as file:
        with output.working("reading traces"):
            runs = read_runs(traces, format_, agent_from)
        for warning in runs.warnings:
            output.note(f"warning: {warning}")
        if runs.kind not in fitted.model.reads:
            raise BadInput(
                f"{runs.files[0]}: holds {runs.kind.replace('_', ' ')}, and {model} is a model of "
                f"{fitted.model.reads[0].replace('_', ' ')}; give such traces"
            )
        if formats := runs.formats - {*fitted.training.formats}:
            output.note(
                f"warning: the model was fitted on files of {', '.join(fitted.training.formats)}, "
                f"and these are of {', '.join(sorted(formats))}; export both alike"
            )
        rows = 0
        for table in tables_of(fitted, runs.runs, write, by_run):
            file.write(table)
            rows += table.num_rows
        file.commit()
    facts: dict[str, object] = {"runs": len(runs.runs), "agents": len(runs.agents), "rows": rows}
    if write in (Output.EVIDENCE, Output.RUNS):
        named = zip(fitted.labels, fitted.prior, strict=True)
        facts["prior"] = ",".join(f"{name}={share:.6g}" for name, share in named)
    facts["out"] = str(out)
    output.result(facts, key_values(facts))
