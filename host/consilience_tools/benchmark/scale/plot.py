"""The growth plot: seconds on the cpu and in gateware against the number of agents."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from consilience_tools.benchmark.contest import Timing
from consilience_tools.benchmark.scale.processor import update_ns
from consilience_tools.benchmark.scale.run import ScaleResults
from consilience_tools.pages.svg import BLUE, GREEN, GREY, ORANGE, RED, drawing

__all__ = ["growth_figure"]


def growth_figure(results: ScaleResults) -> Figure:
    """Draw every way against n, both axes logarithmic; what is extrapolated is dotted."""
    processor, gateware, clock = results.processor, results.gateware, results.live_clock
    growth = processor.pairwise_growth
    largest = max(processor.sweep)
    last = max(processor.pairwise)
    with drawing():
        figure = Figure(figsize=(7.6, 5.2), layout="constrained")
        axes = figure.add_subplot()

        def line(timings: Mapping[int, Timing], style: str, colour: str, label: str) -> None:
            seconds = [timing.spread.least for timing in timings.values()]
            axes.plot(list(timings), seconds, style, color=colour, label=label)

        line(processor.pairwise, "v-", RED, "all pairs, cpu")
        label = f"all pairs, extrapolated: n^{growth.exponent:.2f}"
        beyond = [growth.seconds(last), growth.seconds(largest)]
        axes.plot([last, largest], beyond, ":", color=RED, label=label)
        line(processor.leave_one_out, "s--", ORANGE, "leave-one-out of all, cpu")
        line(processor.sweep, "o-", BLUE, "full sweep, cpu")
        updates = [update_ns(timing) * 1e-9 for timing in processor.update.values()]
        axes.plot(list(processor.update), updates, "^-.", color=GREEN, label="update, cpu")
        cycles = [clock.microseconds(one.most) * 1e-6 for one in gateware.live.values()]
        axes.plot(
            list(gateware.live),
            cycles,
            "D--",
            color=GREY,
            label=f"update, gateware: cycles at {clock.mhz:.0f} MHz",
        )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set(xlabel="agents", ylabel="seconds", title="Time against the number of agents")
        axes.legend(fontsize=9)
    return figure
