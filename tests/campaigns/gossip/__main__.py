"""``make gossip``: every state of two read nodes, their clocks, restarts and a hostile network.

The exit code is 0 only if all invariants held, and every planted fault was found.
"""

import argparse
import sys
from functools import partial

from tests.campaigns.gossip.model import FIRST, Limits, Model, Rules, State
from tests.campaigns.gossip.planted import PLANTED, found_in
from tests.campaigns.state_search import Found, search, tell_searches

SEARCHED = {
    "one report, both nodes start again": Limits(s_lives=2, r_lives=2),
    "two reports, the sender starts again": Limits(reports=2, s_lives=2, r_lives=1),
    "two reports, the holder starts again": Limits(reports=2, s_lives=1, r_lives=2),
}


def searched(limits: Limits) -> Found[State]:
    """Return what the search comes to with the rules as they are."""
    model = Model(Rules(), limits)
    return search(FIRST, model.steps, model.broken)


def main() -> int:
    """Search with the rules as they are, then with each planted fault; print what was found."""
    argparse.ArgumentParser(
        prog="python -m tests.campaigns.gossip", description=__doc__
    ).parse_args()
    searches = {name: partial(searched, one) for name, one in SEARCHED.items()}
    planted = {name: (fault[-1], partial(found_in, name)) for name, fault in PLANTED.items()}
    return 0 if tell_searches(searches, planted) else 1


if __name__ == "__main__":
    sys.exit(main())
