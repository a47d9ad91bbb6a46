"""Progress on stderr, tables on stdout."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

__all__ = ["print_table", "progress"]


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar while the context lasts; what it gives moves the bar by one."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    done = 0
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(title, total=total)

        def tick() -> None:
            nonlocal done
            done += 1
            bars.advance(task)
            # A log gets a line now and then, so that it shows that things move.
            if not console.is_terminal and (done % 25 == 0 or done == total):
                print(f"{title}: {done} of {total}", file=sys.stderr, flush=True)

        yield tick


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table of text; the last column is of numbers."""
    console = Console(width=None if sys.stdout.isatty() else 160, markup=False)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading == headings[-1] else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)
