"""`consilience fit`: traces and labels to a model's file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output, key_values
from consilience.cli.trace_options import (
    AGENT_FROM_DEFAULT,
    AUTO,
    AgentFromOption,
    FormatOption,
    TracesArgument,
)
from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile
from consilience.models.fitting import fit_model
from consilience.models.kinds import KINDS
from consilience.models.labels import labelled, ordered_labels, read_labels
from consilience.models.model import NORMAL
from consilience.models.runs import read_runs

__all__ = ["fit"]

_FIRST = "chain"


def fit(
    traces: TracesArgument,
    out: Annotated[
        Path, typer.Option(metavar="PATH", help="The model's file, JSON.", show_default=False)
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="What is known of runs: columns run and label, and agent where several share "
            "names of runs.",
            show_default="all runs are known to be good",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="NAME", help=f"Kind of model: {', '.join(KINDS)}.")
    ] = _FIRST,
    good: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL", help="The label of good behaviour.", show_default="benign, good, .."
        ),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Leave out runs without a label.")
    ] = False,
    low_is_suspect: Annotated[
        bool, typer.Option("--low-is-suspect", help="Low scores are the bad ones (scores).")
    ] = False,
    order: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=16,
            metavar="CALLS",
            help="How far a chain looks back.",
            show_default="what has the least log loss",
        ),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Date of the fit in the file.", show_default="today"),
    ] = None,
    format_: FormatOption = AUTO,
    agent_from: AgentFromOption = AGENT_FROM_DEFAULT,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fit a model of what runs look like, under each label or of known-good runs alone.

    Options of the model, its weight and the prior are those with the least log loss on runs that
    are left out of the fit in turn: whole agents where every label has five or more.

    Example: consilience fit traces.jsonl --labels labels.csv --out model.json
    """
    output = Output(as_json=as_json)
    with AtomicFile(out, overwrite=force):  # refused before any work
        pass
    with output.working("reading traces"):
        runs = read_runs(traces, format_, agent_from)
    for warning in runs.warnings:
        output.note(f"warning: {warning}")
    names: tuple[str, ...] = (NORMAL,)
    truth, chosen = None, runs.runs
    if labels is not None:
        known = read_labels(labels)
        chosen, truth = labelled(runs.runs, known, labels, partial=partial)
        names = ordered_labels(truth, good)
    elif good is not None or partial:
        raise BadInput("--good and --partial say something of --labels; give these too")
    options = {"order": order, "low_is_suspect": low_is_suspect or None}
    given = {name: value for name, value in options.items() if value is not None}
    for name, kind in (("order", "chain"), ("low_is_suspect", "scores")):
        if name in given and model != kind:
            raise BadInput(f"--{name.replace('_', '-')} is of models of kind {kind}")
    when = date or datetime.now(UTC).date().isoformat()
    with output.working("fitting"):
        fitted = fit_model(runs, model, truth, names, chosen=chosen, options=given, date=when)
    digest = fitted.write(out, overwrite=force)
    training = fitted.training
    facts: dict[str, object] = {
        "kind": model,
        "runs": training.runs,
        "agents": training.agents,
        "labels": training.labels,
        "options": training.options,
        "log_loss": training.log_loss,
        "weight": fitted.weight,
        "prior": dict(zip(fitted.labels, fitted.prior, strict=True)),
        "sha256": digest,
        "out": str(out),
    }
    if len(names) > 1 and fitted.weight < 1 << 8:
        output.note(
            "warning: this model cannot tell the labels apart: its evidence counts almost nothing; "
            "try another --model"
        )
    output.result(facts, key_values(facts))
