"""`consilience benchmark --scale`: costs against the number of agents, as JSON, plot and page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from matplotlib.figure import Figure

from consilience_tools.benchmark.machine import Conditions, watched
from consilience_tools.benchmark.plan import Report, ScalePlan
from consilience_tools.benchmark.scale_cpu import CpuScale, on_the_cpu, update_ns
from consilience_tools.benchmark.scale_gateware import GatewareResult, in_simulation
from consilience_tools.benchmark.timing import Timing
from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.svg import BLUE, GREEN, GREY, ORANGE, RED, plot
from consilience_tools.pages.templates import rendered
from consilience_tools.place_and_route.baseline import read_baseline
from consilience_tools.place_and_route.configurations import LIVE

__all__ = ["PLOT", "ScaleResults", "growth_figure", "run_scale", "scale_page", "scale_value"]

PLOT = "scale.svg"
"""File name of the growth plot, beside the page."""
_SWEEP = "ecp5-85f-8-x8"
"""The configuration of the `LogSumExp` that sweeps, on the live unit's part."""
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


@dataclass(frozen=True)
class Clock:
    """The routed clock of a unit, which turns its cycles into times.

    Parameters
    ----------
    configuration, part : str
        Names of `consilience_tools.place_and_route`.
    mhz : float
    """

    configuration: str
    part: str
    mhz: float

    def seconds(self, cycles: float) -> float:
        """Return the time of a number of cycles."""
        return cycles / self.mhz * 1e-6


@dataclass(frozen=True)
class ScaleResults:
    """All measurements."""

    conditions: Conditions
    live_clock: Clock
    sweep_clock: Clock
    processor: CpuScale
    gateware: GatewareResult


def run_scale(plan: ScalePlan, report: Report, *, quick: bool) -> ScaleResults:
    """Measure everything in the plan; raises as its parts do."""
    ended = watched(quick=quick)
    return ScaleResults(
        live_clock=_routed_clock(LIVE),
        sweep_clock=_routed_clock(_SWEEP),
        processor=on_the_cpu(plan, report),
        gateware=in_simulation(plan, report),
        conditions=ended(),
    )


def _routed_clock(name: str) -> Clock:
    figures = read_baseline()[name]
    return Clock(name, figures["part"], figures["fmax_median_mhz"])


def scale_value(results: ScaleResults) -> dict[str, object]:
    """Return all results as one JSON object."""
    gateware = results.gateware
    timings: dict[str, Mapping[int, Timing]] = vars(results.processor)
    return {
        **vars(results.conditions),
        "live_clock": asdict(results.live_clock),
        "sweep_clock": asdict(results.sweep_clock),
        "update_cycles": {n: one.most for n, one in gateware.live.items()},
        "pairwise_growth": asdict(results.processor.pairwise_growth),
        "cpu_seconds": {
            way: _least(timings[way]) for way in ("pairwise", "sweep", "leave_one_out")
        },
        "cpu_update_ns": {n: update_ns(timing) for n, timing in timings["update"].items()},
        "samples": {
            way: {n: timing.samples for n, timing in by_n.items()} for way, by_n in timings.items()
        },
        "live": {n: asdict(one) for n, one in gateware.live.items()},
        "sweep": asdict(gateware.wide),
        "leave_one_out": {
            "codes": gateware.left_out,
            "cycles_per_code": gateware.cycles_per_left_out,
        },
    }


def growth_figure(results: ScaleResults) -> Figure:
    """Draw every way against n, both axes logarithmic; the extrapolation is dotted."""
    processor, live, clock = results.processor, results.gateware.live, results.live_clock
    growth = processor.pairwise_growth
    ends = [max(processor.pairwise), max(processor.sweep)]
    lines = (
        (_least(processor.pairwise), "v-", RED, "all pairs, cpu"),
        (
            {n: growth.seconds(n) for n in ends},
            *(":", RED, f"all pairs, extrapolated: n^{growth.exponent:.2f}"),
        ),
        (_least(processor.leave_one_out), "s--", ORANGE, "leave-one-out of all, cpu"),
        (_least(processor.sweep), "o-", BLUE, "full sweep, cpu"),
        (
            {n: update_ns(timing) * 1e-9 for n, timing in processor.update.items()},
            *("^-.", GREEN, "update, cpu"),
        ),
        (
            {n: clock.seconds(one.most) for n, one in live.items()},
            *("D--", GREY, f"update, gateware: cycles at {clock.mhz:.0f} MHz"),
        ),
    )
    with plot(7.6, 5.2) as (figure, axes):
        for seconds, style, colour, label in lines:
            axes.plot(list(seconds), list(seconds.values()), style, color=colour, label=label)
        axes.set(xscale="log", yscale="log")
        axes.set(xlabel="agents", ylabel="seconds", title="Time against the number of agents")
        axes.legend(fontsize=9)
    return figure


def _least(timings: Mapping[int, Timing]) -> dict[int, float]:
    return {n: timing.spread.least for n, timing in timings.items()}


def time_of(seconds: float) -> str:
    """Return a time with three digits in a unit that suits it."""
    for long, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * long:
            return f"{seconds / long:.3g} {unit}"
    for scale, unit in _UNITS:
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.2g} ns"


def size_rows(results: ScaleResults) -> list[tuple[str, ...]]:
    """Return agents, all pairs, sweep, leave-one-out and update for each size, as text.

    All pairs are in brackets where they are extrapolated.
    """
    processor = results.processor
    ways = (processor.pairwise, processor.sweep, processor.leave_one_out)
    rows = []
    for n in sorted({*processor.sweep, *processor.pairwise}):
        pairs, *others = (time_of(way[n].spread.least) if n in way else "" for way in ways)
        pairs = pairs or f"({time_of(processor.pairwise_growth.seconds(n))})"
        update = f"{update_ns(processor.update[n]):.0f} ns" if n in processor.update else ""
        rows.append((f"{n:,}", pairs, *others, update))
    return rows


def scale_page(results: ScaleResults) -> str:
    """Return the page in Markdown; docs/scale.md is one."""
    gateware, own, other = results.gateware, results.live_clock, results.sweep_clock
    most = max(gateware.live)
    live, wide = gateware.live[most], gateware.wide
    unit = f"`LogSumExp`, {wide.lanes} lanes"
    change = "one agent's old code out, its new code in; live unit"
    latencies = (
        ("update -> result", live.most, own, change),
        ("drain", live.drain, own, "last code in -> result; live unit"),
        ("drain", wide.drain, other, f"last beat in -> result; {unit}"),
        ("full sweep", live.sweep, own, "all codes in, one a cycle; live unit"),
        ("full sweep", wide.sweep, other, f"all codes; {unit}"),
    )
    text = rendered(
        Path(__file__).with_name("scale.md.j2"),
        results=results,
        run=results.conditions,
        gateware=gateware,
        growth=results.processor.pairwise_growth,
        plot=PLOT,
        agents=most,
        latencies=[(*one, time_of(one[2].seconds(one[1]))) for one in latencies],
        sizes=size_rows(results),
        left_million=time_of(own.seconds(gateware.cycles_per_left_out * 1e6)),
    )
    return stamped(text, "scale.md")
