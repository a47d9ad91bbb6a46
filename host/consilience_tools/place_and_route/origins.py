"""Of which code a configuration's figures are."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

from consilience_tools.pages.stamp import ROOT, Origin
from consilience_tools.place_and_route.configurations import Configuration

__all__ = ["is_older", "origin"]

_HW = Path("hw")
_STEPS = ("routing", "synthesis", "targets")
_STEPS_ECP5 = ("carry_ends", "output_registers")
"""What makes a routed design of the gateware, on all parts, and on ECP5."""


def origin(one: Configuration) -> Origin:
    """Return how the figures of a configuration are made, and of what they speak.

    That is its bench with all that it imports: a bench imports the gateware that it holds, and no
    other.
    """
    steps = (*_STEPS, *_STEPS_ECP5) if one.target.ecp5 else _STEPS
    found = {f"host/consilience_tools/place_and_route/{step}.py" for step in steps}
    for held in (one.bench_class, type(one.target.platform)):
        found |= _imported(held.__module__)
    return Origin(f"make timing CONFIG={one.name}", tuple(sorted(found)))


def is_older(one: Configuration, figures: dict[str, Any]) -> bool:
    """Return whether committed figures are of other code, of another part, or of other seeds."""
    seeds = [str(seed) for seed in one.seeds]
    same = (figures["part"], sorted(figures["fmax_mhz"])) == (one.target.part, seeds)
    return not same or figures["code"] != origin(one).digest()


@cache
def _imported(module: str) -> frozenset[str]:
    """Return the files of a module of the gateware and of all that it imports, from the root."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path is None or path.as_posix() in found:
            continue
        found.add(path.as_posix())
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
                source = f"{base}.{node.module}" if node.module else base
                waiting += [source, *(f"{source}.{alias.name}" for alias in node.names)]
    return frozenset(found)


def _file(module: str) -> Path | None:
    """Return the file of a module, from the root; None if there is none, as of a class."""
    path = _HW / module.replace(".", "/")
    choices = (path.with_suffix(".py"), path / "__init__.py")
    return next((choice for choice in choices if (ROOT / choice).is_file()), None)
