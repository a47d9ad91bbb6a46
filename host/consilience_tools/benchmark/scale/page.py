"""The page of the results: docs/scale.md is one."""

from collections.abc import Mapping
from pathlib import Path

from consilience_tools.benchmark.contest import Timing
from consilience_tools.benchmark.scale.processor import update_ns
from consilience_tools.benchmark.scale.run import ScaleResults
from consilience_tools.pages.templates import rendered

__all__ = ["PLOT", "scale_page", "time_of"]

PLOT = "scale.svg"
"""File name of the growth plot, beside the page."""

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


def time_of(seconds: float) -> str:
    """Return a time with three digits in a unit that suits it."""
    for long, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * long:
            return f"{seconds / long:.3g} {unit}"
    for scale, unit in _UNITS:
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.2g} ns"


def scale_page(results: ScaleResults) -> str:
    """Return the page in Markdown."""
    processor, gateware = results.processor, results.gateware
    own, other = results.live_clock, results.sweep_clock
    growth = processor.pairwise_growth

    def cell(timings: Mapping[int, Timing], n: int) -> str:
        return time_of(timings[n].spread.least) if n in timings else ""

    def pairs(n: int) -> str:
        found = cell(processor.pairwise, n)
        return found or f"({time_of(growth.seconds(n))})"

    sizes = sorted({*processor.sweep, *processor.pairwise})
    most = max(gateware.live)
    live = gateware.live[most]
    wide = gateware.wide
    latencies = [
        (
            "update -> result",
            live.most,
            own,
            "one agent's old code out, its new code in; live unit",
        ),
        ("drain", live.drain, own, "last code in -> result; live unit"),
        ("drain", wide.drain, other, f"last beat in -> result; `LogSumExp`, {wide.lanes} lanes"),
        ("full sweep", live.sweep, own, "all codes in, one a cycle; live unit"),
        ("full sweep", wide.sweep, other, f"all codes; `LogSumExp`, {wide.lanes} lanes"),
    ]
    left = gateware.cycles_per_left_out
    return rendered(
        Path(__file__).with_name("scale.md.j2"),
        quick=results.quick,
        plot=PLOT,
        machine=results.machine,
        load=results.load_before,
        seconds=f"{results.seconds:.0f}",
        live_clock=own,
        sweep_clock=other,
        agents=f"{most:,}",
        latencies=[
            (name, f"{cycles:,}", time_of(clock.microseconds(cycles) * 1e-6), what)
            for name, cycles, clock, what in latencies
        ],
        sizes=[
            (
                f"{n:,}",
                pairs(n),
                cell(processor.sweep, n),
                cell(processor.leave_one_out, n),
                f"{update_ns(processor.update[n]):.0f} ns" if n in processor.update else "",
            )
            for n in sizes
        ],
        live=[
            (f"{n:,}", f"{one.updates:,}", one.fewest, one.most, one.apart, one.drain)
            for n, one in gateware.live.items()
        ],
        exponent=f"{growth.exponent:.2f}",
        fitted_from=f"{growth.sizes[0]:,}",
        fitted_to=f"{growth.sizes[-1]:,}",
        left_out=f"{gateware.left_out:,}",
        left_cycles=f"{left:.2f}",
        left_million=time_of(own.microseconds(left * 1e6) * 1e-6),
    )
