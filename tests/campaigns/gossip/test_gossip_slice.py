"""A slice of `make gossip`: two ticks; and every planted fault is found."""

import pytest

from tests.campaigns.gossip.model import FIRST, Limits, Model, Receiver, Rules
from tests.campaigns.gossip.planted import PLANTED, found_in
from tests.campaigns.state_search import search


@pytest.mark.parametrize(("s_lives", "r_lives"), [(2, 1), (1, 2)])
def test_slice(s_lives, r_lives):
    model = Model(Rules(), Limits(ticks=2, s_lives=s_lives, r_lives=r_lives))
    found = search(FIRST, model.steps, model.broken)
    assert (found.broken, found.way) == (None, ())
    assert found.states > 20_000


@pytest.mark.parametrize("name", PLANTED)
def test_planted_faults_are_found(name):
    found = found_in(name)
    assert found.broken is not None and found.broken.startswith(PLANTED[name][2])
    assert len(found.way) >= 5


def test_the_invariants_themselves():
    model = Model(Rules(), Limits())
    state = FIRST._replace(acknowledged=(0, 1), r=Receiver(held=(1, 0), sent=1))
    assert model.broken(state).startswith("G1: a state is older than its age says")
    assert model.broken(state._replace(r=Receiver(held=(1, 0), sent=2))).startswith(
        "G1: a state is d"
    )
    assert (
        model.broken(state._replace(r=Receiver(held=(1, 0)))) == "G3: a node holds what nobody said"
    )
    assert model.broken(state._replace(fell=True)) == "G2: what a node holds went back"
