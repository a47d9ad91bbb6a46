"""Rules with one fault each, and the invariant that must break: else the search is blind."""

from tests.campaigns.gossip.model import FIRST, Limits, Model, Rules, State
from tests.campaigns.state_search import Found, search

__all__ = ["PLANTED", "found_in"]

_TWO_LIVES_OF_R = Limits(s_lives=1, r_lives=2)

PLANTED = {
    "the clock is read after the state": (Rules(clock_first=False), Limits(), "G1"),
    "age since receipt": (Rules(dated_by_receipt=True), Limits(), "G1"),
    "echoes of a former life count": (Rules(echo_names_incarnation=False), _TWO_LIVES_OF_R, "G1"),
    "an echo is held for longer than it was": (Rules(held_is_counted=False), Limits(), "G1"),
    "versions alone are ordered": (Rules(incarnation_first=False), Limits(), "G2"),
    "an older state replaces": (Rules(newer_replaces=False), Limits(), "G2"),
    "a restart without the log": (Rules(log_replayed=False), Limits(), "G1"),
}


def found_in(name: str) -> Found[State]:
    """Search with a planted fault."""
    rules, limits, _ = PLANTED[name]
    model = Model(rules, limits)
    return search(FIRST, model.steps, model.broken)
