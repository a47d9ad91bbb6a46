"""Tool calls as the symbols of an alphabet; a tool that is not in it is UNSEEN."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from consilience.models.chain import END, UNSEEN
from consilience.models.run import Run

__all__ = ["ToolSymbols"]


@dataclass(frozen=True)
class ToolSymbols:
    """The tools that were seen, numbered by name.

    Parameters
    ----------
    tools : tuple of str
        Sorted.
    errors : bool
        A call that is known to have failed is a symbol of its own.
    """

    tools: tuple[str, ...]
    errors: bool

    @classmethod
    def of(cls, runs: Iterable[Run], errors: bool) -> Self:
        """Return the symbols of all tools that were called in some runs."""
        return cls(tuple(sorted({step.name for run in runs for step in run.steps})), errors)

    @property
    def alphabet(self) -> frozenset[int]:
        """Every symbol, UNSEEN and the end of a run too."""
        return frozenset({END, UNSEEN, *range(len(self.tools) * (2 if self.errors else 1))})

    def symbols(self, run: Run) -> tuple[int, ...]:
        """Return the symbols of a run, END the last."""
        known = {name: place for place, name in enumerate(self.tools)}
        count = len(self.tools)
        found = [
            known[step.name] + (count if self.errors and step.error is True else 0)
            if step.name in known
            else UNSEEN
            for step in run.steps
        ]
        return (*found, END)

    def as_json(self) -> dict[str, Any]:
        """Return the tools as JSON."""
        return {"tools": list(self.tools), "errors": self.errors}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the symbols of `as_json`; ValueError if they are none."""
        tools = tuple(value["tools"])
        if not all(isinstance(name, str) for name in tools) or sorted(set(tools)) != list(tools):
            raise ValueError("tools are no sorted names")
        return cls(tools, bool(value["errors"]))
