"""The picture: one stream, its labelled windows, and what the monitor made of it."""

import numpy as np
from matplotlib.figure import Figure

from consilience_tools.pages.svg import BLUE, GREY, ORANGE, RED, drawing

from .benchmark import Windows
from .streams import Stream
from .watching import Watched

__all__ = ["SHOWN", "stream_figure"]

SHOWN = "realTraffic/occupancy_t4013.csv"
_BIT = 1 << 16


def stream_figure(stream: Stream, watched: Watched, windows: Windows, threshold: float) -> Figure:
    """Draw values, the statistic and its threshold in bits, scores."""
    at = np.array([when.replace(" ", "T") for when, _ in stream.texts], "datetime64[us]")
    with drawing():
        figure = Figure(figsize=(11, 6.5), layout="constrained")
        values, statistic, scores = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 1))
        values.plot(at, stream.values, color=BLUE, lw=0.8)
        alarms = watched.alarms
        values.plot(at[alarms], stream.values[alarms], "v", color=RED, ms=8, label="alarm")
        values.set(ylabel="value", title=stream.name)
        statistic.plot(at, np.maximum(watched.statistic / _BIT, 0.0), color=BLUE, lw=0.8)
        statistic.axhline(threshold, color=RED, ls="--", lw=1, label=f"A = {threshold:.1f} bits")
        statistic.set(ylabel="T, bits", ylim=(0, None))
        scores.vlines(at, 0.0, watched.scores, color=ORANGE, lw=0.8)
        scores.set(ylabel="score", ylim=(0, 1))
        for axes in (values, statistic, scores):
            for number, (first, last) in enumerate(windows[stream.name]):
                axes.axvspan(
                    np.datetime64(first),
                    np.datetime64(last),
                    color=GREY,
                    alpha=0.2,
                    label="labelled window" if number == 0 and axes is values else None,
                )
        values.legend(loc="upper left", fontsize=9)
        statistic.legend(loc="upper left", fontsize=9)
    return figure
