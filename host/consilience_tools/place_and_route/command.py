"""Measure configurations: progress, a file for each, a table, and the regressions."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from consilience.cli.output import INTERRUPTED
from consilience.cli.unwinding import ended_by_sigterm, logged
from consilience.errors import ConsilienceError
from consilience_tools.place_and_route.baseline import (
    confirm_baseline,
    read_baseline,
    regressions,
    write_baseline,
)
from consilience_tools.place_and_route.configurations import PUBLISHED, Configuration, configuration
from consilience_tools.place_and_route.confirming import differs
from consilience_tools.place_and_route.measurement import Measurement, measure
from consilience_tools.place_and_route.routing import NotRouted
from consilience_tools.place_and_route.tools import Working

__all__ = ["main"]

_EPILOG = (
    "Synthesis takes from half a minute to some minutes, place and route from a minute with 8 "
    "lanes to half an hour with 64, for each seed. What has been done is kept in the cache "
    "($CONSILIENCE_CACHE) and not done again, so that a run may be stopped and taken up later. "
    "Exit codes: 0 ok, 1 something does not fit, misses its clock, or is more than 5 % worse than "
    "the baseline, or is not confirmed, 2 usage, 3 a tool is missing, 130 interrupted."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the named configurations, or all; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m consilience_tools.place_and_route", description=__doc__, epilog=_EPILOG
    )
    names = ", ".join(known.name for known in PUBLISHED)
    parser.add_argument("names", nargs="*", metavar="CONFIG", help=f"default all: {names}")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build") / "timing",
        metavar="DIR",
        help="folder for <config>.json (default %(default)s)",
    )
    parser.add_argument(
        "--write-baseline",
        action="store_true",
        help="make what is measured the committed figures, instead of comparing with them",
    )
    parser.add_argument(
        "--confirm",
        action="store_true",
        help="synthesise only, and make the committed figures those of the code as it is where "
        "the netlist is the one that they are of",
    )
    options = parser.parse_args(arguments)
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 100, highlight=False)
    try:
        asked = [configuration(name) for name in options.names] or list(PUBLISHED)
        with ended_by_sigterm():
            if options.confirm:
                return _confirm(asked, console)
            return _run(asked, options.out, console, new_baseline=options.write_baseline)
    except (ConsilienceError, OSError) as error:
        console.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
        return error.exit_code if isinstance(error, ConsilienceError) else 1
    except KeyboardInterrupt:
        console.print("interrupted; what has been done is kept")
        return INTERRUPTED


def _run(asked: Sequence[Configuration], out: Path, console: Console, *, new_baseline: bool) -> int:
    out.mkdir(parents=True, exist_ok=True)
    found: list[Measurement] = []
    failures: dict[str, str] = {}
    with _progress(console) as working:
        for one in asked:
            file = out / f"{one.name}.json"
            # No stale figures stay if this run fails.
            file.unlink(missing_ok=True)
            try:
                measurement = measure(one, working)
            except NotRouted as error:
                failures[one.name] = str(error)
                continue
            file.write_text(json.dumps(measurement.as_json(), indent=1) + "\n")
            found.append(measurement)
    baseline = read_baseline()
    if new_baseline:
        write_baseline(found)
    else:
        for measurement in found:
            worse = regressions(measurement, baseline)
            if worse:
                failures[measurement.configuration.name] = "; ".join(worse)
    Console(width=None if sys.stdout.isatty() else 160).print(_table(found))
    for measurement in found:
        path = measurement.typical_run.critical_path.words
        console.print(f"{measurement.configuration.name}: slowest {path}", soft_wrap=True)
    for name, reason in failures.items():
        console.print(Text.assemble(("FAILS ", "bold red"), f"{name}: {reason}"), soft_wrap=True)
    return 1 if failures else 0


def _confirm(asked: Sequence[Configuration], console: Console) -> int:
    baseline = read_baseline()
    with _progress(console) as working:
        found = [(one, differs(one, baseline.get(one.name), working)) for one in asked]
    confirm_baseline(one for one, why in found if why is None)
    for one, why in found:
        text = f": {why}; `make timing CONFIG={one.name}` routes it" if why else " confirmed"
        console.print(f"{one.name}{text}", soft_wrap=True)
    return 1 if any(why for _, why in found) else 0


def _table(found: Sequence[Measurement]) -> Table:
    table = Table(box=None, pad_edge=False)
    cells = ("LUT4", "carry", "FF", "BRAM", "DSP")
    figures = ("Fmax MHz", "of seeds", "G evidence/s", "LUT/lane", "packed/lane", *cells, "latency")
    for heading in ("configuration", "part"):
        table.add_column(heading, no_wrap=True)
    for heading in figures:
        table.add_column(heading, justify="right")
    for measurement in found:
        one, unit = measurement.configuration, measurement.unit
        table.add_row(
            one.name,
            one.target.part,
            f"{measurement.fmax_mhz:.1f}",
            " ".join(f"{run.fmax_mhz:.1f}" for run in measurement.runs),
            f"{measurement.fmax_mhz * one.codes_per_cycle / 1e3:.2f}",
            f"{measurement.luts_per_lane:.0f}",
            f"{measurement.packed_per_lane:.0f}",
            *(f"{unit[cell]:,}" for cell in cells),
            str(measurement.latency),
        )
    return table


@contextmanager
def _progress(console: Console) -> Iterator[Working]:
    """Give a function that shows each step: a line with a clock on a terminal, else two lines."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(20), TimeElapsedColumn())
    bars = Progress(*columns, console=console, disable=not console.is_terminal)

    @contextmanager
    def working(text: str) -> Iterator[None]:
        started = time.monotonic()
        task = bars.add_task(text, total=None)
        if not console.is_terminal:
            console.print(f"{text} ...")
        yield
        bars.update(task, total=1, completed=1)
        if not console.is_terminal:
            console.print(f"{text}: {time.monotonic() - started:.0f} s")

    handler = RichHandler(console=console, show_time=False, show_level=False, show_path=False)
    with logged("consilience_tools.place_and_route", handler), bars:
        yield working
