"""Tables of campaigns as rows of text, for the terminal and for pages.

Rows are the headings, then one after the other; the first column is text, all others are numbers.
"""

import sys

from rich.console import Console
from rich.table import Table

__all__ = ["Rows", "markdown", "print_table"]

Rows = list[tuple[str, ...]]


def markdown(rows: Rows) -> str:
    """Return a table in Markdown."""
    headings, *rest = rows
    rule = ["---"] + ["---:"] * (len(headings) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, rule, *rest))


def print_table(rows: Rows) -> None:
    """Print a table, and an empty line."""
    headings, *rest = rows
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    for row in rest:
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else 140, markup=False, highlight=False)
    console.print(table)
    console.print()
