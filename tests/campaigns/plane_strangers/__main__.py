"""Messages of a stranger to a plane of signed states: none may change a total, an age or a verdict.

The exit code is 0 only if nothing changed, and every planted fault was found.
"""

import argparse
import sys
import time

from consilience_tools.pages.stamp import ROOT, checked_out
from tests.campaigns.parts_in_processes import run_parts
from tests.campaigns.plane_strangers.page import change_table, kind_table, planted_table, write_page
from tests.campaigns.plane_strangers.planted import PLANTED, found_in
from tests.campaigns.plane_strangers.trials import Tally, parts
from tests.campaigns.tables import print_table


def main() -> int:
    """Run all parts and the planted faults; print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.plane_strangers", description=__doc__
    )
    parser.add_argument("--messages", type=int, default=100_000, help="of the stranger, at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes; changes no result")
    parser.add_argument("--page", action="store_true", help="write docs/plane_strangers.md, too")
    options = parser.parse_args()
    started, tally = time.monotonic(), Tally()
    whole = parts(options.messages, options.seed)
    for found in run_parts(
        whole, options.jobs, lambda: tally.messages.total(), options.messages, "messages"
    ):
        tally.add(found)
    planted = {name: found_in(name) for name in PLANTED}
    seconds = round(time.monotonic() - started)
    for table in (kind_table(tally), change_table(tally), planted_table(planted)):
        print_table(table)
    for complaint in tally.complaints[:20]:
        print(complaint)
    unseen = [name for name, one in planted.items() if not one.changes]
    said, kept = f"{tally.messages.total():,} messages", f"{tally.kept:,} bytes kept at most"
    print(f"seed {options.seed}: {said}, {kept}")
    print(f"planted faults not found: {', '.join(unseen) or 'none'}")
    holds = tally.holds and not unseen
    print(f"{'nothing changed' if holds else 'NOT everything held'} ({seconds} s)")
    if options.page:
        command = (
            f"python -m tests.campaigns.plane_strangers --messages {options.messages} "
            f"--seed {options.seed}"
        )
        path = ROOT / "docs" / "plane_strangers.md"
        write_page(tally, planted, command, checked_out(), path)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
