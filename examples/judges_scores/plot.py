"""The picture: what methods find and save, against what they flag by mistake."""

from collections.abc import Sequence
from fractions import Fraction

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from consilience_tools.pages.svg import BLUE, GREEN, GREY, ORANGE, RED, drawing

from .comparison import Cell

__all__ = ["SHOWN", "figure_of"]

SHOWN = {
    "conformal rank: sum of doubt": ("o", "-", BLUE),
    "conformal rank: e-valuator's ratio": ("s", "-", GREEN),
    "e-valuator, PAC": ("D", ":", GREY),
    "e-valuator, Ville": ("^", "--", ORANGE),
    "e-valuator, RandVille": ("v", "--", RED),
}
"""Methods: marker, stroke, colour."""


def _draw(axes: Axes, cells: Sequence[Cell], levels: Sequence[Fraction], what: str) -> None:
    for level in levels:
        axes.axvline(float(level), color=GREY, lw=1, ls=(0, (1, 3)))
    for name, (marker, stroke, colour) in SHOWN.items():
        its = [one for one in cells if one.method == name and one.lacking_folds < 1]
        axes.plot(
            [one.false.share for one in its],
            [(one.found if what == "found" else one.saved).share for one in its],
            stroke,
            marker=marker,
            color=colour,
            label=name,
            lw=1,
        )


def figure_of(cells: Sequence[Cell], title: str) -> Figure:
    """Draw a file: a point for each method and level, the levels as dotted lines."""
    levels = sorted({one.level for one in cells})
    with drawing():
        figure = Figure(figsize=(11, 4.5), layout="constrained")
        left, right = figure.subplots(1, 2, sharex=True)
        _draw(left, cells, levels, "found")
        _draw(right, cells, levels, "saved")
        left.set(ylabel="unsolved runs found", ylim=(0, None), xlim=(0, None), title=title)
        right.set(ylabel="steps of unsolved runs saved", ylim=(0, None))
        for axes in (left, right):
            axes.set(xlabel="solved runs flagged (dotted: promised)")
        left.legend(fontsize=9)
        return figure
