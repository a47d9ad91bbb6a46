"""The report: one HTML file that needs nothing else."""

from collections.abc import Sequence
from pathlib import Path

from consilience_tools.benchmark import plots
from consilience_tools.benchmark.routed import RoutedFigures
from consilience_tools.benchmark.run import Results
from consilience_tools.benchmark.spread_table import spread_table
from consilience_tools.benchmark.tables import measured_tables, routed_table, summary_rows
from consilience_tools.pages.svg import embedded
from consilience_tools.pages.templates import rendered

__all__ = ["report_page"]


def report_page(results: Results, routed: Sequence[RoutedFigures]) -> str:
    """Return the page; without routed configurations it says how to make them."""
    figures = [
        (
            "Bars of each data set: times faster than SciPy, by way",
            plots.speed_ratios(results.data_sets),
        ),
        ("Nanoseconds per element against n", plots.time_against_n(results.sizes)),
        ("Largest error against n", plots.error_against_n(results.errors)),
    ]
    if routed:
        figures.append(
            ("Clock and cells per lane against lanes, by part", plots.clock_and_area(routed))
        )
    tables = measured_tables(results) + ([routed_table(routed)] if routed else [])
    return rendered(
        Path(__file__).with_name("report.html.j2"),
        summary=summary_rows(results),
        figures=[(text, embedded(figure)) for text, figure in figures],
        tables=tables,
        spread=spread_table(results),
        machine=results.machine,
        load_before=results.load_before,
        load_after=results.load_after,
        quick=results.quick,
        routed=bool(routed),
    )
