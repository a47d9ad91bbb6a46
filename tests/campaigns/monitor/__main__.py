"""``make alarms``: agents that behave, against the promise; a killed watch, against a whole one.

The exit code is 0 only if every promise held.
"""

import argparse
import sys
import time

from consilience_tools.pages.stamp import ROOT, checked_out
from tests.campaigns.monitor.kills import kill_often
from tests.campaigns.monitor.null import simulate
from tests.campaigns.monitor.page import kill_line, null_table, write_page
from tests.campaigns.monitor.speed import speed_table
from tests.campaigns.tables import print_table


def main() -> int:
    """Run both; print the table and a line."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.monitor", description=__doc__)
    parser.add_argument("--trials", type=int, default=160_000, help="agents, for once and spread")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", action="store_true", help="measure how fast it is, nothing else")
    parser.add_argument("--page", action="store_true", help="write docs/false_alarms.md, too")
    options = parser.parse_args()
    if options.speed:
        print_table(speed_table())
        return 0
    started = time.monotonic()
    kills = kill_often(options.kills, options.seed)
    print(kill_line(kills), flush=True)
    results = list(simulate(options.trials, options.seed, lambda text: print(text, flush=True)))
    print_table(null_table(results))
    broken = [one for one in results if not one.holds]
    seconds = round(time.monotonic() - started)
    print(f"{len(results) - len(broken)} of {len(results)} promises held ({seconds} s)")
    if options.page:
        command = (
            f"python -m tests.campaigns.monitor --trials {options.trials} --kills {options.kills}"
        )
        command += f" --seed {options.seed}"
        path = ROOT / "docs" / "false_alarms.md"
        write_page(results, kills, command, seconds, checked_out(), path)
    return int(bool(broken) or not kills.same)


if __name__ == "__main__":
    sys.exit(main())
