"""The results as tables of text, for a terminal and for a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from consilience_tools.benchmark.contest import Timing, speed_ratio
from consilience_tools.benchmark.cpu_rows import ASCENDING, REDUCEAT, SHUFFLED
from consilience_tools.benchmark.cpu_sums import CONVERTED, REDUCE
from consilience_tools.benchmark.job import Job
from consilience_tools.benchmark.other_ways import JAX, LOGADDEXP, NUMPY, SCIPY
from consilience_tools.benchmark.routed import RoutedFigures
from consilience_tools.benchmark.run import Results

__all__ = ["Table", "measured_tables", "routed_table", "short", "summary_rows", "variation"]


@dataclass(frozen=True)
class Table:
    """A table of text; `numbers` is the first column of numbers, and all right of it are."""

    title: str
    columns: tuple[str, ...]
    numbers: int
    rows: Sequence[tuple[str, ...]]


def summary_rows(results: Results) -> dict[str, str]:
    """Return the summary, name to figure with its unit."""
    summary = results.summary
    by_size = ", ".join(f"{short(ns)} at {n:,}" for n, ns in summary.ns_per_element.items())
    rows = {
        "cpu reduce": f"{summary.cpu_vs_scipy:.1f} times scipy.special.logsumexp, worst of the "
        f"data sets ({summary.worst_data_set})",
        "with to_codes": f"{summary.cpu_with_conversion_vs_scipy:.1f} times, worst of the data "
        f"sets ({summary.worst_data_set_with_conversion})",
        "ns per element": f"{by_size} codes; largest by smallest from 10^5 on "
        f"{summary.flatness:.2f}",
        "sim device": f"{summary.sim_seconds_1e6:.2f} s for 10^6 codes through the link",
        "measured in": f"{results.seconds:.0f} s on {results.machine['cores']} cores of "
        f"{results.machine['processor']}",
    }
    if results.quick:
        rows["note"] = "a --quick run, of small sizes: its figures are worth nothing"
    return rows


def measured_tables(results: Results) -> list[Table]:
    """Return one table per part, of medians; cycles and seconds in different ones."""
    return [
        _data_sets(results),
        _sizes(results),
        _errors(results),
        _segments(results),
        _posteriors(results),
        _cycles(results.link_jobs + results.stream_jobs),
        _simulated_seconds(results.link_jobs + results.stream_jobs),
    ]


def _data_sets(results: Results) -> Table:
    ways = [REDUCE, CONVERTED, SCIPY, NUMPY, LOGADDEXP, JAX]
    ways = [way for way in ways if way in results.data_sets[0].timings]
    return Table(
        f"cpu, one core: {results.data_sets[0].elements:,} values, ns per value",
        ("data, nats", *ways, "SciPy / reduce", f"SciPy / {CONVERTED}"),
        1,
        [
            (
                one.title,
                *(short(one.timings[way].nanoseconds) for way in ways),
                *(_times(one.timings[way], one.timings[SCIPY]) for way in (REDUCE, CONVERTED)),
            )
            for one in results.data_sets
        ],
    )


def _sizes(results: Results) -> Table:
    rows: list[tuple[str, ...]] = []
    for n, timing in results.sizes.reduce.items():
        other = results.sizes.scipy.get(n)
        scipy = ("", "") if other is None else (short(other.nanoseconds), _times(timing, other))
        rows.append((f"{n:,}", short(timing.nanoseconds), *variation(timing), *scipy))
    rows += [(f"{n:,}", f"left out: {why}") for n, why in results.sizes.left_out.items()]
    return Table(
        "cpu, one core: the first n codes of N(-20, 8), ns per code",
        ("n", REDUCE, "runs", "CV %", "CV below, 95 %", SCIPY, "SciPy / reduce"),
        1,
        rows,
    )


def _errors(results: Results) -> Table:
    ways = tuple(results.errors[0].worst)
    return Table(
        "largest error of some multisets of n codes of N(-20, 8), in ulp = 2^-16 bit",
        ("n", "multisets", *ways),
        1,
        [
            (f"{one.n:,}", str(one.draws), *(f"{one.worst[way]:.2g}" for way in ways))
            for one in results.errors
        ],
    )


def _segments(results: Results) -> Table:
    return Table(
        f"cpu, one core: {results.segments[0].codes:,} codes in segments, ns per code",
        ("length", "segments", REDUCE, REDUCEAT, f"{SCIPY}, a loop", "NumPy / reduce"),
        1,
        [
            (
                one.title,
                f"{one.segments:,}",
                short(one.timings[REDUCE].nanoseconds),
                short(one.timings[REDUCEAT].nanoseconds),
                short(one.timings[SCIPY].nanoseconds) if SCIPY in one.timings else "not run",
                _times(one.timings[REDUCE], one.timings[REDUCEAT]),
            )
            for one in results.segments
        ],
    )


def _posteriors(results: Results) -> Table:
    agents, rows = results.posteriors[0].agents, results.posteriors[0].rows
    return Table(
        f"cpu, one core: posteriors of {agents:,} agents, {rows:,} rows, ns per agent",
        ("H", ASCENDING, SHUFFLED, f"{SCIPY}, by agent", "SciPy / posterior"),
        1,
        [
            (
                str(one.hypotheses),
                *(short(one.timings[way].nanoseconds) for way in (ASCENDING, SHUFFLED, SCIPY)),
                _times(one.timings[ASCENDING], one.timings[SCIPY]),
            )
            for one in results.posteriors
        ],
    )


def _cycles(jobs: Sequence[Job]) -> Table:
    return Table(
        "gateware, simulated, bound by its link or by its kernel: clock cycles",
        ("engine", "job", "elements", "beats", "cycles", "per element", "per beat"),
        2,
        [
            (
                job.engine,
                job.title,
                f"{job.elements:,} {job.unit}s",
                "" if job.beats is None else f"{job.beats:,}",
                f"{job.cycles:,}",
                f"{job.cycles_per_element:.3g}",
                "" if job.beats is None else f"{job.cycles / job.beats:.4f}",
            )
            for job in jobs
        ],
    )


def _simulated_seconds(jobs: Sequence[Job]) -> Table:
    return Table(
        "the simulator: wall time, which says nothing of the gateware",
        ("engine", "job", "runs", "median s", "IQR s"),
        2,
        [
            (
                job.engine,
                job.title,
                str(job.timing.spread.runs),
                f"{job.timing.spread.median:.3g}",
                f"{job.timing.spread.interquartile_range:.2g}",
            )
            for job in jobs
        ],
    )


def routed_table(routed: Sequence[RoutedFigures]) -> Table:
    """Return clock and area of the routed configurations."""
    return Table(
        "placed and routed: clock of the unit in its bench, cells of the unit alone",
        ("part", "lanes", "Fmax MHz", "seeds", "10^9 codes/s", "cells per lane", "cell"),
        1,
        [
            (
                one.part,
                str(one.lanes),
                f"{one.fmax_mhz:.1f}",
                str(one.seeds),
                f"{one.evidence_per_second / 1e9:.2f}",
                f"{one.cells_per_lane:.0f}",
                one.cell,
            )
            for one in routed
        ],
    )


def variation(timing: Timing) -> tuple[str, str, str]:
    """Return runs, and in percent the coefficient of variation and its limit."""
    spread = timing.spread
    return str(spread.runs), _percent(spread.variation), _percent(spread.variation_limit)


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.1f}"


def _times(own: Timing, other: Timing) -> str:
    return f"{speed_ratio(own, other).median:.1f}"


def short(value: float) -> str:
    """Return three significant digits, without an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
