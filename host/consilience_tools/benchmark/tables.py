"""The results as tables of text, for the page and for a terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from consilience_tools.benchmark.cpu import ASCENDING, CONVERTED, REDUCE, REDUCEAT, SHUFFLED
from consilience_tools.benchmark.run import Results
from consilience_tools.benchmark.timing import Timing, speed_ratio
from consilience_tools.benchmark.workload import JAX, LOGADDEXP, NUMPY, SCIPY
from consilience_tools.place_and_route.routed_figures import RoutedFigures

__all__ = ["measured_tables", "routed_table", "shown_tables", "spread_table", "summary_rows"]


@dataclass(frozen=True)
class Table:
    """A table of text; from column `numbers` on, all columns are numbers."""

    title: str
    columns: tuple[str, ...]
    numbers: int
    rows: Sequence[tuple[str, ...]]


def summary_rows(results: Results) -> dict[str, str]:
    """Return the summary, name to figure with its unit."""
    summary, run = results.summary, results.conditions
    by_size = ", ".join(f"{_short(ns)} at {n:,}" for n, ns in summary.ns_per_element.items())
    rows = {
        "cpu reduce": f"{summary.cpu_vs_scipy:.1f} times scipy.special.logsumexp, worst of the "
        f"data sets ({summary.worst_data_set})",
        "with to_codes": f"{summary.cpu_with_conversion_vs_scipy:.1f} times, worst of the data "
        f"sets ({summary.worst_data_set_with_conversion})",
        "ns per element": f"{by_size} codes; largest by smallest from 10^5 on "
        f"{summary.flatness:.2f}",
        "sim device": f"{summary.sim_seconds_1e6:.2f} s for 10^6 codes through the link",
        "measured in": f"{run.seconds:.0f} s on {run.machine['cores']} cores of "
        f"{run.machine['processor']}",
    }
    if run.quick:
        rows["note"] = "a --quick run, of small sizes: its figures are worth nothing"
    return rows


def measured_tables(results: Results) -> list[Table]:
    """Return one table per part, of medians; cycles and seconds in different ones."""
    parts = (_data_sets, _sizes, _errors, _segments, _posteriors, _cycles, _simulated_seconds)
    return [table(results) for table in parts]


def _data_sets(results: Results) -> Table:
    parts = results.data_sets
    ways = [REDUCE, CONVERTED, SCIPY, NUMPY, LOGADDEXP, JAX]
    ways = [way for way in ways if way in parts[0].timings]
    rows = []
    for one in parts:
        ratios = (f"{one.vs_scipy[way].median:.1f}" for way in (REDUCE, CONVERTED))
        rows.append((one.title, *_ns(one.timings, ways), *ratios))
    title = f"cpu, one core: {parts[0].elements:,} values, ns per value"
    columns = ("data, nats", *ways, "SciPy / reduce", f"SciPy / {CONVERTED}")
    return Table(title, columns, 1, rows)


def _sizes(results: Results) -> Table:
    rows: list[tuple[str, ...]] = []
    for n, timing in results.sizes.reduce.items():
        other = results.sizes.scipy.get(n)
        scipy = ("", "") if other is None else (_short(other.nanoseconds), _times(timing, other))
        rows.append((f"{n:,}", _short(timing.nanoseconds), *_variation(timing), *scipy))
    rows += [(f"{n:,}", f"left out: {why}") for n, why in results.sizes.left_out.items()]
    title = "cpu, one core: the first n codes of N(-20, 8), ns per code"
    columns = ("n", REDUCE, "runs", "CV %", "CV below, 95 %", SCIPY, "SciPy / reduce")
    return Table(title, columns, 1, rows)


def _errors(results: Results) -> Table:
    rows = [
        (f"{one.n:,}", str(one.draws), *(f"{error:.2g}" for error in one.worst.values()))
        for one in results.errors
    ]
    title = "largest error of some multisets of n codes of N(-20, 8), in ulp = 2^-16 bit"
    return Table(title, ("n", "multisets", *results.errors[0].worst), 1, rows)


def _segments(results: Results) -> Table:
    parts = results.segments
    rows = []
    for one in parts:
        scipy = _ns(one.timings, [SCIPY]) if SCIPY in one.timings else ["not run"]
        ratio = _times(one.timings[REDUCE], one.timings[REDUCEAT])
        own = _ns(one.timings, [REDUCE, REDUCEAT])
        rows.append((one.title, f"{one.segments:,}", *own, *scipy, ratio))
    title = f"cpu, one core: {parts[0].codes:,} codes in segments, ns per code"
    columns = ("length", "segments", REDUCE, REDUCEAT, f"{SCIPY}, a loop", "NumPy / reduce")
    return Table(title, columns, 1, rows)


def _posteriors(results: Results) -> Table:
    parts = results.posteriors
    rows = []
    for one in parts:
        ratio = f"{one.vs_scipy[ASCENDING].median:.1f}"
        rows.append((str(one.hypotheses), *_ns(one.timings, [ASCENDING, SHUFFLED, SCIPY]), ratio))
    count, total = parts[0].agents, parts[0].rows
    title = f"cpu, one core: posteriors of {count:,} agents, {total:,} rows, ns per agent"
    return Table(
        title, ("H", ASCENDING, SHUFFLED, f"{SCIPY}, by agent", "SciPy / posterior"), 1, rows
    )


def _cycles(results: Results) -> Table:
    rows = []
    for job in results.simulation:
        elements = f"{job.elements:,} {job.unit}s"
        beats, per_beat = "", ""
        if job.beats is not None:
            beats, per_beat = f"{job.beats:,}", f"{job.cycles / job.beats:.4f}"
        cycles = (f"{job.cycles:,}", f"{job.cycles_per_element:.3g}")
        rows.append((job.engine, job.title, elements, beats, *cycles, per_beat))
    title = "gateware, simulated, bound by its link or by its kernel: clock cycles"
    columns = ("engine", "job", "elements", "beats", "cycles", "per element", "per beat")
    return Table(title, columns, 2, rows)


def _simulated_seconds(results: Results) -> Table:
    rows = []
    for job in results.simulation:
        spread = job.timing.spread
        seconds = (f"{spread.median:.3g}", f"{spread.interquartile_range:.2g}")
        rows.append((job.engine, job.title, str(spread.runs), *seconds))
    title = "the simulator: wall time, which says nothing of the gateware"
    return Table(title, ("engine", "job", "runs", "median s", "IQR s"), 2, rows)


def routed_table(routed: Sequence[RoutedFigures]) -> Table:
    """Return clock and area of the routed configurations."""
    rows = []
    for one in routed:
        speed = (f"{one.fmax_mhz:.1f}", str(one.seeds), f"{one.evidence_per_second / 1e9:.2f}")
        rows.append((one.part, str(one.lanes), *speed, f"{one.cells_per_lane:.0f}", one.cell))
    title = "placed and routed: clock of the unit in its bench, cells of the unit alone"
    columns = ("part", "lanes", "Fmax MHz", "seeds", "10^9 codes/s", "cells per lane", "cell")
    return Table(title, columns, 1, rows)


def spread_table(results: Results) -> Table:
    """Return all timings, each with the spread of its samples."""
    rows = []
    for part, timings in _parts(results):
        for way, timing in timings.items():
            spread = timing.spread
            counts = (f"{timing.elements:,}", str(spread.runs), str(timing.calls))
            times = (spread.median, spread.interquartile_range, spread.least)
            milliseconds = (_short(seconds * 1e3) for seconds in times)
            rows.append((part, way, *counts, *milliseconds, *_variation(timing)[1:]))
    columns = (
        *("part", "way", "elements", "runs", "calls per run"),
        *("median", "IQR", "least", "CV %", "below, 95 %"),
    )
    return Table("every timing: wall time of a call, in ms", columns, 2, rows)


def _parts(results: Results) -> list[tuple[str, Mapping[str, Timing]]]:
    """Return the timings of each part, by way."""
    sizes = ((REDUCE, results.sizes.reduce), (SCIPY, results.sizes.scipy))
    by_n = [
        {f"{way}, n = {n:,}": timing for n, timing in timings.items()} for way, timings in sizes
    ]
    return [
        *((one.title, one.timings) for one in results.data_sets),
        *(("N(-20, 8), against n", timings) for timings in by_n),
        *((f"segments of {one.title}", one.timings) for one in results.segments),
        *((f"posteriors, H = {one.hypotheses}", one.timings) for one in results.posteriors),
        *((job.engine, {job.title: job.timing}) for job in results.simulation),
    ]


def shown_tables(results: Results, routed: Sequence[RoutedFigures]) -> list[RenderableType]:
    """Return all tables for a terminal, an empty line after each; that of spreads is the page's."""
    tables = measured_tables(results) + ([routed_table(routed)] if routed else [])
    return [part for table in tables for part in (_shown(table), "")]


def _shown(table: Table) -> RichTable:
    title = Text(table.title, "bold")
    shown = RichTable(title=title, title_justify="left", box=None, pad_edge=False)
    for number, name in enumerate(table.columns):
        side: Literal["left", "right"] = "right" if number >= table.numbers else "left"
        shown.add_column(name, justify=side, overflow="fold")
    for row in table.rows:
        shown.add_row(*map(Text, row))
    return shown


def _ns(timings: Mapping[str, Timing], ways: Sequence[str]) -> list[str]:
    return [_short(timings[way].nanoseconds) for way in ways]


def _times(own: Timing, other: Timing) -> str:
    return f"{speed_ratio(own, other).median:.1f}"


def _variation(timing: Timing) -> tuple[str, str, str]:
    """Return runs, and in percent the coefficient of variation and its limit."""
    spread = timing.spread
    return str(spread.runs), _percent(spread.variation), _percent(spread.variation_limit)


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.1f}"


def _short(value: float) -> str:
    """Return three significant digits, without an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
