"""The options that say what the columns of a file of scores are called."""

from typing import Annotated

import typer

__all__ = ["RunColumnOption", "ScoreColumnOption", "WholeRunsOption"]

ScoreColumnOption = Annotated[
    str | None,
    typer.Option("--score-column", metavar="NAME", help="Column of scores.", show_default="score"),
]

RunColumnOption = Annotated[
    str | None,
    typer.Option(
        "--run-column",
        metavar="NAME",
        help="Column of the runs' names; '' if lines have none.",
        show_default="run, run_id, session_id, trace_id, ...: the first that is there",
    ),
]

WholeRunsOption = Annotated[
    bool,
    typer.Option(
        "--whole-runs",
        help="Each line with a score is a whole run, whatever its event says (run_end, ...); "
        "lines without one are passed over.",
    ),
]
