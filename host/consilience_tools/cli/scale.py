"""`consilience benchmark --scale`: its files and what it prints."""

import json
from pathlib import Path

from rich.table import Table
from rich.text import Text

from consilience.cli.output import Output
from consilience_tools.benchmark.scale.page import PLOT, scale_page, time_of
from consilience_tools.benchmark.scale.plan import FULL, QUICK
from consilience_tools.benchmark.scale.plot import growth_figure
from consilience_tools.benchmark.scale.run import ScaleResults, run_scale, scale_value
from consilience_tools.pages.svg import svg

__all__ = ["measure_scale"]


def measure_scale(out: Path, output: Output, *, quick: bool) -> None:
    """Measure; write scale.json, scale.md and its plot to an existing folder."""
    with output.progress(stages=True) as progress:
        results = run_scale(QUICK if quick else FULL, progress, quick=quick)
    page = out / "scale.md"
    value = scale_value(results) | {"page": str(page)}
    (out / "scale.json").write_text(json.dumps(value, allow_nan=False, indent=1) + "\n")
    (out / PLOT).write_text(svg(growth_figure(results)), encoding="utf-8")
    page.write_text(scale_page(results), encoding="utf-8")
    output.result(value, *_tables(results), Text(f"page {page}"))


def _tables(results: ScaleResults) -> list[Table]:
    processor, gateware, clock = results.processor, results.gateware, results.live_clock
    seconds = Table("agents", "all pairs", "full sweep", "leave-one-out", title="cpu")
    growth = processor.pairwise_growth
    for n in sorted({*processor.pairwise, *processor.sweep}):
        cells = [
            time_of(timings[n].spread.least) if n in timings else ""
            for timings in (processor.pairwise, processor.sweep, processor.leave_one_out)
        ]
        # What was not run is extrapolated.
        seconds.add_row(f"{n:,}", cells[0] or f"({time_of(growth.seconds(n))})", *cells[1:])
    cycles = Table("agents", "update, cycles", "drain", "full sweep", title="live unit, simulated")
    for n, one in gateware.live.items():
        cycles.add_row(f"{n:,}", f"{one.most}", f"{one.drain}", f"{one.sweep:,}")
    cycles.caption = f"an update takes {time_of(one.most / clock.mhz * 1e-6)} at {clock.mhz} MHz"
    return [seconds, cycles]
