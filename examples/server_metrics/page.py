"""The page of the results: docs/server_metrics.md."""

from collections.abc import Mapping
from pathlib import Path

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.svg import svg
from consilience_tools.pages.templates import rendered

from .benchmark import Outcome, Windows, published
from .plot import SHOWN, stream_figure
from .scoring import PROFILES
from .streams import Stream
from .watching import ARL, HISTORY, QUIET, Watched

__all__ = ["PAGE", "PLOT", "metrics_page", "write_page"]

PAGE = "server_metrics.md"
PLOT = "server_metrics.svg"
_BIT = 1 << 16


def metrics_page(outcome: Outcome, shuffled: tuple[int, int]) -> str:
    """Return the page, Markdown."""
    ours = {
        "**consilience**": outcome.best,
        "consilience, each folder at the best threshold of the others": outcome.left_out,
        "consilience, the monitor's alarms as detections": outcome.alarms,
    }
    table = sorted((ours | published()).items(), key=lambda one: -one[1]["standard"])
    detectors = [
        "| " + " | ".join([name, *(f"{scores[profile]:.1f}" for profile in PROFILES)]) + " |"
        for name, scores in table
    ]
    files = [
        f"| {one.name} | {one.rows:,} | {one.windows} | {one.found} | {one.alarms} | {one.false} |"
        for one in outcome.files
    ]
    return rendered(
        Path(__file__).with_name("page.md.j2"),
        outcome=outcome,
        detectors=detectors,
        files=files,
        plot=PLOT,
        arl=f"{ARL:,}",
        history=HISTORY,
        quiet=QUIET,
        mistaken=sum(one.false for one in outcome.files),
        outside=f"{sum(one.outside for one in outcome.files):,}",
        alarms=sum(one.alarms for one in outcome.files),
        windows=sum(one.windows for one in outcome.files),
        found=sum(one.found for one in outcome.files),
        shuffled=shuffled[0],
        shuffled_rows=f"{shuffled[1]:,}",
    )


def write_page(
    folder: Path,
    streams: list[Stream],
    watched: Mapping[str, Watched],
    windows: Windows,
    outcome: Outcome,
    shuffled: tuple[int, int],
) -> None:
    """Write page and picture; the page first, as a new picture changes the checkout."""
    (folder / PAGE).write_text(stamped(metrics_page(outcome, shuffled), PAGE), encoding="utf-8")
    shown = next(stream for stream in streams if stream.name == SHOWN)
    threshold = watched[SHOWN].threshold / _BIT
    figure = stream_figure(shown, watched[SHOWN], windows, threshold)
    (folder / PLOT).write_text(svg(figure), encoding="utf-8")
