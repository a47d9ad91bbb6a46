"""``make epochs``: every state of the epoch protocol with three replicas, one liar and two agents.

The exit code is 0 only if all invariants held, and every planted fault was found.
"""

import argparse
import sys
import time

from tests.campaigns.epochs.model import Model
from tests.campaigns.epochs.planted import PLANTED, found_in
from tests.campaigns.epochs.states import FIRST, MENU, SMALL_MENU, Rules
from tests.campaigns.state_search import search
from tests.campaigns.tables import print_table

SEARCHED = {
    "rounds kept: E1 to E5": (Rules(), MENU),
    "messages lost between honest replicas: E1": (Rules(synchronous=False), SMALL_MENU),
}


def main() -> int:
    """Search with the rules as they are, then with each planted fault; print what was found."""
    argparse.ArgumentParser(
        prog="python -m tests.campaigns.epochs", description=__doc__
    ).parse_args()
    started, holds = time.monotonic(), True
    rows: list[tuple[str, ...]] = [("searched", "states", "steps", "found")]
    for name, (rules, menu) in SEARCHED.items():
        model = Model(rules, menu)
        found = search(FIRST, model.steps, model.broken)
        rows.append((name, f"{found.states:,}", f"{found.steps:,}", found.broken or "holds"))
        holds = holds and found.broken is None
    print_table(rows)
    rows = [("planted fault", "states", "steps", "found")]
    for name, (_, invariant) in PLANTED.items():
        found = found_in(name)
        rows.append((name, f"{found.states:,}", str(len(found.way)), found.broken or "NOTHING"))
        holds = holds and (found.broken or "").startswith(invariant)
    print_table(rows)
    print("everything held" if holds else "NOT everything held", end="")
    print(f" ({time.monotonic() - started:.0f} s)")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
