"""``make epochs``: every state of the epoch protocol with three replicas, one liar and two agents.

The exit code is 0 only if all invariants held, and every planted fault was found.
"""

import argparse
import sys
from functools import partial

from tests.campaigns.epochs.model import Model
from tests.campaigns.epochs.planted import PLANTED, found_in
from tests.campaigns.epochs.states import FIRST, MENU, SMALL_MENU, Rules, State
from tests.campaigns.state_search import Found, search, tell_searches

SEARCHED = {
    "rounds kept: E1 to E5": (Rules(), MENU),
    "messages lost between honest replicas: E1": (Rules(synchronous=False), SMALL_MENU),
}


def searched(rules: Rules, menu: tuple[int, ...]) -> Found[State]:
    """Return what the search comes to with the rules as they are."""
    model = Model(rules, menu)
    return search(FIRST, model.steps, model.broken)


def main() -> int:
    """Search with the rules as they are, then with each planted fault; print what was found."""
    argparse.ArgumentParser(
        prog="python -m tests.campaigns.epochs", description=__doc__
    ).parse_args()
    searches = {name: partial(searched, *one) for name, one in SEARCHED.items()}
    planted = {name: (fault[-1], partial(found_in, name)) for name, fault in PLANTED.items()}
    return 0 if tell_searches(searches, planted) else 1


if __name__ == "__main__":
    sys.exit(main())
