"""`consilience benchmark --scale`: its files and what it prints."""

import json
from pathlib import Path

from rich.table import Table
from rich.text import Text

from consilience.cli.output import Output
from consilience.evidence.atomic_file import write_file
from consilience_tools.benchmark.plan import SCALE_FULL, SCALE_QUICK
from consilience_tools.benchmark.scale import (
    PLOT,
    ScaleResults,
    growth_figure,
    run_scale,
    scale_page,
    scale_value,
    size_rows,
    time_of,
)
from consilience_tools.pages.svg import svg

__all__ = ["measure_scale"]


def measure_scale(out: Path, output: Output, *, quick: bool) -> None:
    """Measure; write scale.json, scale.md and its plot to an existing folder."""
    with output.progress(stages=True) as progress:
        results = run_scale(SCALE_QUICK if quick else SCALE_FULL, progress, quick=quick)
    page = out / "scale.md"
    value = scale_value(results) | {"page": str(page)}
    write_file(out / "scale.json", json.dumps(value, allow_nan=False, indent=1) + "\n")
    write_file(out / PLOT, svg(growth_figure(results)))
    write_file(page, scale_page(results))
    output.result(value, *_tables(results), Text(f"page {page}"))


def _tables(results: ScaleResults) -> list[Table]:
    seconds = Table("agents", "all pairs", "full sweep", "leave-one-out", title="cpu")
    for row in size_rows(results):
        seconds.add_row(*row[:4])
    cycles = Table("agents", "update, cycles", "drain", "full sweep", title="live unit, simulated")
    for n, one in results.gateware.live.items():
        cycles.add_row(f"{n:,}", f"{one.most}", f"{one.drain}", f"{one.sweep:,}")
    clock = results.live_clock
    cycles.caption = f"an update takes {time_of(clock.seconds(one.most))} at {clock.mhz} MHz"
    return [seconds, cycles]
