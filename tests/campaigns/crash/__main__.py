"""``make crash``: every crash of a disk that fails, and the product started on what it leaves.

The exit code is 0 only if everything held.
"""

import argparse
import sys
import time

from consilience_tools.pages.stamp import ROOT, checked_out
from tests.campaigns.crash.page import fault_table, scenario_table, write_page
from tests.campaigns.crash.parts import parts
from tests.campaigns.crash.tally import FORBIDDEN, Tally
from tests.campaigns.parts_in_processes import run_parts
from tests.campaigns.tables import print_table


def main() -> int:
    """Run all parts; print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.crash", description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000, help="crash points, at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes; changes no result")
    parser.add_argument("--page", action="store_true", help="write docs/crash.md, too")
    options = parser.parse_args()
    started = time.monotonic()
    tally, whole = Tally(), parts(options.points, options.seed)
    for found in run_parts(
        whole, options.jobs, lambda: tally.points.total(), options.points, "crash points"
    ):
        tally.add(found)
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
        write_page(tally, command, seconds, checked_out(), ROOT / "docs" / "crash.md")
    return 0 if tally.holds else 1


if __name__ == "__main__":
    sys.exit(main())
