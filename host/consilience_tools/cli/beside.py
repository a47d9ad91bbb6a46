"""`consilience benchmark --beside`: its file and what it prints."""

import json
from collections.abc import Iterable
from pathlib import Path

from rich.table import Table
from rich.text import Text

from consilience.cli.output import Output
from consilience.evidence.atomic_file import write_file
from consilience_tools.benchmark.beside import BesideResults, beside_value, run_beside
from consilience_tools.benchmark.plan import BESIDE_FULL, BESIDE_QUICK

__all__ = ["beside_tables", "measure_beside"]


def measure_beside(out: Path, output: Output, *, quick: bool) -> None:
    """Measure; write beside.json and beside.md to an existing folder."""
    with output.progress(stages=True) as progress:
        results = run_beside(BESIDE_QUICK if quick else BESIDE_FULL, progress, quick=quick)
    path = out / "beside.json"
    value = beside_value(results)
    write_file(path, json.dumps(value, allow_nan=False, indent=1) + "\n")
    write_file(out / "beside.md", _markdown(beside_tables(results)))
    output.result(value, *beside_tables(results), Text(f"figures {path}"))


def beside_tables(results: BesideResults) -> list[Table]:
    """Return the pairs, the ways side by side and the starts as tables."""
    pairs = _table("pairs, best of all", "what", "ns", "beside", "ns", "times faster", "clock")
    for one in results.pairs:
        times = (f"{one.ns:.3g}", one.beside, f"{one.ns_beside:.3g}", f"{one.ratio:.2f}")
        pairs.add_row(one.title, *times, one.clock)
    title = f"one log sum of {results.values:,} values; error in 2^-16 bit"
    ways = _table(title, "way", "ns", "error", "runs", "results", "sums")
    for way in results.ways:
        sums = "" if way.sums is None else str(way.sums)
        counts = (str(way.runs), str(way.results), sums)
        ways.add_row(way.name, f"{way.ns:.3g}", f"{way.error_ulp:.2g}", *counts)
    for name in results.not_installed:
        ways.add_row(name, "NOT RUN: not installed", "", "", "", "")
    starts = _table("start-up, median", "command", "processor time, s")
    for name, seconds in results.starts.items():
        starts.add_row(name, f"{seconds:.2f}")
    return [pairs, ways, starts]


def _table(title: str, *columns: str) -> Table:
    return Table(*columns, title=title, title_justify="left", box=None, pad_edge=False)


def _markdown(tables: list[Table]) -> str:
    """Return tables as Markdown, as documentation shows them."""
    lines = []
    for table in tables:
        columns = table.columns
        rows = zip(*(map(str, column.cells) for column in columns), strict=True)
        lines += [str(table.title), "", _row(str(column.header) for column in columns)]
        lines += ["|" + "---|" * len(columns), *map(_row, rows), ""]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
