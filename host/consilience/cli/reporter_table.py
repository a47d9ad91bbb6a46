"""The reporters who contradict the rest, for a terminal: of `fuse` and of `monitor`."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["contradicting_view"]

_SHOWN = 12
_NAMES = {"mean_bits": "mean (bits)"}


def contradicting_view(named: Sequence[Mapping[str, Any]]) -> list[RenderableType]:
    """Return the reporters who contradict the rest, the worst first; each has the same keys."""
    if not named:
        return ["no reporter contradicts the others more often than by chance"]
    table = Table(box=None, pad_edge=False)
    table.add_column("contradicts the others", style="cyan")
    counts = [name for name in named[0] if name != "reporter"]
    for name in counts:
        table.add_column(_NAMES.get(name, name), justify="right")
    for one in named[:_SHOWN]:
        values = [one[name] for name in counts]
        shown = (f"{one:+.3f}" if isinstance(one, float) else f"{one:,}" for one in values)
        table.add_row(Text(str(one["reporter"])), *shown)
    more = len(named) - _SHOWN
    return [table, *([f"and {more:,} more (--json)"] if more > 0 else [])]
