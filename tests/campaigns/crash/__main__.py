"""``make crash``: every crash of a disk that fails, and the product started on what it leaves.

The exit code is 0 only if everything held.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.campaigns.crash.page import fault_table, scenario_table, write_page
from tests.campaigns.crash.parts import Part, parts
from tests.campaigns.crash.tally import FORBIDDEN, Tally
from tests.campaigns.tables import ROOT, commit, print_table


def main() -> int:
    """Run all parts; print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.crash", description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000, help="crash points, at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes; changes no result")
    parser.add_argument("--page", action="store_true", help="write docs/crash.md, too")
    options = parser.parse_args()
    started = time.monotonic()
    tally, told, whole = Tally(), 0, options.points
    columns = (BarColumn(), TextColumn("{task.completed:,} crash points"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        bar = bars.add_task("", total=whole)
        for found in _run(parts(options.points, options.seed), options.jobs):
            tally.add(found)
            tenth = 10 * tally.points.total() // whole
            if tenth > told and not console.is_terminal:
                console.print(f"{tally.points.total():,} crash points")
            told = max(told, tenth)
            bars.update(bar, completed=tally.points.total())
    seconds = round(time.monotonic() - started)
    print_table(scenario_table(tally))
    print_table(fault_table(tally))
    for complaint in tally.complaints[:20]:
        print(complaint)
    told = ", ".join(f"{text} {tally.forbidden[what]}" for what, text in FORBIDDEN.items())
    print(f"seed {options.seed}: {tally.points.total():,} crash points; {told}")
    verdict = "everything held" if tally.holds else "NOT everything held"
    print(f"{verdict} ({seconds} s)")
    if options.page:
        command = f"python -m tests.campaigns.crash --points {options.points} --seed {options.seed}"
        write_page(tally, command, seconds, commit(), ROOT / "docs" / "crash.md")
    return 0 if tally.holds else 1


def _run(whole: list[Part], jobs: int) -> Iterator[Tally]:
    if jobs == 1:
        yield from (part.run() for part in whole)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(Part.run, whole)


if __name__ == "__main__":
    sys.exit(main())
