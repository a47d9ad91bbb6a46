"""``make fire``: a million faults on the link; never a wrong answer, never a hang.

The exit code is 0 only if everything held.
"""

import argparse
import sys
import time
from collections.abc import MutableMapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing import Manager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.campaigns.fire.faults import CELLS, Direction
from tests.campaigns.fire.page import write_page
from tests.campaigns.fire.parts import FULL, SLICE, Layer, Part
from tests.campaigns.fire.result import Result
from tests.campaigns.fire.tables import cell_table, layer_table
from tests.campaigns.fire.tally import Tally
from tests.campaigns.tables import print_table

ROOT = Path(__file__).parents[3]
AT_ONCE = 2


def main() -> int:
    """Run all parts, two at a time; print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.fire", description=__doc__)
    parser.add_argument("--scale", choices=["full", "slice"], default="full")
    parser.add_argument("--page", action="store_true", help="write docs/fire.md, too")
    options = parser.parse_args()
    whole = options.scale == "full"
    result = _run(FULL if whole else SLICE, whole=whole)
    _print(result)
    if options.page:
        write_page(result, ROOT / "docs" / "fire.md")
    return 0 if result.holds else 1


def _run(parts: tuple[Part, ...], *, whole: bool) -> Result:
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 100)
    result = Result(whole=whole)
    started = time.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,} of {task.total:,} faults"),
        TimeElapsedColumn(),
    )
    with (
        Manager() as manager,
        ProcessPoolExecutor(AT_ONCE) as pool,
        Progress(*columns, console=console, disable=not console.is_terminal) as bars,
    ):
        done = manager.dict()
        jobs = {pool.submit(_run_part, part, done): part for part in parts}
        totals = dict.fromkeys((part.layer for part in parts), 0)
        for part in parts:
            totals[part.layer] += part.each * _cells_of(part.layer)
        bar_of = {layer: bars.add_task(layer.value, total=total) for layer, total in totals.items()}
        waiting: set[Future[Tally]] = set(jobs)
        while waiting:
            ended, waiting = wait(waiting, timeout=0.5)
            counts = dict.fromkeys(totals, 0)
            for (layer, _), count in dict(done).items():
                counts[Layer(layer)] += count
            for layer, count in counts.items():
                bars.update(bar_of[layer], completed=count)
            for job in ended:
                part, tally = jobs[job], job.result()
                result.add(part.layer, tally)
                if not console.is_terminal:
                    verdict = "holds" if tally.holds else "FAILS"
                    console.print(f"{part.layer.value}, seed {part.seed}: {verdict}")
    result.seconds = round(time.monotonic() - started)
    return result


def _run_part(part: Part, done: MutableMapping[tuple[str, int], int]) -> Tally:
    """Run a part in this process, and tell now and then how far it is."""
    told = 0.0

    def progress(faults: int) -> None:
        nonlocal told
        if time.monotonic() - told > 0.5:
            told = time.monotonic()
            done[part.layer.value, part.seed] = faults

    tally = part.run(progress)
    done[part.layer.value, part.seed] = tally.faults
    return tally


def _cells_of(layer: Layer) -> int:
    directions = {
        Layer.HOST_PARSER: {Direction.TO_HOST},
        Layer.GATEWARE_PARSER: {Direction.TO_DEVICE},
    }.get(layer, set(Direction))
    return sum(cell.direction in directions for cell in CELLS)


def _print(result: Result) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140, markup=False, highlight=False)
    for direction in Direction:
        print_table(cell_table(result, direction))
    print_table(layer_table(result))
    for layer, tally in result.layers.items():
        for complaint in tally.complaints:
            console.print(f"{layer.value}: {complaint}", soft_wrap=True)
    for shortfall in result.shortfalls:
        console.print(f"too few: {shortfall}")
    verdict = "everything held" if result.holds else "NOT everything held"
    total = result.total
    console.print(
        f"{total.faults:,} faults, {result.through_driver:,} of them through the driver, "
        f"{result.least_through_driver[1]:,} or more of each cell: wrong answers {total.wrong}, "
        f"hangs {total.hangs}, recoveries {total.recovered:,}; {verdict} ({result.seconds} s)"
    )


if __name__ == "__main__":
    sys.exit(main())
