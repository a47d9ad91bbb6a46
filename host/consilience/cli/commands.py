"""Where the program's commands are, and what help says of those that are not imported."""

import ast
import importlib.metadata
import importlib.util
from collections.abc import Callable
from importlib.abc import InspectLoader
from importlib.metadata import EntryPoint
from typing import Any, cast

import typer

__all__ = ["COMMANDS", "TOOLS", "imported", "opening_lines"]

_OWN = (
    "check",
    "fit",
    "score",
    "calibrate",
    "coverage",
    "fuse",
    "explain",
    "monitor",
    "traces",
    "status",
    "serve",
    "keys",
    "doctor",
    "validate",
    "node",
    "send",
    "read-node",
    "watch",
    "replica",
    "service",
    "audit",
)

TOOLS = "consilience.commands"
"""The group of the tool chain's commands (`consilience_tools.cli`), which import this library."""


def _place(name: str) -> EntryPoint:
    function = name.replace("-", "_")
    return EntryPoint(name, f"consilience.cli.{function}:{function}", "")


COMMANDS: dict[str, EntryPoint] = {
    **{name: _place(name) for name in _OWN},
    "list": EntryPoint("list", "consilience.cli.list_ports:list_ports", ""),
    **{place.name: place for place in importlib.metadata.entry_points(group=TOOLS)},
}
"""Name of a command: the place of its function, or of its own commands. In the order of help."""


def imported(name: str) -> Callable[..., Any] | typer.Typer:
    """Return the function of a command, or its own commands, and import what it needs."""
    return cast(Callable[..., Any] | typer.Typer, COMMANDS[name].load())


def opening_lines(name: str) -> str:
    """Return what help says of a command, read from its source: nothing is imported for it."""
    place = COMMANDS[name]
    found = importlib.util.find_spec(place.module)
    loader = found.loader if found else None
    source = loader.get_source(place.module) if isinstance(loader, InspectLoader) else None
    for node in ast.parse(source or "").body:
        if isinstance(node, ast.FunctionDef) and node.name == place.attr:
            return ast.get_docstring(node) or ""
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == place.attr:
            given = {one.arg: one.value for one in ast.walk(node) if isinstance(one, ast.keyword)}
            return str(ast.literal_eval(given["help"])) if "help" in given else ""
    return ""
