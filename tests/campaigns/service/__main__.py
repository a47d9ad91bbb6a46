"""``make service``: how fast a service is with one core, how large it grows, what a kill costs it.

The exit code is 0 only if no request failed, nothing that was answered was lost, nothing counted
twice, and a process that was killed again and again ends as one that was not. Figures depend on the
machine and what else runs on it: the page says how much of its core the service had.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from consilience_tools.pages.stamp import ROOT, checked_out
from tests.campaigns.service.kills import kill_at_random
from tests.campaigns.service.load_trials import memory_over, parse_us, speeds, using_cores
from tests.campaigns.service.page import Figures, speed_table, write_page
from tests.campaigns.tables import print_table


def main() -> int:
    """Run what was asked for; print it, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.service", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of each load; 0: none")
    parser.add_argument("--minutes", type=float, default=5, help="of watched memory; 0: none")
    parser.add_argument("--kills", type=int, default=200, help="0: none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where states lie: on the disk to be measured")
    parser.add_argument("--page", action="store_true", help="write docs/service_figures.md, too")
    options = parser.parse_args()
    begun = time.monotonic()
    figures = Figures([], 0.0, None, None, pinned=False)
    with tempfile.TemporaryDirectory(prefix="service-", dir=options.folder) as name:
        folder = Path(name)
        cores = using_cores()
        figures.pinned = cores is not None
        core = None if cores is None else cores[1]
        if options.seconds:
            before = parse_us()
            for one in speeds(folder, options.seconds, core):
                figures.speeds.append(one)
                print(f"{one.name}: {one.measured.rows / one.measured.seconds:,.0f} a second",
                      flush=True)  # fmt: skip
            figures.parse_us = (before + parse_us()) / 2
            print_table(speed_table(figures.speeds, figures.parse_us))
        if options.minutes:
            figures.memory = memory_over(folder, options.minutes, core)
            print(figures.memory, flush=True)
        if options.kills:
            if cores is not None:
                os.sched_setaffinity(0, set(cores))
            figures.killed = kill_at_random(folder, options.kills, options.seed)
            print(figures.killed, flush=True)
    if options.page:
        command = (
            f"python -m tests.campaigns.service --seconds {options.seconds:g} "
            f"--minutes {options.minutes:g} --kills {options.kills} --seed {options.seed}"
        )
        seconds = round(time.monotonic() - begun)
        write_page(figures, command, seconds, checked_out(), ROOT / "docs" / "service_figures.md")
    print("holds" if figures.holds else "DOES NOT HOLD")
    return 0 if figures.holds else 1


if __name__ == "__main__":
    sys.exit(main())
