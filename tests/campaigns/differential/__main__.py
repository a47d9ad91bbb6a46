"""``make differential``: drawn calls on cpu and in simulation against the golden model.

The exit code is 0 only if none differs.
"""

import argparse
import json
import sys
import time

import consilience as cs
from consilience_tools.pages.stamp import ROOT, checked_out
from tests.campaigns.differential.kinds import kind_of
from tests.campaigns.differential.page import call_table, write_page
from tests.campaigns.differential.parts import Tally, found_on, parts
from tests.campaigns.parts_in_processes import run_parts
from tests.campaigns.tables import print_table


def main() -> int:
    """Run all parts; print the table, and a line for each difference."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.differential", description=__doc__
    )
    parser.add_argument("--calls", type=int, default=1_000_000, help="on cpu, at least")
    parser.add_argument("--sim-calls", type=int, default=10_000, help="in simulation, at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes; changes no result")
    parser.add_argument("--call", metavar="JSON", help="make only this call, as was printed")
    parser.add_argument("--page", action="store_true", help="write docs/differential.md, too")
    options = parser.parse_args()
    if options.call:
        return _again(options.call)
    started = time.monotonic()
    tally, whole = Tally(), options.calls + options.sim_calls
    drawn = parts(options.calls, options.sim_calls, options.seed)
    for found in run_parts(drawn, options.jobs, lambda: tally.calls.total(), whole, "calls"):
        tally.add(found)
        for complaint in found.complaints:
            print(complaint, flush=True)
    seconds = round(time.monotonic() - started)
    print_table(call_table(tally))
    print(
        f"seed {options.seed}: {tally.on('cpu'):,} calls on cpu, {tally.on('sim'):,} in "
        f"simulation, {tally.differences.total()} differences ({seconds} s)"
    )
    if options.page:
        command = (
            f"python -m tests.campaigns.differential --calls {options.calls} "
            f"--sim-calls {options.sim_calls} --seed {options.seed}"
        )
        write_page(tally, command, seconds, checked_out(), ROOT / "docs" / "differential.md")
    return 0 if tally.holds else 1


def _again(call: str) -> int:
    """Make a call again; say what differs."""
    told = json.loads(call)
    kind, url, arguments = kind_of(told["kind"]), told["device"], told["arguments"]
    expected = kind.expected(arguments)
    with cs.open(url) as device:
        found = found_on(kind, device, arguments)
    if found == expected:
        print("no difference")
        return 0
    print(f"golden: {expected}\n{url}: {found}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
