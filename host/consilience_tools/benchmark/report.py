"""The report and its figures: one HTML file that needs nothing else."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from consilience.devices.device import ERROR_BOUND_ULP
from consilience_hw.spec.log_format import Q16_16
from consilience_tools.benchmark.accuracy import CPU, ErrorResult
from consilience_tools.benchmark.cpu import CONVERTED, REDUCE, DataSetResult, SizesResult
from consilience_tools.benchmark.run import Results
from consilience_tools.benchmark.tables import (
    measured_tables,
    routed_table,
    spread_table,
    summary_rows,
)
from consilience_tools.benchmark.workload import JAX, LOGADDEXP, NUMPY, SCIPY
from consilience_tools.pages.svg import BLUE, GREEN, GREY, ORANGE, RED, drawing, embedded, plot
from consilience_tools.pages.templates import rendered
from consilience_tools.place_and_route.routed_figures import RoutedFigures

__all__ = ["clock_and_area", "report_page"]

_LINES = ((BLUE, "o-"), (ORANGE, "s--"), (GREEN, "^-."), (RED, "v:"), (GREY, "D--"))
"""Colour, and mark and stroke."""


def report_page(results: Results, routed: Sequence[RoutedFigures]) -> str:
    """Return the page; without routed configurations it says how to make them."""
    figures = {
        "Bars of each data set: times faster than SciPy, by way": _speeds(results.data_sets),
        "Nanoseconds per element against n": _times(results.sizes),
        "Largest error against n": _errors(results.errors),
    }
    if routed:
        figures["Clock and cells per lane against lanes, by part"] = clock_and_area(routed)
    return rendered(
        Path(__file__).with_name("report.html.j2"),
        summary=summary_rows(results),
        figures=[(text, embedded(figure)) for text, figure in figures.items()],
        tables=measured_tables(results) + ([routed_table(routed)] if routed else []),
        spread=spread_table(results),
        routed=bool(routed),
        **vars(results.conditions),
    )


def _speeds(data_sets: Sequence[DataSetResult]) -> Figure:
    """Draw how many times faster than SciPy each way is, by data set, with quartiles of rounds."""
    ways = [REDUCE, CONVERTED, NUMPY, LOGADDEXP, JAX]
    ways = [way for way in ways if way in data_sets[0].timings]
    height = 0.8 / len(ways)
    with plot(7.2, 1.2 + 1.1 * len(data_sets)) as (figure, axes):
        for number, way in enumerate(ways):
            ratios = [one.vs_scipy[way] for one in data_sets]
            axes.barh(
                [place + (number - (len(ways) - 1) / 2) * height for place in range(len(ratios))],
                [ratio.median for ratio in ratios],
                height * 0.9,
                color=_LINES[number][0],
                label=way,
                xerr=(
                    [max(0.0, ratio.median - ratio.lower_quartile) for ratio in ratios],
                    [max(0.0, ratio.upper_quartile - ratio.median) for ratio in ratios],
                ),
            )
        axes.axvline(1, color=GREY, lw=1, ls=":")
        axes.set_yticks(range(len(data_sets)), [one.title for one in data_sets])
        axes.set(
            xlabel=f"times faster than scipy.special.logsumexp, {data_sets[0].elements:,} values",
            title="Speed by data set; 1 is SciPy",
        )
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.legend(loc="best", fontsize=9)
    return figure


def _times(sizes: SizesResult) -> Figure:
    """Draw nanoseconds per element against n."""
    lines = (("cpu reduce", sizes.reduce), (f"{SCIPY}, float64", sizes.scipy))
    with plot(7.2, 4.6) as (figure, axes):
        for (name, timings), (colour, mark) in zip(lines, _LINES, strict=False):
            times = [timing.nanoseconds for timing in timings.values()]
            axes.plot(list(timings), times, mark, color=colour, label=name)
        axes.set(xscale="log", yscale="log")
        axes.set(xlabel="n", ylabel="ns per element, one core", title="Time per element")
        axes.set_ylim(bottom=min(0.1, axes.get_ylim()[0]))
        axes.legend()
    return figure


def _errors(errors: Sequence[ErrorResult]) -> Figure:
    """Draw the largest errors against n."""
    unit = f"ulp = 2^-{Q16_16.fraction_bits} bit"
    with plot(7.2, 4.6) as (figure, axes):
        for (colour, mark), way in zip(_LINES, errors[0].worst, strict=False):
            width = 2.4 if way == CPU else 1.6
            worst = [one.worst[way] for one in errors]
            axes.plot([one.n for one in errors], worst, mark, color=colour, lw=width, label=way)
        axes.axhline(ERROR_BOUND_ULP, color=BLUE, lw=1, ls=":", label="bound of Q16.16: 0.55 ulp")
        axes.set(xscale="log", yscale="log")
        axes.set(xlabel="n", ylabel=f"largest error, {unit}", title="Error against n")
        axes.legend(fontsize=9)
    return figure


def clock_and_area(routed: Sequence[RoutedFigures]) -> Figure:
    """Draw the routed clock and the cells per lane against the number of lanes, a line per part."""
    with drawing():
        figure = Figure(figsize=(11.0, 4.6), layout="constrained")
        clock, area = figure.subplots(1, 2)
        parts = dict.fromkeys(one.part for one in routed)
        for number, part in enumerate(parts):
            colour, mark = _LINES[number % len(_LINES)]
            of_part = [one for one in routed if one.part == part]
            lanes = [one.lanes for one in of_part]
            clock.plot(lanes, [one.fmax_mhz for one in of_part], mark, color=colour, label=part)
            cells = [one.cells_per_lane for one in of_part]
            area.plot(lanes, cells, mark, color=colour, label=f"{part}: {of_part[0].cell}")
        ticks = sorted({one.lanes for one in routed})
        for axes in (clock, area):
            axes.set_xscale("log", base=2)
            axes.set_xticks(ticks, [str(lanes) for lanes in ticks])
            axes.set(xlabel="lanes")
            axes.set_ylim(bottom=0)
            axes.legend(fontsize=9)
        clock.set(ylabel="MHz, median of the seeds", title="Clock, placed and routed")
        area.set(ylabel="logic cells per lane", title="Area of the unit alone")
    return figure
