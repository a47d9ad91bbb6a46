"""``make monitor-on-traces``: docs/traces_over_time.md, its picture, and all figures as JSON."""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.svg import svg

from ..traces import Traces
from .page import PAGE, PLOT, monitor_page, value_of
from .plot import monitor_figure
from .replicated import ARL
from .study import STEPS, Study, Workload, study

SEED = 7
MOST_DELAY = 4.3
"""Runs, the mean over the pipelines: what is to be reached."""


def holds(found: Study) -> bool:
    """Return whether the promise is kept everywhere, and alarms come soon enough."""
    return all(one.kept for one in found.outcomes) and found.delay <= MOST_DELAY


def main() -> int:
    """Write the files; return 1 if what is to be reached is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=Workload.streams, help="by pipeline")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of page and picture")
    parser.add_argument("--raw", type=Path, default=Path("build/monitor/traces.json"))
    chosen = parser.parse_args()
    start = time.process_time()
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("monitor on traces", total=STEPS)
        work = replace(Workload(), streams=chosen.streams)
        found = study(Traces.load(), work, chosen.seed, lambda: bar.advance(task))
    seconds = time.process_time() - start
    chosen.raw.parent.mkdir(parents=True, exist_ok=True)
    chosen.raw.write_text(json.dumps(value_of(found), indent=1) + "\n")
    # The page first: a picture that has changed makes the checkout another than its commit.
    (chosen.out / PAGE).write_text(stamped(monitor_page(found, seconds), PAGE), encoding="utf-8")
    (chosen.out / PLOT).write_text(svg(monitor_figure(found)), encoding="utf-8")
    kept = sum(one.kept for one in found.outcomes)
    print(
        f"one false alarm in {ARL:,} runs at most: kept in {kept} of {len(found.outcomes)} "
        f"pipelines; mean delay {found.delay:.2f} runs of hijack; {found.early:.1%} of alarms "
        "before the run ends"
    )
    print(f"{chosen.out / PAGE}, {chosen.raw}; {seconds:.0f} s")
    return int(not holds(found))


if __name__ == "__main__":
    sys.exit(main())
