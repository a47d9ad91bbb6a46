"""The picture: delay against false alarms, alarms by hijacked runs, and the recorded order."""

from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from consilience_tools.pages.svg import BLUE, GREEN, GREY, ORANGE, RED, drawing

from .comparison import Row
from .replicated import ARL
from .study import Study

__all__ = ["monitor_figure"]

_MARKS = "Dsv^oXP"
_COLOURS = (BLUE, ORANGE, RED, GREEN, GREY, "#000000", "#7a5c00")
_STROKES = ("-", "--", ":", "-.")
_MOST_RUNS = 1e6
_SHOWN_LATER = 12
_BIT = 1 << 16


def monitor_figure(found: Study) -> Figure:
    """Draw the three panels."""
    with drawing():
        figure = Figure(figsize=(11, 8.6), layout="constrained")
        above, below = figure.subfigures(2, 1)
        _rules(above.add_subplot(), found.rows)
        left, right = below.subplots(1, 2)
        _delays(left, found)
        _orders(right, found)
    return figure


def _rules(axes: Axes, rows: tuple[Row, ...]) -> None:
    names = list(dict.fromkeys(row.name for row in rows))
    for name, mark, colour in zip(names, cycle(_MARKS), cycle(_COLOURS), strict=False):
        for row in rows:
            if row.name != name:
                continue
            fill = {"": colour, "GPT and Claude": "none"}.get(row.tuned, "#cccccc")
            how = f"tuned on {row.tuned}" if row.tuned else ""
            axes.plot(
                min(row.run_length, _MOST_RUNS),
                row.delay,
                mark,
                ms=10 if name == names[0] else 8,
                color=colour,
                markerfacecolor=fill,
                markeredgecolor=colour,
                ls="",
                label=", ".join(part for part in (name, how) if part),
            )
    axes.axvline(ARL, color=GREY, ls="-.", lw=1)
    axes.annotate(" promise: 1,024", (ARL, 1.05), color=GREY, fontsize=9, va="bottom")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=f"runs to a false alarm, fleet (right edge: {_MOST_RUNS:,.0f} or more)",
        ylabel="mean delay, hijacked runs",
        title="Few false alarms is to the right, quick is down",
        ylim=(1, 130),
    )
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def _delays(axes: Axes, found: Study) -> None:
    at = np.arange(_SHOWN_LATER + 1)
    for number, one in enumerate(found.outcomes):
        delays = np.where(one.hijacks.found, one.hijacks.delays, _SHOWN_LATER + 1)
        axes.step(
            at,
            [(delays <= k).mean() for k in at],
            where="post",
            ls=_STROKES[number % len(_STROKES)],
            lw=1.2 + 0.9 * (number // len(_STROKES)),
            color=BLUE if number < len(_STROKES) else "#000000",
            label=one.pipeline.short,
        )
    axes.set(
        xlabel="hijacked runs",
        ylabel="share of agents with an alarm",
        title="Replicated: alarms after the hijack",
        xlim=(0, _SHOWN_LATER),
        ylim=(0, 1.01),
    )
    axes.legend(fontsize=8, loc="lower right")


def _orders(axes: Axes, found: Study) -> None:
    bits = np.linspace(2.0, 12.0, 101)
    for number, one in enumerate(found.recorded):
        highest = one.shuffled.highest[:, np.newaxis] / _BIT
        label = "random orders, by pipeline" if number == 0 else None
        axes.plot(bits, (highest >= bits).mean(axis=0), color=GREY, lw=1, label=label)
    runs = found.recorded[0].runs
    allowed = np.minimum(1.0, runs * 2.0**-bits)
    axes.plot(bits, allowed, color="#000000", ls="--", lw=2, label=f"allowed: {runs} x 2^-A")
    reached = [np.median(one.as_recorded.highest) / _BIT for one in found.recorded]
    axes.plot(
        reached,
        np.full(len(reached), 0.0015),
        "v",
        color=RED,
        markerfacecolor="none",
        label="recorded order: highest T",
    )
    axes.set(
        xlabel="A, bits",
        ylabel=f"share with an alarm in {runs} benign runs",
        title="As recorded, no run twice",
        yscale="log",
        ylim=(0.001, 60.0),
    )
    axes.set_yticks([1e-3, 1e-2, 1e-1, 1.0])
    axes.legend(fontsize=8, loc="upper right")
