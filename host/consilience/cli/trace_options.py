"""The options of commands that read traces."""

from pathlib import Path
from typing import Annotated

import typer

from consilience.models.runs import AGENT_FROM
from consilience.traces.detection import AUTO

__all__ = ["AGENT_FROM_DEFAULT", "AUTO", "AgentFromOption", "FormatOption", "TracesArgument"]

AGENT_FROM_DEFAULT = AGENT_FROM[0]

TracesArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="TRACES",
        help="Files or folders: tool calls of agents in any format of docs/traces.md (the "
        "simplest: JSON lines or CSV with agent, run, tool, time), or scores of steps.",
        show_default=False,
    ),
]

FormatOption = Annotated[
    str, typer.Option("--format", metavar="NAME", help="The files' format; auto finds it.")
]

AgentFromOption = Annotated[
    str,
    typer.Option(
        "--agent-from",
        metavar="WHAT",
        help="Whose runs they are: trace (as the file says, else its name), file, folder, one.",
    ),
]
