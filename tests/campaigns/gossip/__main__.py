"""``make gossip``: every state of two read nodes, their clocks, restarts and a hostile network.

The exit code is 0 only if all invariants held, and every planted fault was found.
"""

import argparse
import sys
import time

from tests.campaigns.gossip.model import FIRST, Limits, Model, Rules
from tests.campaigns.gossip.planted import PLANTED, found_in
from tests.campaigns.state_search import search
from tests.campaigns.tables import print_table

SEARCHED = {
    "one report, both nodes start again": Limits(s_lives=2, r_lives=2),
    "two reports, the sender starts again": Limits(reports=2, s_lives=2, r_lives=1),
    "two reports, the holder starts again": Limits(reports=2, s_lives=1, r_lives=2),
}


def main() -> int:
    """Search with the rules as they are, then with each planted fault; print what was found."""
    argparse.ArgumentParser(
        prog="python -m tests.campaigns.gossip", description=__doc__
    ).parse_args()
    started, holds = time.monotonic(), True
    rows: list[tuple[str, ...]] = [("searched", "states", "steps", "found")]
    for name, limits in SEARCHED.items():
        model = Model(Rules(), limits)
        found = search(FIRST, model.steps, model.broken)
        rows.append((name, f"{found.states:,}", f"{found.steps:,}", found.broken or "holds"))
        holds = holds and found.broken is None
    print_table(rows)
    rows = [("planted fault", "states", "steps", "found")]
    for name, (_, _, invariant) in PLANTED.items():
        found = found_in(name)
        rows.append((name, f"{found.states:,}", str(len(found.way)), found.broken or "NOTHING"))
        holds = holds and (found.broken or "").startswith(invariant)
    print_table(rows)
    print("everything held" if holds else "NOT everything held", end="")
    print(f" ({time.monotonic() - started:.0f} s)")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
