"""The results as tables on a terminal."""

from collections.abc import Sequence
from typing import Literal

from rich.console import RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from consilience_tools.benchmark.routed import RoutedFigures
from consilience_tools.benchmark.run import Results
from consilience_tools.benchmark.tables import Table, measured_tables, routed_table

__all__ = ["shown_tables"]


def shown_tables(results: Results, routed: Sequence[RoutedFigures]) -> list[RenderableType]:
    """Return all tables but that of spreads, which is the report's, an empty line after each."""
    tables = measured_tables(results) + ([routed_table(routed)] if routed else [])
    return [part for table in tables for part in (_shown(table), "")]


def _shown(table: Table) -> RichTable:
    shown = RichTable(
        title=Text(table.title, "bold"), title_justify="left", box=None, pad_edge=False
    )
    for number, name in enumerate(table.columns):
        side: Literal["left", "right"] = "right" if number >= table.numbers else "left"
        shown.add_column(name, justify=side, overflow="fold")
    for row in table.rows:
        shown.add_row(*map(Text, row))
    return shown
