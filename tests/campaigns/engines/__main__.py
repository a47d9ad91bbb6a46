"""Exact sums in engines: any order, pieces and threads, one digest; and their time.

``python -m tests.campaigns.engines``; the exit code is 0 only if all digests are one.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from importlib.metadata import version

from consilience_tools.pages.stamp import ROOT
from tests.campaigns.engines.adapters import ENGINES
from tests.campaigns.engines.orders import THREADS, Found, drawn, tried, wanted
from tests.campaigns.engines.page import Run, order_table, time_table, write_page
from tests.campaigns.engines.speed import SIZES, Timed, timed
from tests.campaigns.tables import print_table


def main() -> int:
    """Run the campaign and print its tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.engines", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(ENGINES), help="this engine")
    parser.add_argument("--page", action="store_true", help="write docs/engines.md, too")
    # Engines take their threads from the environment, or once: each in a process of its own.
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--times", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    names = chosen.only or list(ENGINES)
    if chosen.threads:
        states, floats, runs = tried(names[0], drawn(), chosen.threads)
        print(json.dumps([sorted(states), sorted(floats), runs]))
        return 0
    if chosen.times:
        print(json.dumps([timed(names[0], *size) for size in SIZES]))
        return 0
    start = time.perf_counter()
    found, times = {}, {}
    for name in names:
        parts = [_apart(name, threads, "--threads", str(threads)) for threads in THREADS]
        found[name] = Found(
            {one for part in parts for one in part[0]},
            {one for part in parts for one in part[1]},
            sum(part[2] for part in parts),
        )
        times[name] = [Timed(*one) for one in _apart(name, 2, "--times")]
    devices = dict(wanted(drawn()))
    versions = {name: version(ENGINES[name].package) for name in names}
    run = Run(found, times, devices, versions, round(time.perf_counter() - start))
    print_table(order_table(run))
    print_table(time_table(run))
    print(f"{'one digest' if run.holds else 'DIFFERENT DIGESTS'}, {run.seconds} s")
    if chosen.page:
        write_page(run, ROOT / "docs" / "engines.md")
    return int(not run.holds)


def _apart(name: str, threads: int, *options: str) -> list[list]:  # type: ignore[type-arg]
    """Return what this program prints about one engine in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.campaigns.engines", "--only", name, *options],
        env={**os.environ, "POLARS_MAX_THREADS": str(threads)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: list[list] = json.loads(done.stdout)  # type: ignore[type-arg]
    return found


if __name__ == "__main__":
    sys.exit(main())
