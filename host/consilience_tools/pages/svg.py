"""Drawings of reports: one look, and SVG that is embedded in the page."""

import base64
import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "RED", "STYLE", "drawing", "embedded", "plot", "svg"]

BLUE, ORANGE, GREEN, RED, GREY = "#0072b2", "#d55e00", "#007a5a", "#a8005c", "#6b6b6b"
"""Distinct for readers with any colour vision; lines differ in stroke as well."""

STYLE: Any = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "svg.hashsalt": "consilience",
}
"""Matplotlib parameters, see `drawing`."""


def drawing() -> AbstractContextManager[None]:
    """Return the context in which a figure is drawn and written, so that it has this look."""
    return matplotlib.rc_context(STYLE)


@contextmanager
def plot(width: float, height: float) -> Iterator[tuple[Figure, Axes]]:
    """Give a new figure of this look, in inches, and its only axes."""
    with drawing():
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.add_subplot()


def svg(figure: Figure) -> str:
    """Return a figure as an SVG document; the same figure gives the same text."""
    text = io.StringIO()
    with drawing():
        figure.savefig(text, format="svg", metadata={"Date": None}, facecolor="white")
    return text.getvalue()


def embedded(figure: Figure) -> str:
    """Return a figure as an address for ``<img src>``.

    Each figure is an image of its own, so that identifiers inside two of them cannot clash.
    """
    text = base64.b64encode(svg(figure).encode()).decode("ascii")
    return f"data:image/svg+xml;base64,{text}"
