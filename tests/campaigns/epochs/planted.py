"""Rules with one fault each, and the invariant that must break: else the search is blind."""

from tests.campaigns.epochs.model import Model
from tests.campaigns.epochs.states import FIRST, SMALL_MENU, Rules, State
from tests.campaigns.state_search import Found, search

__all__ = ["PLANTED", "found_in"]

PLANTED = {
    "a round too few": (Rules(rounds=1), "E2"),
    "signatures of a relay not counted": (Rules(signatures_counted=False), "E2"),
    "no deployment id in reports": (Rules(deployment_signed=False), "E4"),
    "reports' signatures not checked": (Rules(reports_checked=False), "E4"),
    "no persistence": (Rules(offer_persists=False, relays_persist=False), "E5"),
    "what was admitted not on the disk": (Rules(offer_persists=False), "E3"),
    "relays not on the disk": (Rules(relays_persist=False), "E2"),
    "late halves not offered": (Rules(late_offered=False), "E4"),
    "what comes while closing dropped": (Rules(kept_while_closing=False), "E4"),
    "who is named is named again": (Rules(named_once=False), "E4"),
    "f replicas are a quorum": (Rules(quorum=1), "E1"),
}


def found_in(name: str) -> Found[State]:
    """Search with a planted fault for the invariant that it must break."""
    rules, invariant = PLANTED[name]
    model = Model(rules, SMALL_MENU)

    def broken(state: State) -> str | None:
        found = model.broken(state)
        return found if found is not None and found.startswith(invariant) else None

    return search(FIRST, model.steps, broken)
